"""Whole calls of the fast engine with every array of theirs at a wall: who passes it, dies.

    wall behind     │ no access │ ………………… array │ no access │
    wall in front   │ no access │ array ………………… │ no access │

Weights and their gradients, running statistics, the rule's memory, values, scratch, what is packed,
tables and feeds: each has pages of its own, between pages that the system lets nobody read or
write. So a kernel that reads one number too many ends the process, which a canary does not tell.
Run as ``python -m tests.engines.jit.fenced behind convolutions``; the last line says what it was
at.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import mmap
import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphspec.engines.base import Step, Tap
from graphspec.engines.jit import executable, running, table, threads
from graphspec.engines.jit.arena import Arena, Layout
from graphspec.engines.jit.builder import F64, Kernel
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.kernels import penalties, reduce
from graphspec.engines.jit.lowering import conv_direct
from graphspec.engines.jit.lowering.site import Accuracy
from graphspec.engines.numpy.state import State
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.catalog import RULES
from tests.engines.jit import (
    test_channelwise,
    test_conv,
    test_conv_norm,
    test_copies,
    test_every_layer,
    test_joins,
    test_linear,
    test_losses,
    test_norms,
    test_pointwise,
    test_pooling,
    test_random_graphs,
)
from tests.engines.jit.calling import call
from tests.engines.nets import batch, two_layers

PAGE = mmap.PAGESIZE
EDGE = sys.argv[1] if len(sys.argv) > 1 else "behind"


def fenced(size: int, *, zeros: bool = False) -> Any:
    """So many bytes at a wall: NaN, or zeros."""
    pages = -(-max(size, 1) // PAGE) * PAGE
    whole = np.frombuffer(mmap.mmap(-1, pages + 2 * PAGE), np.uint8)
    inside = whole[PAGE : PAGE + pages]
    inside[...] = 0 if zeros else 0xFF
    library = ctypes.CDLL(None, use_errno=True)
    for wall in (whole.ctypes.data, inside.ctypes.data + pages):
        if library.mprotect(ctypes.c_void_p(wall), ctypes.c_size_t(PAGE), 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    return inside[:size] if EDGE == "front" else inside[pages - size :]


def copy(array: Any) -> Any:
    """The same numbers at a wall."""
    there = fenced(array.nbytes).view(array.dtype).reshape(array.shape)
    there[...] = array
    return there


def fence() -> None:
    """Let everything that the engine allocates from now on lie at walls, and share no bytes."""
    table.SMALL = 0  # as in conftest.py

    def lend(self: Arena, layout: Layout) -> None:
        for span in layout.spans:
            span.buffer.memory, span.buffer.offset = fenced(span.buffer.nbytes), 0

    def block(shapes: Mapping[str, tuple[int, ...]]) -> tuple[dict[str, Any], Any]:
        def zeros(size: int) -> Any:
            return fenced(4 * size, zeros=True).view(np.float32)

        parts = {name: zeros(prod(shape)).reshape(shape) for name, shape in shapes.items()}
        return parts, zeros(sum(map(prod, shapes.values())))

    slots_for, outside = State.slots_for, conv_direct.outside

    def slots_at_walls(self: State, rule: Any) -> bool:
        is_new = slots_for(self, rule)
        if is_new:
            self.slots = {
                name: {slot: copy(array) for slot, array in slots.items()}
                for name, slots in self.slots.items()
            }
        return is_new

    Arena.lend = lend  # type: ignore[method-assign]
    State.slots_for = slots_at_walls  # type: ignore[method-assign]
    executable._block = block
    conv_direct.outside = lambda name, array: outside(name, copy(array))
    for module in (running, threads):
        module.allocate = fenced


def go(spec: GraphSpec, size: int = 3, accuracy: Accuracy = "fast") -> None:
    """Every kind of call on a graph: fused and with all values tapped, and an evaluation."""
    print([layer.kind for layer in spec.layers], size, spec.model_dump_json(), flush=True)
    plan = compile_graph(spec)
    feeds = {name: copy(x) for name, x in batch(spec, size, dtype="float32").items()}
    floats = [name for name, tensor in plan.inputs.items() if tensor.dtype == "float"]
    at_inputs = [Tap(name, "grad") for name in floats]
    everything = [
        Tap(name, what)
        for name in (*floats, *(node.id for node in plan.nodes if node.output.dtype == "float"))
        for what in ("value", "grad")
    ]
    for count in (1, 3):
        ours = JitEngine(threads=count, accuracy=accuracy).load(plan, seed=1)
        # Fused, fused with the gradients of the inputs, and not fused.
        for taps in ([], at_inputs, everything):
            ours.grad(feeds, training=True, taps=taps)  # type: ignore[arg-type]
        ours.grad(feeds, wrt="inputs")
        ours.run(feeds)
    gc.collect()


def layers() -> None:
    """Every example of every kind."""
    for kind, number in test_every_layer.CASES:
        go(test_every_layer.around(kind, number))


def convolutions() -> None:
    """Every algorithm at sizes that divide nothing."""
    relu: Any = (("relu", {}),)
    winograd: list[tuple[Any, int, Any, Any]] = [
        ((16, 8, 8), 16, 1, ()),
        ((20, 9, 7), 37, 0, relu),
        ((33, 5, 11), 16, (0, 1, 2, 3), ()),
        ((17, 10, 12), 21, 1, (test_conv.POOL,)),
        ((32, 8, 8), 16, 1, (*relu, test_conv.POOL)),
        ((64, 24, 24), 64, 1, relu),
    ]
    for shape, filters, pad, then in winograd:
        spec = test_conv.net(shape, then, filters=filters, kernel=3, pad=pad)
        # Nine images are shared out evenly among three threads, seven are not.
        go(spec, 7)
        go(spec, 9, "accurate")
    for channels, then in product((3, 20), ((test_conv.POOL,), (*relu, test_conv.POOL))):
        go(test_conv.net((channels, 4, 6), then, filters=21, kernel=5, pad=2))
    patches: list[tuple[Any, dict[str, Any], Any]] = [
        ((128, 2, 2), {"kernel": 3, "pad": 1}, relu),
        ((131, 6, 5), {"kernel": (2, 3), "dilation": (2, 1), "bias": False}, ()),
        ((129, 4, 4), {"kernel": (1, 3), "pad": 2, "stride": (3, 2)}, ()),
    ]
    for shape, fields, then in patches:
        go(test_conv.net(shape, then, filters=135, rounding="floor", **fields))
    for (shape, filters), behind in product(test_conv_norm.SIZES, test_conv_norm.BEHIND):
        go(test_conv_norm.net(shape, filters, behind), 6)


def any_convolution() -> None:
    """Convolutions that nobody thought of."""

    @settings(max_examples=80, derandomize=True, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(test_conv.convolutions())
    def any_other(case: Any) -> None:
        shape, fields, then, size, _ = case
        try:
            spec = test_conv.net(shape, then, **fields)
        except SpecError:
            return
        go(spec, size)

    any_other()


def others() -> None:
    """What has kernels besides, at sizes around the width of a vector."""
    for given_shape, kind, fields in test_norms.CASES:
        go(test_norms.net(given_shape, kind, **fields))
    for given_shape, kind, fields in test_channelwise.CASES:
        go(test_channelwise.net(given_shape, kind, **fields))
    for given_shape, kind, fields in test_copies.CASES:
        go(test_copies.net(given_shape, kind, **fields))
    for functions in test_pointwise.CHAINS:
        go(test_pointwise.chain(functions), 7)
    for loss, classes in product(test_losses.LOSSES, (2, 17)):
        go(test_losses.net(classes, loss), 17)
    for shape, units, size in (
        ((17,), 9, 7),
        ((300,), 33, 5),
        ((3, 5, 4), 16, 6),
        ((517,), 523, 3),
    ):
        go(test_linear.net(shape, units, relu=True, bias=True, drop=0.4), size)
        go(test_linear.net(shape, units, relu=False, bias=False), size)
    for relu in (True, False):
        go(test_joins.inception((17, 9, 7), test_joins.MIXED, relu=relu), 4)
        ways = [test_joins.conv(16, 3), test_joins.conv(32, 3)]
        go(test_joins.inception((17, 12, 8), ways, relu=relu), 4)
    for channels, window, kind in product(
        (1, 19), test_pooling.WINDOWS, ("max_pool2d", "avg_pool2d")
    ):
        go(test_pooling.windows(kind, window, channels))
    for channels in (1, 8, 21, 35):
        go(test_pooling.normalised(channels), 4)


def graphs() -> None:
    """Graphs that nobody thought of."""

    @settings(max_examples=60, derandomize=True, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(test_random_graphs.graphs(), st.integers(1, 6))
    def any_graph(spec: GraphSpec, size: int) -> None:
        go(spec, size)

    any_graph()


def updates() -> None:
    """Every rule, the penalties, and the norm of the gradient."""
    spec = two_layers(features=7, hidden=300)
    plan = compile_graph(spec)
    feeds = {name: copy(x) for name, x in batch(spec, 6, dtype="float32").items()}
    for rule, count in product(RULES, (1, 3)):
        print(rule.__name__, count, flush=True)
        ours = JitEngine(threads=count).load(plan, seed=5)
        for index in range(2):
            ours.train_step(feeds, rule(rate=0.01), Step(index, 0.01, (L2(strength=0.1),), 0.05))
    for n in (1, 7, 8, 8191, 8192, 8195):
        x, dx = (fenced(4 * n, zeros=True).view(np.float32) for _ in range(2))
        chunks = -(-n // reduce.CHUNK)
        sums, pairs = (fenced(8 * k * chunks).view(np.float64) for k in (1, 2))
        print("norm and penalties of", n, flush=True)
        call("sum_of_squares", reduce.squares_kernel, x, sums, n, chunks=chunks)
        call("penalise", penalties.emit, x, dx, pairs, n, 0.1, 0.2, chunks=chunks)


def passes_the_wall() -> None:
    """A kernel that reads one number too many, or one too early: no other part may end so."""

    def peek(step: int, k: Kernel) -> None:
        x, sums, n = k.pointer(), k.pointer(F64), k.size()
        sums[0] = x[n - 1 + step if step > 0 else step].to(F64)

    x, sums = fenced(4 * 5, zeros=True).view(np.float32), np.zeros(1)
    step = -1 if EDGE == "front" else 1
    call(f"test_peek_{step + 1}", partial(peek, 0), x, sums, 5)
    print("now it passes", flush=True)
    call(f"test_peek_{step}_over", partial(peek, step), x, sums, 5)


PARTS: dict[str, Callable[[], None]] = {
    part.__name__: part
    for part in (
        layers, convolutions, any_convolution, others, graphs, updates, passes_the_wall
    )
}  # fmt: skip

if __name__ == "__main__":
    faulthandler.enable()
    fence()
    PARTS[sys.argv[2]]()
