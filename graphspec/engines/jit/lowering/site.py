"""What a lowering works with: one layer (or several fused ones) at its place in a program.

A lowering is a function that emits the rows of the forward pass and returns the function that emits
those of the backward pass::

    def lower_tanh(at: Site) -> Backward:
        x, y = at.xs[0], at.y
        at.emit(TANH, (x, y, y.size), chunks=pieces(y.size), reads=(x,), writes=(y,))

        def backward() -> None:
            dy, dx = at.dy, at.dx(0)
            at.emit(TANH_BACK, (dy, y, dx, y.size), chunks=…, reads=(dy, y), writes=(dx,))

        return backward

The backward function is called only where a gradient passes (``at.backward``). It writes ``dx`` of
every input that has one and ``dparam`` of every trained parameter (``at.trained``). Memory is lent
by what rows say they read and write: a value that backward reads stays until then, nothing else
does. ``y`` of a fused group is that of its last layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, Protocol

import numpy as np

from graphspec.engines.jit.buffers import FLOAT, Array, Buffer, Home, Value, is_image
from graphspec.engines.jit.table import Argument, Flops, NativeRow, Note, Pass, PythonRow, Routine
from graphspec.layers.base import Layer
from graphspec.plan import Node

Backward = Callable[[], None]
Accuracy = Literal["fast", "accurate"]


@dataclass(frozen=True, slots=True)
class Call:
    """What is the same for all layers of one kind of call.

    ``fixed`` says that the weights stay between calls (no update follows), so that what is made of
    them alone may be kept; ``forward_only`` that no gradient is taken. ``fed`` has the shape and
    type of every input as it is fed: labels are whole numbers, or float32 probabilities of every
    class.
    """

    batch: int
    training: bool
    threads: int
    accuracy: Accuracy
    fixed: bool
    forward_only: bool
    fed: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]


class Book(Protocol):
    """Where a site's rows and values go; ``lower.py`` keeps it."""

    def add_row(self, row: NativeRow | PythonRow) -> None:
        """Append a row to the table."""

    def value(self, name: str) -> Value:
        """The value of an input or layer that native rows touch."""

    def set_value(self, name: str, value: Value) -> None:
        """Let a layer's value be this one, which has memory already."""

    def weight(self, full: str) -> Value:
        """A parameter or running statistic."""

    def weight_gradient(self, full: str) -> Value:
        """The gradient of a parameter, written once per call."""

    def new_statistic(self, full: str) -> Value:
        """Where the new value of a running statistic goes; the executable takes it over."""

    def wants_gradient(self, name: str) -> bool:
        """Whether anybody reads a value's gradient."""

    def gradient_to_write(self, name: str) -> Value:
        """Memory for one contribution to a value's gradient."""

    def gradient_to_add_to(self, name: str) -> Value | None:
        """The gradient so far where it may be added to in place, else None."""

    def pass_gradient(self, name: str, gradient: Value) -> None:
        """Count memory that has been written already as one contribution."""

    def fill(self, value: Value, numbers: Array | float) -> None:
        """Give kept memory its content once, before the first call."""

    def uniform(self, layer: str, value: Value) -> None:
        """Fill ``value`` with the layer's own draws in [0, 1), as float32, before anything runs."""


