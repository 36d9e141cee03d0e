"""The canvas as a picture file: PNG or SVG, of everything, at a zoom of 100 %."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from graphspec_gui.canvas.edge_item import EdgeItem
from graphspec_gui.canvas.group_item import FrameItem
from graphspec_gui.canvas.node_item import NodeItem

if TYPE_CHECKING:
    from graphspec_gui.canvas.scene import CanvasScene

ENDINGS = (".png", ".svg")
MARGIN = 32.0
MOST_PIXELS = 16_000
"""No side of a PNG is longer; a larger picture is drawn smaller."""


def export(scene: CanvasScene, path: Path, *, scale: float = 2.0) -> None:
    """Draw everything into a file, as it looks but with nothing selected.

    Args:
        scene: what is drawn.
        path: ends in ``.png`` or ``.svg``.
        scale: pixels of a PNG per unit of the scene.

    Raises:
        OSError: the file cannot be written.
        ValueError: the file is to be neither PNG nor SVG.
    """
    suffix = path.suffix.lower()
    if suffix not in ENDINGS:
        raise ValueError(f"a picture is a .png or an .svg, not {path.name!r}")
    bounds = scene.bounds().marginsAdded(QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN))
    items: list[NodeItem | EdgeItem | FrameItem] = [
        *scene.node_items.values(),
        *scene.edge_items.values(),
        *scene.frame_items.values(),
    ]
    chosen = [item for item in items if item.chosen]
    zoom = scene.zoom
    for item in chosen:
        item.chosen = False
    scene.zoom = 1.0
    try:
        if suffix == ".png":
            _png(scene, bounds, path, scale)
        else:
            _svg(scene, bounds, path)
    finally:
        scene.zoom = zoom
        for item in chosen:
            item.chosen = True


def _png(scene: CanvasScene, bounds: QRectF, path: Path, scale: float) -> None:
    scale = min(scale, MOST_PIXELS / max(bounds.width(), bounds.height()))
    size = QSize(round(bounds.width() * scale), round(bounds.height() * scale))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(scene.looks.window)
    painter = QPainter(image)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    scene.render(painter, QRectF(image.rect()), bounds, Qt.AspectRatioMode.IgnoreAspectRatio)
    painter.end()
    if not image.save(str(path)):
        raise OSError(f"cannot write {str(path)!r}")


def _svg(scene: CanvasScene, bounds: QRectF, path: Path) -> None:
    # Qt does not say when it cannot write; Python does.
    path.touch()
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(bounds.size().toSize())
    generator.setViewBox(QRectF(0, 0, bounds.width(), bounds.height()))
    generator.setTitle("graphspec")
    painter = QPainter(generator)
    painter.fillRect(QRectF(0, 0, bounds.width(), bounds.height()), scene.looks.window)
    scene.render(
        painter,
        QRectF(0, 0, bounds.width(), bounds.height()),
        bounds,
        Qt.AspectRatioMode.IgnoreAspectRatio,
    )
    painter.end()
