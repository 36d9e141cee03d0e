"""``graphspec runs``: one file a command."""

from __future__ import annotations

from cyclopts import App

COMMANDS = {
    "list": "List the runs, newest first.",
    "show": "Show one run: settings, progress, checkpoints.",
    "rename": "Give a run another name.",
    "delete": "Remove a run with everything in it.",
    "diff": "Compare two runs: networks, settings and results.",
    "export-tensorboard": "Write a run's curves for TensorBoard.",
}

app = App(name="runs", help="List, compare, rename, delete and export runs.")
for _name, _text in COMMANDS.items():
    _module = _name.replace("-", "_")
    app.command(f"graphspec.cli.runs.{_module}:{_module}_command", name=_name, help=_text)