class Site:
    """One layer, or a chain of fused layers, where it stands in a program."""

    def __init__(
        self,
        book: Book,
        call: Call,
        nodes: Sequence[Node],
        *,
        backward: bool,
        need_dx: bool,
        trained: Mapping[str, str],
    ) -> None:
        self._book = book
        self.call = call
        self.nodes = tuple(nodes)
        self.backward = backward
        """Whether a gradient passes through, so that what backward needs must be kept."""
        self.need_dx = need_dx
        """Whether anybody waits for the gradients of the inputs."""
        self.trained = trained
        """The parameters whose gradient is asked for: full names by ``layer.local`` names."""
        self.stage: Pass = "forward"
        self.gradient: Value | None = None
        self.owns_dy = False
        """In backward: whether nobody else reads ``dy``, so that it may be written to."""

    # --- What there is -----------------------------------------------------------------------

    @property
    def layer(self) -> Any:
        """The first layer: a lowering knows its kind, so it is not typed further."""
        return self.nodes[0].layer

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in their order: the first, and those fused into it."""
        return tuple(node.layer for node in self.nodes)

    @property
    def batch(self) -> int:
        """N."""
        return self.call.batch

    @property
    def training(self) -> bool:
        """Whether layers behave as in training."""
        return self.call.training

    @property
    def xs(self) -> tuple[Value, ...]:
        """The inputs of the first layer."""
        return tuple(self._book.value(name) for name in self.layer.inputs)

    @property
    def y(self) -> Value:
        """The output of the last layer."""
        return self._book.value(self.nodes[-1].id)

    def y_is(self, value: Value) -> None:
        """Let the output be memory that another value has already (flatten, an input passed on)."""
        self._book.set_value(self.nodes[-1].id, value)

    def param(self, local: str, layer: int = 0) -> Value:
        """A parameter or running statistic, canonical and C-ordered; ``layer`` counts the chain."""
        return self._book.weight(f"{self.nodes[layer].id}.{local}")

    def new_statistic(self, local: str, layer: int = 0) -> Value:
        """Where a running statistic's new value goes; the old one must stay as it is."""
        return self._book.new_statistic(f"{self.nodes[layer].id}.{local}")

    def asks_for(self, local: str, layer: int = 0) -> bool:
        """Whether a parameter's gradient is asked for."""
        return f"{self.nodes[layer].id}.{local}" in self.trained

    def dparam(self, local: str, layer: int = 0) -> Value:
        """Where a parameter's gradient is written; ask for it only where ``asks_for`` says so."""
        return self._book.weight_gradient(f"{self.nodes[layer].id}.{local}")

    # --- Memory of its own -------------------------------------------------------------------

    def new(
        self, what: str, shape: tuple[int, ...], dtype: Any = FLOAT, *, image: bool | None = None
    ) -> Value:
        """Memory from the first row that touches it to the last (saved values, workspaces).

        ``shape`` is canonical where it is an ``image``, (N, C, H, W) stored as N, H, W, C.
        """
        dtype = np.dtype(dtype)
        buffer = Buffer(f"{self.nodes[0].id} {what}", prod(shape) * dtype.itemsize)
        return Value(buffer, shape, dtype, is_image(shape) if image is None else image)

    def scratch(self, what: str, bytes_per_thread: int) -> tuple[Value, int]:
        """Memory with a part for each thread, and the bytes from one part to the next.

        The stride is a whole number of cache lines, so that threads never share one.
        """
        stride = -(-bytes_per_thread // 64) * 64
        buffer = Buffer(f"{self.nodes[0].id} {what}", stride * self.call.threads)
        shape = (buffer.nbytes,)
        return Value(buffer, shape, np.dtype(np.uint8)), stride

    def kept(self, what: str, shape: tuple[int, ...], dtype: Any = FLOAT) -> Value:
        """Memory for what ``prepare`` makes of weights: it keeps its content between calls.

        In a training step, where the weights change each time, it is memory as any other.
        """
        dtype = np.dtype(dtype)
        home: Home = "kept" if self.call.fixed else "arena"
        name = f"{self.nodes[0].id} {what}"
        return Value(Buffer(name, prod(shape) * dtype.itemsize, home), shape, dtype)

    def constant(self, what: str, array: Array) -> Value:
        """Numbers that never change, as float32."""
        buffer = Buffer(f"{self.nodes[0].id} {what}", 4 * array.size, "kept")
        value = Value(buffer, array.shape)
        self._book.fill(value, np.ascontiguousarray(array, np.float32))
        return value

    def draw(self, layer: int = 0) -> Value:
        """Uniform float32 draws in [0, 1), one per number of the output, in canonical order.

        They come from the layer's own numpy generator, as in the numpy engine. (Never channels
        last: the kernel that reads them goes from one order to the other.)
        """
        value = self.new("draws", self.y.shape, image=False)
        self._book.uniform(self.nodes[layer].id, value)
        return value

    # --- Gradients ---------------------------------------------------------------------------

    @property
    def dy(self) -> Value:
        """The gradient of the output; it may be written to where ``owns_dy``."""
        assert self.gradient is not None
        return self.gradient

    def dx(self, port: int) -> Value:
        """Where the gradient of an input is written: all of it, once."""
        return self._book.gradient_to_write(self.layer.inputs[port])

    def wants(self, port: int) -> bool:
        """Whether anybody reads an input's gradient; of most layers somebody does, or of none."""
        return self._book.wants_gradient(self.layer.inputs[port])

    def dx_or_sum(self, port: int) -> tuple[Value, bool]:
        """Memory for an input's gradient, and whether to add to what is there instead of writing.

        For kernels that can do both; the others use ``dx``, and sums are made for them.
        """
        so_far = self._book.gradient_to_add_to(self.layer.inputs[port])
        return (self.dx(port), False) if so_far is None else (so_far, True)

    def dx_is(self, port: int, gradient: Value) -> None:
        """Pass on memory that is there already, such as ``dy`` itself, as an input's gradient."""
        self._book.pass_gradient(self.layer.inputs[port], gradient)

    # --- Rows --------------------------------------------------------------------------------

    def emit(
        self,
        routine: Routine,
        args: Sequence[Argument],
        *,
        chunks: int,
        reads: Sequence[Value],
        writes: Sequence[Value],
        algorithm: str = "",
        why: str = "",
        flops: Flops = 0,
    ) -> None:
        """Append a native row; what it touches must be named, or its memory may be given away.

        Scratch counts as written. A row whose values were not touched since the last barrier starts
        without waiting for the other threads.
        """
        note = self.note(algorithm, why, flops)
        self.add(NativeRow(routine, tuple(args), chunks, tuple(reads), tuple(writes), note))

    def prepare(
        self,
        routine: Routine,
        args: Sequence[Argument],
        *,
        chunks: int,
        reads: Sequence[Value],
        writes: Sequence[Value],
        algorithm: str = "",
        why: str = "",
        flops: Flops = 0,
    ) -> None:
        """Append a row that depends on weights alone (packing, transforms), writing to ``kept``.

        It runs before all others, and again only when the weights have changed. In a training step
        it stays where it is emitted: its memory is soon free again.
        """
        note = self.note(algorithm, why, flops, "prepare" if self.call.fixed else None)
        self.add(NativeRow(routine, tuple(args), chunks, tuple(reads), tuple(writes), note))

    def note(
        self, algorithm: str = "", why: str = "", flops: Flops = 0, stage: Pass | None = None
    ) -> Note:
        """A note with this site's layers."""
        ids = tuple(node.id for node in self.nodes)
        return Note(ids, stage or self.stage, algorithm, why, flops)

    def add(self, row: NativeRow | PythonRow) -> None:
        """Append a row that is made already."""
        self._book.add_row(row)

    def emit_python(
        self, call: Callable[[], None], *, reads: Sequence[Value], writes: Sequence[Value]
    ) -> None:
        """Append a Python row; it looks at values through ``Value.view()``."""
        self.add(PythonRow(lambda _: call(), tuple(reads), tuple(writes), self.note("numpy")))


def _always(node: Node, call: Call) -> bool:
    return True


def _never(node: Node, chain: tuple[Layer, ...], after: Layer, call: Call) -> bool:
    return False


def _dense(chain: tuple[Layer, ...], call: Call) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Lowering:
    """How a kind of layer becomes rows.

    ``lower`` emits them. ``accepts`` says whether this layer with its fields and shapes has
    kernels. ``absorbs`` says whether, with ``chain`` (the layer of this ``node`` and what it has
    absorbed so far) already fused, the layer that follows is fused as well; it is asked only where
    the layer that follows is the one reader of the value between them, reads nothing else, and
    nobody asked to see that value. ``apart`` says whether such a chain can write an image, and read
    its gradient, whose pixels are further apart than they are wide: with that it writes straight
    into the layer that follows where that ``joins`` its inputs, channels beside channels.
    """

    lower: Callable[[Site], Backward | None]
    accepts: Callable[[Node, Call], bool] = _always
    absorbs: Callable[[Node, tuple[Any, ...], Any, Call], bool] = _never
    apart: Callable[[tuple[Any, ...], Call], bool] = _dense
    joins: bool = False


def views(*values: Value) -> tuple[Array, ...]:
    """The values as arrays."""
    return tuple(value.view() for value in values)
