"""3×3 convolutions at stride 1 by Winograd's F(4×4, 3×3), for the numpy engine.

The layer's own im2col stays what a student reads, and the oracle; this gives the same numbers to
about 1e-5 of the largest, with a quarter of the multiplications. The arrays of a part of the
batch, T tiles of 6 × 6 pixels that overlap by 2, channels last:

    d   (6·6, T·C)     every tile's pixel (u, v), one row per place
    V = (Bᵀ⊗Bᵀ) d      the transform of all tiles and channels, ONE product with a 36×36 matrix
    M_p = V_p · U_pᵀ   (T, C)·(C, K) for each of the 36 points p
    Y = (Aᵀ⊗Aᵀ) M      (4·4, T·K): sixteen outputs per tile

and backward its transpose (see ``engines/winograd.py``). The transform of the input is made again
for backward: to keep it would take 2.25 times the memory of the input.

Images keep their channels last in memory, as views of the usual shape (N, C, H, W): rows of C
numbers in a run are what makes the cutting into tiles fast. The dU of the parts are added in
order, so that no bit depends on which thread made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from graphspec.engines.numpy.sharing import THREADS, parts_of, share
from graphspec.engines.winograd import winograd
from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.sliding import Sliding
from graphspec.memory import Workspace
from graphspec.plan import Plan
from graphspec.tensor import TensorSpec

_M, _T = winograd(4).outputs, winograd(4).tile
_AA, _BB, _GG = (
    np.kron(matrix, matrix).astype(np.float32)
    for matrix in (winograd(4).at, winograd(4).bt, winograd(4).g)
)
# Of a part's 36·T·C numbers there are three arrays a thread: in parts of 5 MB Python's own time per
# part is small, and the arrays are still in the caches when they are read again.
NUMBERS_AT_ONCE = 5 * 2**18


def faster_than_layers(plan: Plan) -> dict[str, WinogradConv2d]:
    """By id, what computes in place of the plan's 3×3 convolutions at stride 1.

    It pays with 16 channels or more on both sides: with fewer the transforms are the greater part.
    """
    # Layers run one after another: each thread has one set of arrays for all of them.
    scratch = new_scratch()
    return {
        node.id: WinogradConv2d(layer, scratch)
        for node in plan.nodes
        if isinstance(layer := node.layer, Conv2d) and _pays(layer, node.sources[0])
    }


def new_scratch() -> list[dict[str, Array]]:
    """Room for the arrays of each thread."""
    return [{} for _ in range(THREADS)]


def workspace(plan: Plan, batch: int) -> Workspace:
    """What ``faster_than_layers`` takes in place of the layers' own scratch."""
    sizes: dict[str, int] = {}
    passing = {}
    for node in plan.nodes:
        layer = node.layer
        if isinstance(layer, Conv2d) and _pays(layer, node.sources[0]):
            x = node.sources[0].shape
            tiling = _Tiling((batch, *x), layer.filters, layer._place((x[1], x[2])))
            for name, size in tiling.sizes(layer.filters).items():
                sizes[name] = max(size, sizes.get(name, 0))
            # The filters' transform, and dU of every part with their sum.
            filters = _T * _T * x[0] * layer.filters
            passing[node.id] = 4 * filters * (1 + len(tiling.parts) + 1)
    return Workspace(4 * THREADS * sum(sizes.values()), passing)


def _pays(layer: Conv2d, source: TensorSpec) -> bool:
    channels, height, width = source.shape
    sliding = layer._place((height, width))
    return (
        layer.groups == 1
        and sliding.kernel == (3, 3)
        and sliding.stride == sliding.dilation == (1, 1)
        and min(channels, layer.filters) >= 16
        and min(sliding.out) >= _M
    )


