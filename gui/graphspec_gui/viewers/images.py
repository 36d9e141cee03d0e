"""Numbers as pictures: grey, in colour, or by a map whose equal steps look equal."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from graphspec.engines.base import Array

Map = Literal["size", "sign"]
_NAMES: dict[Map, str] = {"size": "viridis", "sign": "CET-D1"}


@cache
def table(name: Map) -> Array:
    """256 colours (256, 3): viridis for what has a size, blue-white-red for what has a sign."""
    import pyqtgraph

    return np.asarray(pyqtgraph.colormap.get(_NAMES[name]).getLookupTable(nPts=256))[:, :3]


def by_map(values: Array, low: float, high: float, name: Map = "size") -> QImage:
    """Numbers (h, w) as colours between those of ``low`` and ``high``; NaN is clear."""
    known = np.isfinite(values)
    share = np.where(known, (values - low) / ((high - low) or 1.0), 0.0)
    index = np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = table(name)[index]
    pixels[..., 3] = np.where(known, 255, 0)
    return _image(pixels)


def as_seen(image: Array, low: float, high: float) -> QImage:
    """An image (C, h, w) as people know it: grey, or in colour where it has three channels."""
    share = np.clip((image.astype(np.float64) - low) / ((high - low) or 1.0), 0, 1)
    grey = np.nan_to_num(share * 255).astype(np.uint8)
    pixels = np.full((*image.shape[1:], 4), 255, np.uint8)
    pixels[..., :3] = np.moveaxis(grey, 0, -1) if len(image) == 3 else grey[0][..., None]
    return _image(pixels)


def of_example(x: Array, low: float, high: float) -> QImage:
    """An example as a data set has it: an image, or its numbers side by side as colours."""
    if x.ndim == 3:
        return as_seen(x if len(x) in (1, 3) else x[:1], low, high)
    return by_map(x.reshape(1, -1) if x.ndim != 2 else x, low, high)


def scale(values: Array, *, centred: bool) -> tuple[float, float]:
    """The numbers that the ends of the colours stand for; ``centred`` puts 0 in the middle."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if centred:
        high = max(abs(low), abs(high)) or 1.0
        low = -high
    return (low, high) if high > low else (low, low + 1.0)


def draw(painter: QPainter, rect: QRectF, image: QImage) -> None:
    """Draw it with its pixels as squares, however large it is drawn."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > rect.width())
    painter.drawImage(rect, image)


def fitted(rect: QRectF, width: int, height: int) -> QRectF:
    """The largest place in a rectangle for something of these proportions, in its middle."""
    factor = min(rect.width() / max(width, 1), rect.height() / max(height, 1))
    made = QRectF(0, 0, width * factor, height * factor)
    made.moveCenter(rect.center())
    return made


def _image(pixels: Array) -> QImage:
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    made = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    # A copy of its own: the array goes.
    return made.copy()
