"""``graphspec runs list``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from graphspec.cli.output import out, print_json
from graphspec.errors import RunError
from graphspec.quantities import duration
from graphspec.train.events import Finished
from graphspec.train.rundir import Run, list_runs, runs_folder

_WIDE = 110
"""Columns of a terminal on which all of a row can be read."""
_WORDS = ("run", "model", "data", "status")


def list_command(folder: Path | None = None, *, json: bool = False) -> None:
    """List the runs, newest first.

    Parameters
    ----------
    folder
        Where the runs are; by default ./runs (or $GRAPHSPEC_RUNS).
    json
        Print JSON.
    """
    rows = [facts(run) for run in list_runs(folder)]
    if json:
        print_json(rows)
        return
    if not rows:
        out.print(f"No runs in {folder or runs_folder()}. Make one: graphspec train lenet5")
        return
    columns: dict[str, Callable[[dict[str, Any]], str | None]] = {
        "run": lambda row: row["name"],
        "model": lambda row: row["model"],
        "data": lambda row: row["data"],
        "status": lambda row: row["status"],
        "epoch": lambda row: _shown(row["epoch"], ".3g"),
        "loss": lambda row: _shown(row["loss"], ".4f"),
        "accuracy": lambda row: _shown(row["accuracy"], ".2%"),
        "time": lambda row: None if row["seconds"] is None else duration(row["seconds"]),
    }
    if out.width < _WIDE:
        # A name that is cut short cannot be given to another command.
        del columns["data"], columns["time"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns:
        table.add_column(title, justify="left" if title in _WORDS else "right")
    for row in rows:
        table.add_row(*(tell(row) or "" for tell in columns.values()))
    out.print(table)


def facts(run: Run) -> dict[str, Any]:
    """What a listing shows of a run, as JSON values; a damaged run is listed as such.

    ``best`` is the best value of the ``monitor``, of a run that has ended; ``seconds`` pass from
    the first event to the latest, pauses included.
    """
    row: dict[str, Any] = dict.fromkeys(
        ("model", "data", "epoch", "loss", "accuracy", "monitor", "best", "seconds")
    )
    row |= {"name": run.name, "path": str(run.path), "status": "damaged"}
    try:
        row["status"] = run.status
        started, last, metrics, row["data"] = run.started, run.last, run.metrics, run.config.data
    except (RunError, OSError):
        return row
    if started is not None:
        row["model"] = started.model
    if last is not None:
        row["epoch"] = last.epoch
        if started is not None:
            row["seconds"] = last.time - started.time
        if isinstance(last, Finished):
            row["monitor"], row["best"] = last.monitor, last.best_value
    if metrics is not None:
        row["loss"], row["accuracy"] = metrics.loss, metrics.accuracy
    return row


def _shown(value: float | None, style: str) -> str | None:
    return None if value is None else format(value, style)
