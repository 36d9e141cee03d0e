"""How a training stands, in one sentence."""

from __future__ import annotations

from graphspec.train.events import Failed, Finished
from graphspec.train.history import History
from graphspec.train.lock import holder_of
from graphspec_gui.training.controller import SILENT, TrainingController
from graphspec_gui.training.progress import Progress

_ENDED = {
    "complete": "has finished.",
    "early-stopping": "stopped early: it no longer got better.",
    "stopped": "was stopped, and can go on.",
}


def standing(
    training: TrainingController, history: History | None, progress: Progress | None
) -> str:
    """What is to be said of the run that is trained here, or elsewhere; empty where it is nothing.

    Args:
        training: who trains.
        history: what the run has done so far.
        progress: how far it is; None before its first step.
    """
    if training.elsewhere is not None:
        holder = holder_of(training.elsewhere.run.path)
        by = "another process" if holder is None else f"process {holder}"
        return f"{training.elsewhere.name} is being trained by {by}."
    name = training.shown.name if training.shown else ""
    if training.hangs:
        return f"{name} has not answered for {SILENT:g} seconds."
    if training.state == "preparing":
        return "Preparing… Stop begins nothing."
    if training.state == "stopping":
        return f"{name}: finishing the step and saving…"
    if training.held:
        return f"{name} waits: it cannot write."
    if training.state == "paused":
        return f"{name} is paused."
    if training.state == "running":
        return f"{name}: {'training' if progress else 'loading the data…'}"
    ended = history.ended if history is not None else None
    if isinstance(ended, Finished):
        best = ""
        if ended.best_value is not None:
            value = ended.best_value
            shown = f"{value:.2%}" if ended.monitor == "accuracy" else f"{value:.4g}"
            best = f" Best {ended.monitor}: {shown}, at step {ended.best_step:,}."
        return f"{name} {_ENDED[ended.reason]}{best}"
    return f"{name} failed." if isinstance(ended, Failed) else ""
