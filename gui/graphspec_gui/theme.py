"""How the app looks: colours, type scale, spacing, icons; made here and only here.

``theme()`` is the one theme. It follows the system's light or dark until it is told otherwise,
and says ``changed`` when either happens: whoever paints by hand paints again, everybody else is
restyled by Qt.
"""

from __future__ import annotations

from html import escape
from typing import Any, Literal, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from graphspec_gui import icons, style
from graphspec_gui.colors import DARK, LIGHT, Colors

GRID = 8
"""Every distance is a multiple of this many device-independent pixels, or of its half."""
ICON = 16

Scheme = Literal["system", "light", "dark"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
Role = Literal["caption", "body", "strong", "title", "display", "mono"]

_SIZES: dict[str, int] = {
    "caption": 11,
    "body": 13,
    "strong": 13,
    "title": 16,
    "display": 24,
    "mono": 12,
}
_ROLES: dict[str, tuple[QPalette.ColorRole, ...]] = {
    "window": (QPalette.ColorRole.Window,),
    "surface": (QPalette.ColorRole.Base,),
    "raised": (
        QPalette.ColorRole.Button,
        QPalette.ColorRole.AlternateBase,
        QPalette.ColorRole.ToolTipBase,
    ),
    "text": (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
        QPalette.ColorRole.ToolTipText,
    ),
    "muted": (QPalette.ColorRole.PlaceholderText,),
    "accent": (QPalette.ColorRole.Highlight, QPalette.ColorRole.Accent, QPalette.ColorRole.Link),
    "on_accent": (QPalette.ColorRole.HighlightedText,),
    "border": (QPalette.ColorRole.Mid, QPalette.ColorRole.Midlight),
    "outline": (QPalette.ColorRole.Dark,),
}
_STATE_ICONS = {
    "ok": "mdi6.check-circle-outline",
    "advice": "mdi6.lightbulb-on-outline",
    "warning": "mdi6.alert-outline",
    "error": "mdi6.close-octagon-outline",
}


def space(steps: float = 1) -> int:
    """A distance in device-independent pixels: a number of steps of the grid."""
    return round(GRID * steps)


def plain_tip(text: str) -> str:
    """A tooltip that shows a text from a file as it is: Qt takes what looks like HTML for HTML."""
    if "<" not in text and "&" not in text:
        return text
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>'


class Theme(QObject):
    """The colours in force, and the fonts and icons that go with them."""

    changed = Signal()
    """The colours are others now."""

    def __init__(self) -> None:
        super().__init__()
        self._scheme: Scheme = "system"
        self.colors: Colors = LIGHT
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._follow)

    @property
    def scheme(self) -> Scheme:
        """What was chosen: "system", "light" or "dark"."""
        return self._scheme

    def choose(self, scheme: Scheme) -> None:
        """Follow the system, or stay light or dark."""
        self._scheme = scheme
        self._follow()

    def apply(self, app: QApplication) -> None:
        """Dress the application in the colours in force."""
        app.setStyle("Fusion")
        app.setFont(self.font("body"))
        self.colors = self._wanted()
        self._dress(app)

    def color(self, name: str) -> QColor:
        """A colour by its name in ``Colors``."""
        return QColor(getattr(self.colors, name))

    def font(self, role: Role) -> QFont:
        """A font of the type scale."""
        if role == "mono":
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        else:
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        font.setPixelSize(_SIZES[role])
        if role in ("strong", "title", "display"):
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def icon(self, name: str, color: str = "text") -> QIcon:
        """An icon of the Material set (``mdi6.…``) in a colour of the theme."""
        return icons.icon(name, getattr(self.colors, color), self.colors.disabled)

    def state_icon(self, state: str) -> QIcon:
        """The icon of "ok", "advice", "warning" or "error", in its colour."""
        return self.icon(_STATE_ICONS[state], state)

    def _wanted(self) -> Colors:
        if self._scheme != "system":
            return DARK if self._scheme == "dark" else LIGHT
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT

    def _follow(self, *_: Any) -> None:
        wanted = self._wanted()
        app = QApplication.instance()
        if wanted is self.colors or not isinstance(app, QApplication):
            return
        self.colors = wanted
        self._dress(app)
        self.changed.emit()

    def _dress(self, app: QApplication) -> None:
        app.setPalette(self._palette())
        app.setStyleSheet(style.sheet(self.colors))

    def _palette(self) -> QPalette:
        palette = QPalette()
        for name, roles in _ROLES.items():
            for role in roles:
                palette.setColor(role, self.color(name))
        for role in (
            QPalette.ColorRole.WindowText,
            QPalette.ColorRole.Text,
            QPalette.ColorRole.ButtonText,
        ):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("disabled"))
        return palette


_theme: Theme | None = None


def theme() -> Theme:
    """The theme of this process; the application must exist."""
    global _theme
    if _theme is None:
        _theme = Theme()
    return _theme