class WinogradConv2d:
    """What computes in place of one convolution layer; ``scratch`` has the arrays of each thread.

    An array is made larger by the first layer that needs it so, and kept.
    """

    def __init__(self, layer: Conv2d, scratch: list[dict[str, Array]]) -> None:
        self._layer = layer
        self._scratch = scratch

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Y = (Aᵀ⊗Aᵀ) [U ⊙ (Bᵀ⊗Bᵀ) d] + b."""
        (x,) = xs
        w = params["weight"]
        tiling = _Tiling(x.shape, len(w), self._layer._place(x.shape[2:]))
        ut = _transform_filters(w).swapaxes(1, 2)
        y = np.empty((len(x), *tiling.sliding.out, len(w)), np.float32)

        def run(part: slice, thread: int) -> None:
            scratch = self._scratch[thread]
            v = tiling.transform(x[part], scratch)
            m = np.matmul(v, ut, out=_take(scratch, "m", (_T * _T, v.shape[1], len(w))))
            out = _take(scratch, "y", (_M * _M, v.shape[1] * len(w)))
            np.matmul(_AA, m.reshape(_T * _T, -1), out=out)
            if self._layer.bias:
                tiles = out.reshape(_M * _M, -1, len(w))
                tiles += params["bias"]
            tiling.join(out, y[part], scratch)

        share(tiling.parts, run)
        return Forward(y.transpose(0, 3, 1, 2), (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dM = (A⊗A) dY, from which dU = dMᵀ V, dV = dM U, dw = (G⊗G)ᵀ dU, dd = (B⊗B) dV."""
        (x,) = saved
        w = params["weight"]
        tiling = _Tiling(x.shape, len(w), self._layer._place(x.shape[2:]))
        k, c = w.shape[:2]
        u = _transform_filters(w)
        dus = np.empty((len(tiling.parts), *u.shape), np.float32)
        dx = np.empty((len(x), *x.shape[2:], c), np.float32) if need_dx else None

        def run(part: slice, thread: int) -> None:
            scratch = self._scratch[thread]
            v = tiling.transform(x[part], scratch)
            tiles = v.shape[1]
            dm = _take(scratch, "m", (_T * _T, tiles, k))
            np.matmul(_AA.T, tiling.split(dy[part], scratch), out=dm.reshape(_T * _T, -1))
            np.matmul(dm.swapaxes(1, 2), v, out=dus[tiling.parts.index(part)])
            if dx is not None:
                dv = np.matmul(dm, u, out=v)
                dd = _take(scratch, "d", (_T * _T, tiles * c))
                np.matmul(_BB.T, dv.reshape(_T * _T, -1), out=dd)
                tiling.overlap_add(dd, dx[part], scratch)

        share(tiling.parts, run)
        du = dus.sum(axis=0).reshape(_T * _T, -1)
        dparams = {"weight": (du.T @ _GG).reshape(w.shape)}
        if self._layer.bias:
            dparams["bias"] = dy.sum(axis=(0, 2, 3))
        return Backward((None if dx is None else dx.transpose(0, 3, 1, 2),), dparams)


