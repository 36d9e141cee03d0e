"""Every viewer writes what it shows: a picture, or its numbers."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphspec_gui.viewers.activations import ActivationsPanel
from graphspec_gui.viewers.data import DataPanel
from graphspec_gui.viewers.occlusion import OcclusionPanel
from graphspec_gui.viewers.predictions import PredictionsPanel
from graphspec_gui.viewers.viewer import NOTHING, Viewer
from graphspec_gui.viewers.weights import WeightsPanel
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox

from graphspec.train.rundir import Run
from tests.gui.questions import answer, export_as
from tests.gui.viewing import Room

KINDS = [DataPanel, ActivationsPanel, WeightsPanel, OcclusionPanel, PredictionsPanel]


@pytest.fixture
def export(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Click the button, answer the dialog, and wait for the file."""

    def write(panel: Viewer, name: str, kind: str = "", *, becomes: str = "") -> Path:
        QTest.mouseClick(panel.bar.save, Qt.MouseButton.LeftButton)
        export_as(tmp_path / name, kind)
        written = tmp_path / (becomes or name)
        room.wait(written.exists)
        return written

    return write


def filled(room: Room, kind: type[Viewer], run: Run) -> Any:
    panel: Any = room.put(kind)
    room.look_into(run)
    if kind is OcclusionPanel:
        room.wait(lambda: panel.classes.count() == 10)
        QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
        room.wait(lambda: panel.found is not None and panel.found.done == 1)
    room.wait(lambda: panel.picture() is not None)
    return panel


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_and_the_numbers_of_what_is_shown(room, trained, export, kind):
    panel = filled(room, kind, trained)
    with Image.open(export(panel, "shown.png")) as image:
        assert min(image.size) > 250
    numbers = json.loads(export(panel, "shown.json").read_text(encoding="utf-8"))
    drawn = panel.picture().numbers()
    assert numbers.keys() == drawn.keys()
    array = next(name for name, value in drawn.items() if isinstance(value, np.ndarray))
    np.testing.assert_allclose(numbers[array], drawn[array], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "kind", "becomes"),
    [
        ("mine", "", "mine.png"),
        ("mine", "SVG", "mine.svg"),
        ("mine.png", "PDF", "mine.pdf"),  # the kind was chosen after the name was typed
        ("mine.json", "", "mine.json"),
        ("run.v2", "", "run.v2.png"),
        ("mine.xyz", "", "mine.xyz.png"),
    ],
)
def test_the_kind_that_is_chosen_and_the_name_agree(room, trained, export, name, kind, becomes):
    panel = filled(room, WeightsPanel, trained)
    written = export(panel, name, kind, becomes=becomes)
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".json": b"{"}
    assert written.read_bytes().startswith(begins[written.suffix])
    assert list(written.parent.iterdir()) == [written]


@pytest.mark.parametrize("button", ["Cancel", "Replace"])
def test_a_file_that_is_there_is_replaced_only_when_that_is_said(
    room, trained, export, tmp_path, button
):
    panel = filled(room, WeightsPanel, trained)
    there = tmp_path / "run.v2.png"
    there.write_text("mine")
    QTest.mouseClick(panel.bar.save, Qt.MouseButton.LeftButton)
    answer(button)
    export_as(tmp_path / "run.v2")
    if button == "Replace":
        room.wait(lambda: there.read_bytes().startswith(b"\x89PNG"))
    else:
        export_as(tmp_path / "other")  # it asks again
        room.wait((tmp_path / "other.png").exists)
        assert there.read_text() == "mine"


def test_what_cannot_be_written_is_told(room, trained, tmp_path, monkeypatch):
    panel = filled(room, WeightsPanel, trained)
    told = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(box.informativeText()))
    QTest.mouseClick(panel.bar.save, Qt.MouseButton.LeftButton)
    monkeypatch.setattr(type(panel.picture()), "numbers", full)
    export_as(tmp_path / "b.json")
    room.wait(lambda: bool(told))
    assert "No space left" in told[0]
    assert list(tmp_path.iterdir()) == []


def full(picture: object) -> dict[str, object]:
    """The disk is full while it is written."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_network_the_button_is_disabled_and_says_what_to_do(room, kind):
    panel: Any = room.put(kind)
    assert not panel.bar.save.isEnabled()
    assert panel.bar.save.toolTip().endswith(NOTHING)


def test_occlusion_is_exported_once_something_is_covered_and_a_class_is_ticked(room, trained):
    panel: Any = room.put(OcclusionPanel)
    room.look_into(trained)
    room.wait(lambda: panel.classes.count() == 10)
    assert not panel.bar.save.isEnabled()
    assert "press Cover." in panel.bar.save.toolTip()
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    room.wait(lambda: panel.found is not None and panel.bar.save.isEnabled())
    assert panel.bar.save.toolTip() == "Export what is shown"
    panel.classes.setFocus()
    for row in range(10):
        panel.classes.setCurrentRow(row)
        if panel.classes.item(row).checkState() is Qt.CheckState.Checked:
            QTest.keyClick(panel.classes, Qt.Key.Key_Space)
    assert not panel.bar.save.isEnabled()


def test_the_subject_can_be_read_in_a_narrow_dock(room, trained):
    panel: Any = room.put(DataPanel, width=280)
    room.look_into(trained)
    words = panel.bar.findChild(QLabel, "subject")
    room.wait(lambda: words.width() >= words.sizeHint().width())
    assert panel.bar.weights.geometry().top() >= words.geometry().bottom()
