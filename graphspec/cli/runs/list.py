"""``graphspec runs list``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from graphspec.cli.output import out, print_json
from graphspec.errors import RunError
from graphspec.train.rundir import Run, list_runs, runs_folder


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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in (
        ("run", "left"),
        ("model", "left"),
        ("status", "left"),
        ("epoch", "right"),
        ("loss", "right"),
        ("accuracy", "right"),
    ):
        table.add_column(title, justify="right" if justify == "right" else "left")
    for row in rows:
        table.add_row(
            row["name"],
            row["model"] or "",
            row["status"],
            "" if row["epoch"] is None else f"{row['epoch']:.3g}",
            "" if row["loss"] is None else f"{row['loss']:.4f}",
            "" if row["accuracy"] is None else f"{row['accuracy']:.2%}",
        )
    out.print(table)


def facts(run: Run) -> dict[str, Any]:
    """What a listing shows of a run, as JSON values; a damaged run is listed as such."""
    row: dict[str, Any] = dict.fromkeys(("model", "epoch", "loss", "accuracy"))
    row |= {"name": run.name, "path": str(run.path), "status": "damaged"}
    try:
        row["status"] = run.status
        started, last, metrics = run.started, run.last, run.metrics
    except (RunError, OSError):
        return row
    if started is not None:
        row["model"] = started.model
    if last is not None:
        row["epoch"] = last.epoch
    if metrics is not None:
        row["loss"], row["accuracy"] = metrics.loss, metrics.accuracy
    return row
