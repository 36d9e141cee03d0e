"""The doctor's dialog, through the Training menu and real clicks."""

from __future__ import annotations

import numpy as np
import pytest
from graphspec_gui.examination import ExaminationDialog
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from graphspec import edit
from graphspec.errors import NonFiniteError
from graphspec.inspect.doctor import CHECKS
from graphspec.train.rundir import Run
from tests.gui.viewing import spec, train


def open_examination(qtbot, window: MainWindow) -> ExaminationDialog:
    (menu,) = (item for item in window.findChildren(QMenu) if item.title() == "&Training")
    (action,) = (item for item in menu.actions() if item.text() == "Examine…")
    qtbot.waitUntil(action.isEnabled)
    place = menu.actionGeometry(action).center()
    menu.popup(window.mapToGlobal(window.rect().center()))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
    return window.findChild(ExaminationDialog)


def examine(qtbot, window: MainWindow) -> ExaminationDialog:
    dialog = open_examination(qtbot, window)
    qtbot.waitUntil(lambda: not dialog.running)
    return dialog


def click(dialog: ExaminationDialog, check: str) -> None:
    at = [finding.check for finding in dialog.findings].index(check)
    place = dialog.table.visualItemRect(dialog.table.topLevelItem(at)).center()
    QTest.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_run_is_examined_and_a_finding_selects_its_layers(qtbot, window, trained):
    window.new(spec())
    window.runs.show(trained)
    window.document.select(["relu"])
    dialog = examine(qtbot, window)
    assert [finding.check for finding in dialog.findings] == list(CHECKS)
    assert "update ratio" in {f.check for f in dialog.findings if f.verdict != "unknown"}
    assert window.document.selection == {"relu"}
    click(dialog, "first loss")
    assert window.document.selection == {"loss"}
    assert dialog.measured.text() == dialog.findings[0].measured
    assert "ln 10 = 2.303" in dialog.measured.text()
    for finding in dialog.findings:
        click(dialog, finding.check)
        assert dialog.advice.isVisible() == bool(finding.advice)
    assert not all(finding.advice for finding in dialog.findings)
    QTest.keyClick(dialog.table, Qt.Key.Key_End)
    assert dialog.measured.text() == dialog.findings[-1].measured
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(ExaminationDialog) is None)


def test_a_network_that_is_ill_is_told_so_before_any_training(qtbot, window):
    ill = edit.set_field(spec(), "conv", "bias_init", {"kind": "constant", "value": -1000.0})
    window.new(ill)
    dialog = examine(qtbot, window)
    bad = {finding.check for finding in dialog.findings if finding.verdict == "bad"}
    assert {"dead units", "twenty examples"} <= bad
    assert dialog.verdict.text() == f"{len(bad)} of {len(CHECKS)} checks found something bad."
    assert window.document.selection == set()
    click(dialog, "dead units")
    assert window.document.selection == {"relu"}
    assert "relu 6 of 6 = 100%" in dialog.measured.text()
    assert "leaky_relu" in dialog.advice.text()


def test_it_can_be_stopped(qtbot, window):
    window.new(spec())
    dialog = open_examination(qtbot, window)
    (stop,) = [b for b in dialog.findChildren(QPushButton) if b.text() == "Stop"]
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.running)
    assert dialog.verdict.text().endswith("It was stopped before the end.")
    assert len(dialog.findings) < len(CHECKS)


def test_a_run_that_broke_before_it_saved_shows_where(qtbot, window, tmp_path):
    folder = tmp_path / "runs" / "broken"
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        train(folder, update={"kind": "sgd", "rate": 1e30})
    window.new(spec())
    window.runs.show(Run(folder))
    dialog = examine(qtbot, window)
    click(dialog, "not a number")
    assert f"of {raised.value.node}" in dialog.measured.text()
    assert window.document.selection == {raised.value.node}


def test_what_cannot_be_opened_says_why(qtbot, window, tmp_path):
    window.new(edit.set_value(spec(), "training.data", str(tmp_path / "gone.csv")))
    dialog = examine(qtbot, window)
    assert "gone.csv" in dialog.verdict.text()
    assert dialog.findings == []


def test_without_a_network_or_with_problems_it_says_why_not(window):
    action = window.docks["training_dock"].widget().examine
    assert (action.isEnabled(), action.reason) == (False, "No run and no network is open.")
    document = window.new(spec())
    assert action.isEnabled()
    document.apply(edit.set_value(document.spec, "training.data", None), "No data")
    document.look_now()
    QApplication.processEvents()
    assert not action.isEnabled()
    assert "data set" in action.reason
