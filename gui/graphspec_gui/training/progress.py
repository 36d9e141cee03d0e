"""How far a training is: what the dock tells, worked out from the run's history; without Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphspec.quantities import duration
from graphspec.train.history import History

_RECENT = 50
_NAMES = ("epoch", "loss", "accuracy", "speed", "time left")


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    ``share`` is from 0 to 1; ``speed`` in examples a second and ``left`` in seconds are measured
    over the latest steps, and None before there are any.
    """

    step: int
    total: int
    epoch: float
    epochs: float
    share: float
    loss: float
    rate: float
    accuracy: float | None
    validation: float | None
    speed: float | None
    left: float | None


def measure(history: History) -> Progress | None:
    """The progress of a run whose first step has been made, else None."""
    started, losses = history.started, history.series.get("train/loss")
    if started is None or losses is None or len(losses) == 0:
        return None
    step, total = int(losses.steps[-1]), started.total_steps
    recent = slice(max(0, len(losses) - _RECENT), None)
    steps, times = losses.steps[recent], losses.times[recent]
    # A pause is no part of the speed: the longest gaps are left out with the median.
    speed = left = None
    if len(steps) > 1:
        seconds = float(np.median(np.diff(times) / np.maximum(np.diff(steps), 1)))
        if seconds > 0:
            examples = started.examples.get("train", 0) / started.steps_per_epoch
            speed, left = examples / seconds, (total - step) * seconds
    return Progress(
        step=step,
        total=total,
        epoch=float(losses.epochs[-1]),
        epochs=total / started.steps_per_epoch,
        share=min(1.0, step / total),
        loss=float(losses.values[-1]),
        rate=_last(history, "train/rate") or 0.0,
        accuracy=_last(history, "train/accuracy"),
        validation=_last(history, "validation/accuracy"),
        speed=speed,
        left=left,
    )


def words_of(progress: Progress | None, *, running: bool, of: str) -> dict[str, str]:
    """The lines of the dock, by name; empty where there is nothing to tell.

    Args:
        progress: where the run stands.
        running: whether it goes on.
        of: what the examples are called.
    """
    told = dict.fromkeys(_NAMES, "")
    if progress is None:
        return told
    told["epoch"] = f"{progress.epoch:.2f} of {progress.epochs:g}, step {progress.step:,}"
    told["loss"] = f"{progress.loss:.4f}"
    shares = [
        f"{value:.1%} {split}"
        for value, split in ((progress.accuracy, "train"), (progress.validation, "validation"))
        if value is not None
    ]
    told["accuracy"] = ", ".join(shares)
    if running and progress.speed is not None and progress.left is not None:
        told["speed"] = f"{progress.speed:,.0f} {of}/s"
        told["time left"] = duration(progress.left)
    return told


def _last(history: History, tag: str) -> float | None:
    series = history.series.get(tag)
    return float(series.values[-1]) if series is not None and len(series) else None
