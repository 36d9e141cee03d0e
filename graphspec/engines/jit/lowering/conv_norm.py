"""A Winograd convolution in training, with a normalisation by the batch behind it.

    conv → batch_norm → functions               conv → batch_norm (→ relu) → 2 × 2 max pooling

The convolution's kernel gathers the moments, and in front of a pooling keeps what will be the
largest; its gradients' kernel makes dy in front of the normalisation as it reads it. What is left
are passes over what a gradient needs sums of. See ``kernels/winograd_norm.py``.
"""

from __future__ import annotations

import numpy as np

from graphspec.engines.jit.kernels.winograd import Forward
from graphspec.engines.jit.kernels.winograd_dw import PLAIN, Gradients
from graphspec.engines.jit.kernels.winograd_tiles import lanes
from graphspec.engines.jit.lowering import conv_winograd
from graphspec.engines.jit.lowering.conv_winograd import Gathered, Images
from graphspec.engines.jit.lowering.norm import Rows, from_batch
from graphspec.engines.jit.lowering.pointwise import Functions
from graphspec.engines.jit.lowering.pooling import halves
from graphspec.engines.jit.lowering.site import Backward, Site
from graphspec.engines.jit.table import Argument
from graphspec.engines.jit.target import host


def lower(at: Site, images: Images, outputs: int, why: str) -> Backward:
    """All passes; F(m×m) with m ``outputs``, which divides the sides of the result."""
    x, w, b = at.xs[0], at.param("weight"), at.param("bias") if at.layer.bias else None
    pool, size = halves(at.layers[-1]), lanes(host())
    functions = Functions.of(at.layers[: -1 if pool else None], at.call, first=2)
    tail, edge = images.channels % size != 0, images.filters % size != 0

    z = at.new("results", (at.batch, images.filters, *images.out_size))
    top, codes = z, None
    if pool:
        top, codes = at.new("largest", at.y.shape), at.new("codes", at.y.shape, np.uint8)
    t = images.tiling(outputs, at.batch)
    block = conv_winograd.forward_block(t, outputs, at.call.threads)
    shape = (-(-t.tiles // block), 2, images.filters)
    moments = at.new("moments of chunks", shape, image=False)
    kind = Forward(outputs, b is not None, pool, tail, edge, normed=True)
    gathered = Gathered(moments, z, at.param("scale", 1) if pool else None)
    conv_winograd.emit_forward(at, images, kind, x, top, w, b, codes, why=why, norm=gathered)
    norm = from_batch(at, 1, z, moments, block * outputs**2)
    rows = Rows.of(at, norm.line, top, functions)
    rows.normalise()

    def backward() -> None:
        level, slope = norm.slopes(rows)
        opening: tuple[Argument, ...] = (z, top, *norm.line, level, slope, *functions.settings)
        if at.asks_for("weight") or at.asks_for("bias"):
            dw, db = at.dparam("weight"), at.dparam("bias") if b else None
        elif at.need_dx:
            dw, db = at.new("dw that nobody asks for", w.shape), None
        else:
            return
        conv_winograd.emit_gradients(
            at,
            images,
            Gradients(outputs, at.need_dx, tail, pool, functions.kinds),
            (x, at.dy, codes),
            PLAIN,
            dw,
            db,
            (w, at.dx(0)) if at.need_dx else None,
            why=why,
            opening=opening,
        )

    return backward
