"""What the app remembers between two starts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from graphspec_gui.theme import SCHEMES, Scheme

ORGANISATION, APPLICATION = "graphspec", "studio"
RECENT = 10
"""How many files are remembered."""


class Settings:
    """Typed access to the app's settings.

    Args:
        file: where they are kept; None for the system's place for settings.
    """

    def __init__(self, file: Path | None = None) -> None:
        if file is None:
            self._store = QSettings(ORGANISATION, APPLICATION)
        else:
            self._store = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def scheme(self) -> Scheme:
        """Light, dark, or as the system has it."""
        value = self._value("scheme")
        return next((scheme for scheme in SCHEMES if scheme == value), "system")

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._store.setValue("scheme", scheme)

    @property
    def silenced(self) -> frozenset[str]:
        """Codes of advice that are not wanted."""
        return frozenset(self._texts("silenced"))

    @silenced.setter
    def silenced(self, codes: Iterable[str]) -> None:
        self._store.setValue("silenced", sorted(codes))

    @property
    def recent(self) -> tuple[Path, ...]:
        """The files that were open, the last one first."""
        return tuple(Path(text) for text in self._texts("recent"))

    def add_recent(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        others = [item for item in self.recent if item != path]
        self._store.setValue("recent", [str(item) for item in [path, *others][:RECENT]])

    def forget_recent(self) -> None:
        """Remember no files."""
        self._store.setValue("recent", [])

    @property
    def left_running(self) -> Path | None:
        """The run whose training was left to go on without the app."""
        value = self._value("left_running")
        return Path(value) if isinstance(value, str) and value else None

    @left_running.setter
    def left_running(self, run: Path | None) -> None:
        self._store.setValue("left_running", str(run or ""))

    @property
    def first_start(self) -> bool:
        """Whether the app was never closed before."""
        return not self._store.contains("window/geometry")

    def window(self, layout: str) -> tuple[QByteArray, QByteArray] | None:
        """The window's place, and that of its docks, as they were under a name of the layout."""
        geometry = self._value("window/geometry")
        state = self._value(f"window/{layout}")
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
            return geometry, state
        return None

    def remember_window(self, layout: str, geometry: QByteArray, state: QByteArray) -> None:
        """Keep the window's place and that of its docks."""
        self._store.setValue("window/geometry", geometry)
        self._store.setValue(f"window/{layout}", state)

    def _texts(self, key: str) -> list[str]:
        # An ini file gives a list of one text back as the text.
        value = self._value(key)
        if isinstance(value, str):
            return [value]
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def _value(self, key: str) -> object:
        try:
            return self._store.value(key)
        except Exception:
            # PySide unpickles what says that it is a Python object: damaged, it raises anything.
            return None


def data_folder() -> Path:
    """The app's own folder, for what outlives a crash."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(place) / "graphspec" / "studio"
