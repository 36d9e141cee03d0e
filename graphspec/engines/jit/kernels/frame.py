"""Images in frames of another size: what is inside is copied, and what is around it filled.

    y[n, i, j, c] = x[n, i + top, j + left, c], or ``fill`` where x has no such pixel

Cropping has top and left above 0, padding below; the gradient of each is the other's copy. Rows
of pixels are runs of W·C numbers, so a row of y is at most three runs; a chunk is one row:

    x          │p p p p│            top = left = −1
    y  row i  f│p p p p│f f         front, copied, back
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, maximum, minimum


def frame_kernel(k: Kernel) -> None:
    """Args: x, y, H, W·C, OH, OW·C, top, left·C, fill. Chunks: N·OH."""
    x, y = k.pointer(), k.pointer()
    rows, row, out_rows, out_row, top, left = (k.size() for _ in range(6))
    fill = k.scalar().spread()
    front = minimum(maximum(-left, 0), out_row)
    back = maximum(minimum(row - left, out_row), front)
    with k.chunks() as chunk:
        image, source = chunk // out_rows, chunk % out_rows + top
        to = y + chunk * out_row
        with k.either(source.within(rows)) as (inside, outside):
            with inside:
                start = x + ((image * rows + source) * row + left)
                for i, lanes in k.sweep(0, front):
                    to.store(fill, i, lanes)
                for i, lanes in k.sweep(front, back, 2):
                    to.store(start.load(i, lanes), i, lanes)
                for i, lanes in k.sweep(back, out_row):
                    to.store(fill, i, lanes)
            with outside:
                for i, lanes in k.sweep(0, out_row):
                    to.store(fill, i, lanes)