class _Tiling:
    """How images of one size are cut into tiles, and a batch of them into parts."""

    def __init__(self, shape: tuple[int, ...], filters: int, sliding: Sliding) -> None:
        batch, self.channels = shape[:2]
        self.sliding = sliding
        self.tiles = (-(-sliding.out[0] // _M), -(-sliding.out[1] // _M))
        numbers = _T * _T * self.tiles[0] * self.tiles[1] * max(self.channels, filters)
        # Two parts at least, so that both threads have something to do.
        self.parts = parts_of(batch, min(NUMBERS_AT_ONCE // numbers, -(-batch // 2)))
        self.step = max(part.stop - part.start for part in self.parts)

    def sizes(self, filters: int) -> dict[str, int]:
        """Of each array of a thread, how many numbers it has."""
        tiles = self.step * self.tiles[0] * self.tiles[1]
        whole = (_M * self.tiles[0], _M * self.tiles[1])
        return {
            "x": self.step * self.channels * prod(self._padded_size()),
            "d": _T * _T * tiles * self.channels,
            "v": _T * _T * tiles * self.channels,
            "m": _T * _T * tiles * filters,
            "y": _M * _M * tiles * filters,
            "edge": 0 if self.sliding.out == whole else _M * _M * tiles * filters,
        }

    def transform(self, x: Array, scratch: dict[str, Array]) -> Array:
        """V (36, T, C) of images (n, C, H, W)."""
        rows, columns = self.tiles
        n, c = len(x), self.channels
        xp = self._padded(n, scratch)
        self.sliding.crop(xp.transpose(0, 3, 1, 2))[...] = x
        windows = np.lib.stride_tricks.as_strided(
            xp,
            (_T, _T, n, rows, columns, c),
            (*xp.strides[1:3], xp.strides[0], _M * xp.strides[1], _M * xp.strides[2], 4),
        )
        d = _take(scratch, "d", windows.shape)
        d[...] = windows
        v = _take(scratch, "v", (_T * _T, n * rows * columns, c))
        np.matmul(_BB, d.reshape(_T * _T, -1), out=v.reshape(_T * _T, -1))
        return v

    def overlap_add(self, dd: Array, dx: Array, scratch: dict[str, Array]) -> None:
        """Add the tiles' gradients (36, T·C) to the pixels of dx (n, H, W, C)."""
        rows, columns = self.tiles
        n, c = len(dx), self.channels
        dxp = self._padded(n, scratch)
        tiles = dd.reshape(_T, _T, n, rows, columns, c).transpose(2, 3, 0, 4, 1, 5)
        # A tile lies on its own 4 × 4 block and on the first 2 of the next ones.
        for i, down in ((0, slice(0, _M)), (1, slice(_M, _T))):
            for j, right in ((0, slice(0, _M)), (1, slice(_M, _T))):
                blocks = dxp[:, _M * i :, _M * j :][:, : _M * rows, : _M * columns]
                view = _blocks(blocks, rows, columns)
                part = tiles[:, :, down, :, right]
                view = view[:, :, : part.shape[2], :, : part.shape[4]]
                if i == j == 0:
                    view[...] = part
                else:
                    view += part
        (top, left), (height, width) = self.sliding.before, self.sliding.size
        seen = dxp[:, top : top + height, left : left + width]
        dx[...] = seen

    def split(self, dy: Array, scratch: dict[str, Array]) -> Array:
        """Cut (n, K, OH, OW) into its blocks: (16, T·K), zeros where they hang over the edge."""
        rows, columns = self.tiles
        n, k, height, width = dy.shape
        out = _take(scratch, "y", (_M, _M, n, rows, columns, k))
        source = dy.transpose(0, 2, 3, 1)
        if (height, width) != (_M * rows, _M * columns):
            whole = _take(scratch, "edge", (n, _M * rows, _M * columns, k))
            whole[...] = 0
            whole[:, :height, :width] = source
            source = whole
        out[...] = _blocks(source, rows, columns).transpose(2, 4, 0, 1, 3, 5)
        return out.reshape(_M * _M, -1)

    def join(self, out: Array, y: Array, scratch: dict[str, Array]) -> None:
        """Lay blocks (16, T·K) side by side into y (n, OH, OW, K)."""
        rows, columns = self.tiles
        n, height, width, k = y.shape
        blocks = out.reshape(_M, _M, n, rows, columns, k).transpose(2, 3, 0, 4, 1, 5)
        if (height, width) == (_M * rows, _M * columns):
            _blocks(y, rows, columns)[...] = blocks
        else:
            whole = _take(scratch, "edge", (n, _M * rows, _M * columns, k))
            _blocks(whole, rows, columns)[...] = blocks
            y[...] = whole[:, :height, :width]

    def _padded(self, n: int, scratch: dict[str, Array]) -> Array:
        """Zeros for n images with their padding, up to the end of the last tile."""
        xp = _take(scratch, "x", (n, *self._padded_size(), self.channels))
        xp[...] = 0
        return xp

    def _padded_size(self) -> tuple[int, int]:
        rows, columns = (_M * count + 2 for count in self.tiles)
        (top, left), (height, width) = self.sliding.before, self.sliding.size
        return max(rows, top + height), max(columns, left + width)


def _blocks(images: Array, rows: int, columns: int) -> Array:
    """A view (n, 4·rows, 4·columns, C) → (n, rows, 4, columns, 4, C)."""
    n, _, _, c = images.shape
    along_n, along_h, along_w, along_c = images.strides
    return np.lib.stride_tricks.as_strided(
        images,
        (n, rows, _M, columns, _M, c),
        (along_n, _M * along_h, along_h, _M * along_w, along_w, along_c),
    )


def _transform_filters(w: Array) -> Array:
    """U (36, K, C) = (G⊗G) g, of filters (K, C, 3, 3)."""
    return (_GG @ w.reshape(-1, 9).T).reshape(_T * _T, *w.shape[:2])


def _take(scratch: dict[str, Array], name: str, shape: tuple[int, ...]) -> Array:
    """The thread's array of that name, made larger where it is too small."""
    size = prod(shape)
    if name not in scratch or scratch[name].size < size:
        scratch.pop(name, None)
        scratch[name] = np.empty(size, np.float32)
    return scratch[name][:size].reshape(shape)
