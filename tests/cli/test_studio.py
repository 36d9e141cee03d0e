from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from graphspec.cli import main


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been run; and the app looks as if it were installed."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 7)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    return commands


def test_the_app_is_started_as_a_process_of_its_own(started):
    assert main(["studio"]) == 7
    assert started == [[sys.executable, "-m", "graphspec_gui"]]


def test_a_file_and_a_model_are_handed_on(started, tmp_path):
    path = tmp_path / "net.json"
    path.write_text("{}")
    main(["studio", str(path)])
    main(["studio", "lenet5"])
    assert [command[3:] for command in started] == [[str(path)], ["lenet5"]]


def test_what_is_not_there_is_told_before_a_window_opens(started, capsys):
    assert main(["studio", "lenet55.json"]) == 2
    assert main(["studio", "no_such_run"]) == 3
    assert started == []
    assert "there is no file 'lenet55.json'" in capsys.readouterr().err.replace("\n", " ")


def test_without_the_gui_extra_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "PySide6" else object()
    )
    assert main(["studio"]) == 2
    told = capsys.readouterr().err
    assert "needs PySide6" in told
    assert "pip install 'graphspec-studio[gui]'" in told


def test_the_command_imports_nothing_of_the_app():
    code = "import sys, graphspec.cli.studio; print([m for m in sys.modules if 'gui' in m.lower()])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
