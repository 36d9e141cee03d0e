"""The app follows the desktop's light or dark, told by the portal on a session bus of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("dbus-run-session") is None, reason="there is no D-Bus to speak through"
)

# The app and, on a connection of its own, what a desktop says its settings through.
APP = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QDeadlineTimer
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant, QDBusVirtualObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from graphspec import zoo
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow

PLACE = "/org/freedesktop/portal/desktop"
bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "desktop")
assert bus.registerService("org.freedesktop.portal.Desktop")

def say(scheme):
    told = QDBusMessage.createSignal(PLACE, "org.freedesktop.portal.Settings", "SettingChanged")
    told.setArguments(["org.freedesktop.appearance", "color-scheme", QDBusVariant(scheme)])
    assert bus.send(told)

app = QApplication(["graphspec-studio"])
settings = Settings(Path(sys.argv[1]) / "settings.ini")
theme().choose(settings.scheme)
theme().apply(app)
window = MainWindow(settings, Journal(Path(sys.argv[1]) / "journal"))
window.new(zoo.load("lenet5"))
window.show()
changes = []
theme().changed.connect(lambda: changes.append(theme().colors.dark))
hints, seen = app.styleHints(), []

def tell(scheme):
    heard = []
    connection = hints.colorSchemeChanged.connect(heard.append)
    say(scheme)
    patience = QDeadlineTimer(60_000)
    while not heard and not patience.hasExpired():
        app.processEvents()
    hints.colorSchemeChanged.disconnect(connection)
    ground = QColor.fromRgb(window.grab().toImage().pixel(2, window.height() // 2)).name()
    seen.append([ground == theme().colors.surface, theme().colors.dark])

DARK, LIGHT = 1, 2
tell(DARK)
tell(LIGHT)
theme().choose("light")
tell(DARK)
theme().choose("system")
seen.append([True, theme().colors.dark])
print(json.dumps([seen, changes]))
window.training.kill()
for tab in window.tabs():
    tab.document.undo_stack.setClean()
window.close()
"""


def test_a_change_of_the_desktops_scheme_is_followed_unless_one_was_chosen(tmp_path):
    told = {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_QPA_PLATFORMTHEME": "xdgdesktopportal",
        "GRAPHSPEC_RUNS": str(tmp_path / "runs"),
    }
    found = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", APP, str(tmp_path)],
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr
    seen, changes = json.loads(found.stdout)
    assert seen == [[True, True], [True, False], [True, False], [True, True]]
    assert changes == [True, False, True]
