"""``graphspec studio``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from graphspec import zoo
from graphspec.cli.failure import UNREADABLE
from graphspec.cli.files import find_document
from graphspec.cli.output import err
from graphspec.train.rundir import find_run

# The core knows the app by name alone: it must be there without it.
APP = "graphspec_gui"
NEEDED = ("PySide6", "pyqtgraph", "qtawesome", "graphlay")


def studio(name: str | None = None, /) -> int:
    """Open the desktop app: edit a network and see it checked while you do.

    Parameters
    ----------
    name
        A network file, the name of a shipped model, or a run (its folder, its name, or "latest").
        By default the app's start page.
    """
    missing = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        err.print(
            f"The desktop app needs {', '.join(missing)}, which cannot be found. Install it with\n"
            "  pip install 'graphspec-studio[gui]'",
            markup=False,
        )
        return UNREADABLE
    opened = [] if name is None else [_found(name)]
    command = [sys.executable, "-m", APP, *opened]
    return subprocess.run(command, check=False).returncode


def _found(name: str) -> str:
    """What the app is told to open; a shipped model by its name, so that its file stays as it is.

    Raises:
        SpecError: there is no such network.
        RunError: there is no such run.
    """
    path = Path(name)
    if path.is_file() or name in zoo.names():
        return name
    if path.is_dir() or name == "latest":
        return str(find_run(name).path)
    if name.endswith(".json"):
        return str(find_document(name))
    return str(find_run(name).path)
