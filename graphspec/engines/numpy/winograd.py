"""3×3 convolutions at stride 1 by Winograd's F(4×4, 3×3), for the numpy engine.

The layer's own im2col stays what a student reads, and the oracle; this gives the same numbers to
about 1e-5 of the largest, with a quarter of the multiplications. The arrays of a part of the
batch, T tiles of 6 × 6 pixels that overlap by 2, channels last:

    d   (6·6, T·C)     every tile's pixel (u, v), one row per place
    V = (Bᵀ⊗Bᵀ) d      the transform of all tiles and channels, ONE product with a 36×36 matrix
    M_p = V_p · U_p    (T, C)·(C, K) for each of the 36 points p
    Y = (Aᵀ⊗Aᵀ) M      (4·4, T·K): sixteen outputs per tile

and backward its transpose (see ``engines/winograd.py``). The transform of the input is made again
for backward: to keep it would take 2.25 times the memory of the input.

Images keep their channels last in memory, as views of the usual shape (N, C, H, W): rows of C
numbers in a run are what makes the cutting into tiles fast. The parts of the batch depend on the
sizes alone, and their dU are added in order: the bits are the same for any number of threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

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
_THREADS = 2
# Of a part's 36·T·C numbers there are three arrays a thread: in parts of 4 MB Python's own time per
# part is small, and the arrays are still in the caches when they are read again.
NUMBERS_AT_ONCE = 2**20


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
    return [{} for _ in range(_THREADS)]


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
            # The filters' transform twice, and dU of every part with their sum.
            filters = _T * _T * x[0] * layer.filters
            passing[node.id] = 4 * filters * (2 + len(tiling.parts) + 1)
    return Workspace(4 * _THREADS * sum(sizes.values()), passing)


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
        u = _transform_filters(w)
        y = np.empty((len(x), *tiling.sliding.out, len(w)), np.float32)

        def run(part: slice, scratch: dict[str, Array]) -> None:
            v = tiling.transform(x[part], scratch)
            m = np.matmul(v, u, out=_take(scratch, "m", (_T * _T, v.shape[1], len(w))))
            out = _take(scratch, "y", (_M * _M, v.shape[1] * len(w)))
            np.matmul(_AA, m.reshape(_T * _T, -1), out=out)
            if self._layer.bias:
                tiles = out.reshape(_M * _M, -1, len(w))
                tiles += params["bias"]
            tiling.join(out, y[part], scratch)

        self._share(tiling.parts, run)
        return Forward(y.transpose(0, 3, 1, 2), (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dM = (A⊗A) dY, from which dU = Vᵀ dM, dV = dM Uᵀ, dw = (G⊗G)ᵀ dU, dd = (B⊗B) dV."""
        (x,) = saved
        w = params["weight"]
        tiling = _Tiling(x.shape, len(w), self._layer._place(x.shape[2:]))
        k, c = w.shape[:2]
        ut = np.ascontiguousarray(_transform_filters(w).swapaxes(1, 2))
        dus = np.empty((len(tiling.parts), _T * _T, c, k), np.float32)
        dx = np.empty((len(x), *x.shape[2:], c), np.float32) if need_dx else None

        def run(part: slice, scratch: dict[str, Array]) -> None:
            v = tiling.transform(x[part], scratch)
            tiles = v.shape[1]
            dm = _take(scratch, "m", (_T * _T, tiles, k))
            np.matmul(_AA.T, tiling.split(dy[part], scratch), out=dm.reshape(_T * _T, -1))
            np.matmul(v.swapaxes(1, 2), dm, out=dus[tiling.parts.index(part)])
            if dx is not None:
                dv = np.matmul(dm, ut, out=v)
                dd = _take(scratch, "d", (_T * _T, tiles * c))
                np.matmul(_BB.T, dv.reshape(_T * _T, -1), out=dd)
                tiling.overlap_add(dd, dx[part], scratch)

        self._share(tiling.parts, run)
        du = dus.sum(axis=0).reshape(_T * _T, -1)
        dw = (_GG.T @ du).reshape(3, 3, c, k).transpose(3, 2, 0, 1)
        dparams = {"weight": np.ascontiguousarray(dw)}
        if self._layer.bias:
            dparams["bias"] = dy.sum(axis=(0, 2, 3))
        return Backward((None if dx is None else dx.transpose(0, 3, 1, 2),), dparams)

    def _share(self, parts: list[slice], run: Callable[[slice, dict[str, Array]], None]) -> None:
        """Do every part, each thread its share; an error of any thread is raised here."""
        errors: list[BaseException] = []

        def work(thread: int) -> None:
            try:
                with np.errstate(all="ignore"):
                    for part in parts[thread::_THREADS]:
                        run(part, self._scratch[thread])
            except BaseException as error:
                errors.append(error)

        others = [
            threading.Thread(target=work, args=(i,)) for i in range(1, min(_THREADS, len(parts)))
        ]
        for other in others:
            other.start()
        work(0)
        for other in others:
            other.join()
        if errors:
            raise errors[0]


class _Tiling:
    """How images of one size are cut into tiles, and a batch of them into parts."""

    def __init__(self, shape: tuple[int, ...], filters: int, sliding: Sliding) -> None:
        batch, self.channels = shape[:2]
        self.sliding = sliding
        self.tiles = (-(-sliding.out[0] // _M), -(-sliding.out[1] // _M))
        # Two parts at least, so that both threads have something to do.
        numbers = _T * _T * self.tiles[0] * self.tiles[1] * max(self.channels, filters)
        self.step = min(max(1, NUMBERS_AT_ONCE // numbers), -(-batch // 2))
        self.parts = [slice(start, start + self.step) for start in range(0, batch, self.step)]

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
                view[:, :, : part.shape[2], :, : part.shape[4]] += part
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
    """U (36, C, K) = (G⊗G) g, of filters (K, C, 3, 3)."""
    k, c = w.shape[:2]
    return (_GG @ w.transpose(2, 3, 1, 0).reshape(9, -1)).reshape(_T * _T, c, k)


def _take(scratch: dict[str, Array], name: str, shape: tuple[int, ...]) -> Array:
    """The thread's array of that name, made larger where it is too small."""
    size = prod(shape)
    if name not in scratch or scratch[name].size < size:
        scratch.pop(name, None)
        scratch[name] = np.empty(size, np.float32)
    return scratch[name][:size].reshape(shape)
