"""What a listing tells of a run, read without reading its whole history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from graphspec.errors import RunError
from graphspec.train.events import Evaluated, Finished
from graphspec.train.log import events_backwards
from graphspec.train.remarks import read_remarks
from graphspec.train.rundir import CONFIG, EVENTS, Run, Status


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run in one row; None for what is not known (yet).

    ``loss`` and ``accuracy`` are those of the latest evaluation on the validation split, and
    ``best`` is the best value of the ``monitor``. ``begun`` is in Unix seconds; ``seconds`` pass
    from the first event to the latest, pauses included. A run is ``damaged`` where its files cannot
    be read, and ``newer`` where they have a format to come.
    """

    name: str
    path: str
    status: Status | Literal["damaged"]
    model: str | None = None
    data: str | None = None
    engine: str | None = None
    begun: float | None = None
    seconds: float | None = None
    epoch: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    monitor: str | None = None
    best: float | None = None
    note: str = ""
    starred: bool = False


def facts_of(run: Run) -> RunFacts:
    """The facts of a run; a damaged one is told as such, and never raises.

    Of one that a newer version has written, no results are told: they might mean something else.
    """
    remarks = read_remarks(run.path)
    row = {"note": remarks.note, "starred": remarks.starred}
    try:
        status, started = run.status, run.started
        if status == "newer":
            begun, model = (started.time, started.model) if started else (None, None)
            return RunFacts(run.name, str(run.path), status, model=model, begun=begun, **row)  # type: ignore[arg-type]
        last = run.last
        metrics, data = run.metrics, _data_of(run.path)
    except (RunError, OSError, ValueError):
        return RunFacts(run.name, str(run.path), "damaged", **row)  # type: ignore[arg-type]
    monitor: str | None = None
    best: float | None = None
    if isinstance(last, Finished):
        monitor, best = last.monitor, last.best_value
    elif metrics is not None:
        monitor, best = _best_so_far(run.path)
    seconds = None
    if last is not None and started is not None:
        # A log of an older version follows the time of day, which may have been set back.
        seconds = max(0.0, last.time - started.time)
    return RunFacts(
        run.name,
        str(run.path),
        status,
        model=started.model if started else None,
        data=data,
        engine=started.engine if started else None,
        begun=started.time if started else None,
        seconds=seconds,
        epoch=last.epoch if last else None,
        loss=metrics.loss if metrics else None,
        accuracy=metrics.accuracy if metrics else None,
        monitor=monitor,
        best=best,
        **row,  # type: ignore[arg-type]
    )


def _data_of(path: Path) -> str | None:
    """The data set's name; the settings are not checked, which would be half of the work."""
    config = json.loads((path / CONFIG).read_bytes())
    data = config.get("data") if isinstance(config, dict) else None
    return data if isinstance(data, str) else None


def _best_so_far(path: Path) -> tuple[str | None, float | None]:
    """The monitor and its best value in a log that has not come to its end."""
    for event in events_backwards(path / EVENTS, only=b'"best":true'):
        if isinstance(event, Evaluated):
            monitor = "loss" if event.accuracy is None else "accuracy"
            return monitor, event.loss if event.accuracy is None else event.accuracy
    return None, None
