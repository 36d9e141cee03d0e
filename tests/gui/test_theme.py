from __future__ import annotations

import itertools
from collections import Counter

import pytest
from graphspec_gui.buttons import IconButton
from graphspec_gui.colors import DARK, LIGHT, Colors
from graphspec_gui.message import Message
from graphspec_gui.progress_bar import ProgressBar
from graphspec_gui.style import sheet
from graphspec_gui.theme import space, theme
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QColor, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QWidget


def luminance(color: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""

    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(a: str, b: str) -> float:
    """From 1 to 21, as WCAG 2 defines it."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
class TestContrast:
    def test_text_can_be_read_on_every_ground(self, colors: Colors):
        grounds = (colors.window, colors.surface, colors.raised, colors.accent_soft)
        for ground, name in itertools.product(grounds, ("text", "muted", "accent")):
            least = 4.5 if name != "accent" or ground != colors.accent_soft else 3.0
            assert contrast(getattr(colors, name), ground) >= least, (name, ground)
        assert contrast(colors.on_accent, colors.accent) >= 4.5

    def test_states_can_be_read_on_the_surface_and_on_their_own_ground(self, colors: Colors):
        for state in ("ok", "advice", "warning", "error"):
            assert contrast(colors.state(state), colors.surface) >= 4.5, state
            assert contrast(colors.state(state), colors.soft(state)) >= 4.5, state

    def test_what_can_be_pressed_has_an_edge_that_is_seen(self, colors: Colors):
        assert contrast(colors.outline, colors.surface) >= 3.0

    def test_curves_are_seen(self, colors: Colors):
        for color in colors.series:
            assert contrast(color, colors.surface) >= 3.0, color

    def test_the_sheet_has_every_colour_that_it_asks_for(self, colors: Colors):
        assert "$" not in sheet(colors)


def test_the_palette_follows(qapp: QApplication):
    theme().choose("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    theme().choose("light")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.window)


def test_it_says_that_it_changed_once(qtbot):
    with qtbot.waitSignal(theme().changed):
        theme().choose("dark")
    with qtbot.assertNotEmitted(theme().changed):
        theme().choose("dark")


def test_an_open_question_follows_too(qtbot):
    pictures = []
    for scheme in ("dark", "light"):
        theme().choose("light")
        box = Message("question", "asked", "Really?", "It is lost otherwise.", None)
        qtbot.addWidget(box)
        theme().choose(scheme)
        pictures.append(box.iconPixmap().toImage())
    theme().choose("dark")
    assert box.iconPixmap().toImage() == pictures[0] != pictures[1]


def test_distances_are_on_the_grid():
    assert [space(), space(0.5), space(3)] == [8, 4, 24]


def test_the_type_scale_has_six_sizes(qapp):
    sizes = {
        role: theme().font(role).pixelSize()
        for role in ("caption", "body", "strong", "title", "display", "mono")
    }
    assert sizes == {
        "caption": 11,
        "body": 13,
        "strong": 13,
        "title": 16,
        "display": 24,
        "mono": 12,
    }


@pytest.mark.qt_log_level_fail("WARNING")
def test_a_bar_comes_to_rest_when_its_end_is_known(qtbot, qapp):
    """Qt would paint it thirty times a second; a bar that still moves says how often."""
    theme().apply(qapp)
    moves: Counter[QObject] = Counter()

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            moves[watched] += event.type() == QEvent.Type.StyleAnimationUpdate
            return False

    room, watch = QWidget(), Watch()
    qtbot.addWidget(room)
    bar, clock = ProgressBar(room), ProgressBar(room)
    for one, top in ((bar, 0), (clock, 40)):
        one.setGeometry(0, top, 200, 20)
        one.setRange(0, 0)
        one.installEventFilter(watch)
    room.show()
    qtbot.waitUntil(lambda: min(moves[bar], moves[clock]) > 2)
    bar.setRange(0, 10)
    bar.setValue(0)
    qtbot.waitUntil(lambda: moves[clock] > 10)
    moves.clear()
    qtbot.waitUntil(lambda: moves[clock] > 10)
    assert moves[bar] == 0


def test_squeezed_buttons_have_no_icon_and_no_trouble(qtbot):
    button = IconButton("mdi6.restore", "Back", None)
    qtbot.addWidget(button)
    button.setMinimumSize(0, 0)
    button.setFixedSize(20, 4)
    button.grab()
    picture = QPixmap(20, 20)
    picture.fill(QColor("white"))
    with QPainter(picture) as painter:
        button.icon().paint(painter, QRect(0, 0, 20, 0))
    assert picture.toImage().pixelColor(10, 0) == QColor("white")


@pytest.mark.parametrize("state", ["ok", "advice", "warning", "error"])
def test_states_have_icons_as_well_as_colours(qapp, state):
    image = theme().state_icon(state).pixmap(16).toImage()
    drawn = {image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(16)}
    assert drawn == {True, False}
