"""The icons: characters of the Material font, drawn in the colours that the theme asks for.

The font and the list of its characters are qtawesome's. qtawesome itself would be imported with
all of qtpy and load eleven fonts more, which is a tenth of the time until the window is up.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

FOLDER = Path(__file__).parent / "icons"
"""The pictures that no font has: those of the style sheet, and the app's own icon."""
SET = "mdi6."
FILL = 0.875
"""How much of the icon's side a character's em takes: the rest is its margin."""


@cache
def icon(name: str, color: str, disabled: str) -> QIcon:
    """An icon of the Material set (``mdi6.…``) in a colour, and in another while it is disabled.

    Raises:
        KeyError: there is no such icon.
    """
    return QIcon(_Engine(chr(int(_characters()[name.removeprefix(SET)], 16)), color, disabled))


@cache
def app_icon() -> QIcon:
    """The icon of the app itself."""
    return QIcon(str(FOLDER / "app.svg"))


class _Engine(QIconEngine):
    def __init__(self, character: str, color: str, disabled: str) -> None:
        super().__init__()
        self._character = character
        self._color, self._disabled = QColor(color), QColor(disabled)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if rect.isEmpty():
            return
        font = QFont(_family())
        font.setPixelSize(round(FILL * rect.height()))
        painter.save()
        painter.setFont(font)
        painter.setPen(self._disabled if mode == QIcon.Mode.Disabled else self._color)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        if size.isEmpty():  # what the frame of a squeezed button leaves
            return made
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made


def _file(pattern: str) -> Path:
    spec = find_spec("qtawesome")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return next(Path(spec.submodule_search_locations[0], "fonts").glob(pattern))


@cache
def _characters() -> dict[str, str]:
    text = _file("materialdesignicons6-webfont-charmap-*.json").read_text("ascii")
    read: dict[str, str] = json.loads(text)
    return read


@cache
def _family() -> str:
    data = _file("materialdesignicons6-webfont-*.ttf").read_bytes()
    number = QFontDatabase.addApplicationFontFromData(data)
    return QFontDatabase.applicationFontFamilies(number)[0]
