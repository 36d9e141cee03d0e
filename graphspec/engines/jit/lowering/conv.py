"""Convolutions: which algorithm each pass of a layer takes, and why.

    kernel       stride, dilation, groups        algorithm
    3 × 3        1, 1, 1, 16 channels or more    Winograd: F(4×4), accurate F(2×2); not for few
                                                 tiles, nor where most of a tile is beyond the edge
    any          one channel a group             depthwise
    not 1 × 1    one group, few pixels           the product of patches, with many weights
    any          any                             direct; the input's gradient scattered where few
                                                 channels would leave lanes empty

A batch normalisation that follows is folded into the weights where no gradient is asked for. In
training Winograd's kernels do what they can of it (``conv_norm.py``), where all tiles are whole.
Functions of single numbers that follow are computed in the same kernel, as far as their gradient
needs their output alone, and so is 2 × 2 max pooling, with a ReLU before it or none.
dy goes back through them first: in one pass, or as it is read, where Winograd's gradients of
weights and input come from one kernel and there is a ReLU or pooling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import gate
from graphspec.engines.jit.kernels.winograd import Forward
from graphspec.engines.jit.kernels.winograd_dw import PLAIN, POOL, RELU, Gradients
from graphspec.engines.jit.kernels.winograd_tiles import lanes
from graphspec.engines.jit.lowering import (
    conv_direct,
    conv_norm,
    conv_patches,
    conv_scatter,
    conv_winograd,
    norm,
)
from graphspec.engines.jit.lowering.folding import can_fold, folded_weights
from graphspec.engines.jit.lowering.pointwise import (
    After,
    Functions,
    followed_by_functions_of_y,
    through_output,
)
from graphspec.engines.jit.lowering.pooling import halves
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.target import host
from graphspec.layers.base import Layer
from graphspec.layers.batch_norm import BatchNorm
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.sliding import Sliding
from graphspec.plan import Node

# With fewer channels or filters the transforms cost more than the products that they save.
FEWEST_CHANNELS = 16
# For F(4×4) U is four times as large as w: it is not worth making for fewer tiles than these.
FEWEST_TILES = 12
LEAST_SAVING = 1.3
# Tiles of dx overlap, so one kernel for dw and dx has whole images for each thread. It saves about
# an eighth of the time, which the thread with one more image may not take.
MOST_UNEVEN = 1.1
_SIZES = {"fast": (4, 2), "accurate": (2,)}
_RELU = ("relu",)


def _lower(at: Site) -> Backward:
    layer: Conv2d = at.layer
    x = at.xs[0]
    channels, height, width = x.shape[1:]
    sliding = layer._place((height, width))
    whole = layer.groups == 1 and not _pools(at.layers)
    if whole and conv_patches.pays(sliding, channels, layer.filters, at.call):
        return _lower_patches(at, sliding)
    outputs, why = _winograd(layer, sliding, channels, at.call)
    if not outputs:
        return _lower_direct(at, sliding, why)
    images = conv_winograd.Images(
        sliding.size, channels, sliding.out, layer.filters, sliding.before
    )
    if at.training and _normed(at.layers):
        return conv_norm.lower(at, images, outputs, why)
    return _lower_winograd(at, sliding, images, outputs, why)


def _winograd(layer: Conv2d, sliding: Sliding, channels: int, call: Call) -> tuple[int, str]:
    """The m of F(m×m), or 0 for a direct convolution, and the reason."""
    if sliding.kernel != (3, 3):
        height, width = sliding.kernel
        return 0, f"Winograd is for 3×3, this is {height}×{width}"
    if sliding.stride != (1, 1) or sliding.dilation != (1, 1) or layer.groups > 1:
        return 0, "Winograd is for stride 1, dilation 1, one group"
    fewest = min(channels, layer.filters)
    if fewest < FEWEST_CHANNELS:
        return 0, f"{fewest} channels: Winograd pays from {FEWEST_CHANNELS} on"
    saved, outputs, tiles = max(_saving(m, sliding.out, call.batch) for m in _SIZES[call.accuracy])
    if saved < LEAST_SAVING:
        return 0, f"Winograd's tiles would save only {saved:.1f} times"
    if tiles < FEWEST_TILES:
        return 0, f"{tiles} tiles: transforming the filters would cost more than it saves"
    return outputs, f"3×3 at stride 1: {saved:.1f} times fewer products"


def _saving(outputs: int, out: tuple[int, int], batch: int) -> tuple[float, int, int]:
    """How many times fewer products F(m×m) has; m; the tiles of a batch."""
    height, width = out
    tiles = -(-height // outputs) * -(-width // outputs)
    return 9 * height * width / (tiles * (outputs + 2) ** 2), outputs, tiles * batch


def _lower_patches(at: Site, sliding: Sliding) -> Backward:
    x, y, after = at.xs[0], at.y, _after(at)
    w, b = folded_weights(at)
    made = conv_patches.emit_forward(at, sliding, x, y, w, b, after)

    def backward() -> None:
        dz = _opened(at, y, None, sliding, after)
        if at.asks_for("weight") or at.asks_for("bias"):
            conv_patches.emit_weight_gradient(at, sliding, made, dz, *_gradients(at))
        if at.need_dx:
            conv_patches.emit_input_gradient(at, sliding, dz, at.dx(0), w)

    return backward


def _lower_direct(at: Site, sliding: Sliding, why: str) -> Backward:
    layer: Conv2d = at.layer
    x, y = at.xs[0], at.y
    after, pool = _after(at), _pools(at.layers)
    w, b = folded_weights(at)
    shape = (sliding, x.shape[1], layer.filters, layer.groups)
    ahead = conv_direct.forward_pass(*shape)
    codes = at.new("codes", y.shape, np.uint8) if pool else None
    conv_direct.emit_forward(at, ahead, x, y, w, b, codes, after=after, why=why)

    def backward() -> None:
        dz = _opened(at, y, codes, sliding, after)
        if at.asks_for("weight") or at.asks_for("bias"):
            conv_direct.emit_weight_gradient(at, ahead, x, dz, *_gradients(at), why=why)
        if at.need_dx:
            dx = at.dx(0)
            passes = conv_direct.input_passes(*shape)
            if conv_scatter.pays(at, sliding, x.shape[1], layer.filters, passes):
                conv_scatter.emit_input_gradient(at, sliding, dz, dx, w)
                return
            for p in passes:
                conv_direct.emit_forward(at, p, dz, dx, w, None, None, why=why, mirrored=True)

    return backward


def _lower_winograd(
    at: Site, sliding: Sliding, images: conv_winograd.Images, outputs: int, why: str
) -> Backward:
    x, y = at.xs[0], at.y
    after, pool = _after(at), _pools(at.layers)
    w, b = folded_weights(at)
    size = lanes(host())
    tail, edge = images.channels % size != 0, images.filters % size != 0
    codes = at.new("codes", y.shape, np.uint8) if pool else None
    kind = Forward(outputs, b is not None, pool, tail, edge, after.kinds)
    conv_winograd.emit_forward(at, images, kind, x, y, w, b, codes, after=after, why=why)

    def backward() -> None:
        asks = at.asks_for("weight") or at.asks_for("bias")
        both = asks and at.need_dx and _images_are_shared_out(at.call)
        if both or not at.need_dx:
            gradients = Gradients(outputs, both, tail)
            if pool:
                values, way = (x, at.dy, codes), POOL
            elif after.kinds == _RELU:
                values, way = (x, at.dy, y), RELU
            else:
                values, way = (x, _opened(at, y, None, sliding, after), None), PLAIN
            through = (w, at.dx(0)) if both else None
            conv_winograd.emit_gradients(
                at, images, gradients, values, way, *_gradients(at), through, why=why
            )
            return
        dz = _opened(at, y, codes, sliding, after)
        if asks:
            gradients = Gradients(outputs, False, tail)
            conv_winograd.emit_gradients(
                at, images, gradients, (x, dz, None), PLAIN, *_gradients(at), None, why=why
            )
        turned = Forward(outputs, tail=edge, edge=tail)
        conv_winograd.emit_forward(
            at, images.turned, turned, dz, at.dx(0), w, None, None, why=why, mirrored=True
        )

    return backward


def _images_are_shared_out(call: Call) -> bool:
    """Whether threads that have whole images have about the same number."""
    most = -(-call.batch // call.threads)
    return most * call.threads <= MOST_UNEVEN * call.batch


def _after(at: Site) -> After:
    """The functions behind the convolution, and behind a normalisation that is folded into it."""
    first = 2 if _normed(at.layers) else 1
    functions = [layer for layer in at.layers[first:] if not isinstance(layer, MaxPool2d)]
    return Functions.of((*at.layers[:first], *functions), at.call, first=first).after(at)


def _pools(layers: Sequence[Layer]) -> bool:
    return isinstance(layers[-1], MaxPool2d)


def _normed(layers: Sequence[Layer]) -> bool:
    return len(layers) > 1 and isinstance(layers[1], BatchNorm)


def _gathers(node: Node, call: Call) -> bool:
    """Whether a Winograd convolution can do parts of a normalisation by the batch."""
    layer: Any = node.layer
    channels, *size = node.sources[0].shape
    sliding = layer._place(tuple(size))
    outputs, _ = _winograd(layer, sliding, channels, call)
    if not outputs or conv_patches.pays(sliding, channels, layer.filters, call):
        return False
    whole = all(side % outputs == 0 for side in sliding.out)
    return whole and _images_are_shared_out(call)


def _gradients(at: Site) -> tuple[Value, Value | None]:
    return at.dparam("weight"), at.dparam("bias") if at.layer.bias else None


def _opened(at: Site, y: Value, codes: Value | None, sliding: Sliding, after: After) -> Value:
    """dy in front of the functions, and at the place in each 2 × 2 that was the largest."""
    if codes is None and not after.kinds:
        return at.dy
    if codes is None and not y.pitch:
        return through_output(at, after, y)
    batch, filters, rows, columns = y.shape
    dz = at.new("dz", (batch, filters, *sliding.out))
    if codes is None:
        pixels, at_once = y.size // filters, max(1, gate.PIECE // filters)
        at.emit(
            gate.RELU_APART,
            (at.dy, at.dy.row, y, y.row, dz, pixels, filters, at_once),
            chunks=-(-pixels // at_once),
            reads=(at.dy, y),
            writes=(dz,),
            algorithm="open",
        )
    else:
        at.emit(
            gate.unpool(),
            (at.dy, codes, dz, columns, filters),
            chunks=batch * rows,
            reads=(at.dy, codes),
            writes=(dz,),
            algorithm="open, unpool",
        )
    return dz


def _absorbs(node: Node, chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    if can_fold(chain, after, call):
        return True
    if isinstance(after, BatchNorm):
        return call.training and len(chain) == 1 and _gathers(node, call)
    if call.training and _normed(chain):
        return norm.absorbs(node, chain[1:], after, call)
    if _pools(chain):
        return False
    # A normalisation in the chain is folded into the weights.
    chain = tuple(layer for layer in chain if not isinstance(layer, BatchNorm))
    if halves(after):
        return Functions.of(chain, call, first=1).kinds in ((), _RELU)
    return followed_by_functions_of_y(node, chain, after, call)


def _apart(chain: tuple[Any, ...], call: Call) -> bool:
    """The gradient is made dense on its way through the rectifier."""
    if call.training and _normed(chain):
        return False
    chain = tuple(layer for layer in chain if not isinstance(layer, BatchNorm))
    if _pools(chain):
        return False
    functions = Functions.of(chain, call, first=1)
    return not functions.dropping and (call.forward_only or functions.kinds == _RELU)


LOWERINGS = {"conv2d": Lowering(_lower, absorbs=_absorbs, apart=_apart)}
