"""``graphspec runs diff``."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from graphspec.cli.output import out, print_json
from graphspec.cli.runs.list import facts
from graphspec.train.rundir import Run, find_run


def diff_command(first: str, second: str, *, json: bool = False) -> None:
    """Compare two runs: what differs in their networks and settings, beside their results.

    Parameters
    ----------
    first
        A run's folder or name.
    second
        Another.
    json
        Print JSON.
    """
    runs = (find_run(first), find_run(second))
    before, after = (_values(run) for run in runs)
    changes = {
        path: [before.get(path), after.get(path)]
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    }
    results = [facts(run) for run in runs]
    if json:
        print_json({"runs": results, "differences": changes})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", *(run.name for run in runs)):
        table.add_column(title, overflow="fold")
    for name in ("status", "epoch", "loss", "accuracy"):
        table.add_row(name, *(_shown(row[name]) for row in results))
    for path, values in changes.items():
        table.add_row(path, *map(_shown, values), style="yellow")
    out.print(table)
    if not changes:
        out.print("Networks and settings are the same.")


def _values(run: Run) -> dict[str, Any]:
    """Everything that a person chose for a run, flat: ``conv1.filters`` → 6."""
    flat: dict[str, Any] = {}
    for layer in run.spec.layers:
        for name, value in layer.model_dump(mode="json").items():
            if name != "id":
                flat[f"{layer.id}.{name}"] = value
    for item in run.spec.inputs:
        flat[f"{item.id}"] = str(item.tensor())
    _flatten("training", run.config.model_dump(mode="json"), flat)
    return flat


def _flatten(path: str, value: Any, flat: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _flatten(f"{path}.{name}", item, flat)
    else:
        flat[path] = value


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else str(value)
