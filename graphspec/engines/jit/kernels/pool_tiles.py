"""Max pooling over windows that lie side by side and fill the image, the usual 2×2.

The window's extent is part of the kernel, so that its pixels need no loop. A chunk is one row of
windows of one image::

    x   (2i, 2j) c0 c1 … │ (2i, 2j+1) c0 c1 … │        y (i, j) c0 c1 …
        (2i+1, …)

Where the channels do not fill their last vector, a whole vector is stored nevertheless, which is
several times as fast as a masked one: what runs over into the next pixel is written later, because
windows go from left to right and a pixel's last channels come first. Only the last windows of a row
are stored with masks, as another thread may have written what lies behind the row.
"""

from __future__ import annotations

from collections.abc import Callable

from graphspec.engines.jit.builder import Kernel, Value, maximum, select

Body = Callable[[Value, Value, Value | None], None]


def tiles_forward(height: int, width: int, k: Kernel) -> None:
    """y[n, i, j, c] = max over the window. Args: x, y, H, OH, OW, C. Chunks: N·OH."""
    x, y, rows, oh, ow, channels = (
        k.pointer(), k.pointer(), k.size(), k.size(), k.size(), k.size()
    )  # fmt: skip
    with k.chunks() as chunk:
        n = chunk // oh
        first = x + (n * rows + (chunk - n * oh) * height) * (ow * width) * channels
        out = y + chunk * ow * channels

        def window(j: Value, c: Value, lanes: Value | None) -> None:
            best: Value | None = None
            for u in range(height):
                for v in range(width):
                    seen = first.load(((u * ow + j) * width + v) * channels + c, lanes)
                    # A NaN wins and stays, so that it is found at the end.
                    won = None if best is None else (seen > best) | seen.differs(seen)
                    best = seen if best is None or won is None else select(won, seen, best)
            assert best is not None
            out.store(best, j * channels + c, lanes)

        for_windows(k, ow, channels, window)


def tiles_backward(height: int, width: int, k: Kernel) -> None:
    """dx = dy where x is the window's first maximum, else 0. Args: x, y, dy, dx, H, OH, OW, C."""
    x, y, dy, dx = (k.pointer() for _ in range(4))
    rows, oh, ow, channels = (k.size() for _ in range(4))
    with k.chunks() as chunk:
        n = chunk // oh
        start = (n * rows + (chunk - n * oh) * height) * (ow * width) * channels
        seen, made = x + start, dx + start
        best, gradient = y + chunk * ow * channels, dy + chunk * ow * channels

        def window(j: Value, c: Value, lanes: Value | None) -> None:
            y_vector = best.load(j * channels + c, lanes)
            left = gradient.load(j * channels + c, lanes)
            for u in range(height):
                for v in range(width):
                    pixel = ((u * ow + j) * width + v) * channels + c
                    won = seen.load(pixel, lanes).equals(y_vector)
                    made.store(select(won, left, 0.0), pixel, lanes)
                    # Given away once: the pixels behind it that are equal get nothing.
                    left = select(won, k.zeros(), left)

        for_windows(k, ow, channels, window)


def for_windows(k: Kernel, count: Value, channels: Value, window: Body) -> None:
    """Every window of a row, every vector of channels; masked only near the end of the row."""
    whole = channels // k.width * k.width
    # The last vector of a window from here on would run over the end of the row of outputs.
    unsafe = (whole + (k.width - 1) + channels) // channels - 1
    safe = maximum(count - unsafe, 0)
    with k.loop(0, safe) as j:
        with k.when(whole < channels):
            window(j, whole, None)
        with k.loop(0, whole, k.width) as c:
            window(j, c, None)
    with k.loop(safe, count) as j:
        for c, lanes in k.sweep(0, channels):
            window(j, c, lanes)
