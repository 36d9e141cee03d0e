"""What happens in a training, as values: the log of a run is one of these a line, as JSON."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from graphspec.record import Record


class SessionClock:
    """Unix seconds that only ever rise: the time of day at first, then counted by a steady clock.

    The time of day is set forward and back: by its owner, by a server, on a journey. What is
    worked out of two events, such as a duration, a speed or their order, must not follow.

    Args:
        after: the moment of the last event before; where the time of day is earlier than that, it
            is counted on from there.
    """

    def __init__(self, after: float = 0.0) -> None:
        self._begun = max(time.time(), after) - time.monotonic()

    def __call__(self) -> float:
        """The seconds now."""
        return self._begun + time.monotonic()


class EventBase(Record):
    """What every event has."""

    step: int
    """Updates made so far."""
    epoch: float
    """Passes over the training split so far: step ÷ steps per epoch."""
    time: float = Field(default_factory=time.time)
    """When it happened, in Unix seconds; a training counts them by a ``SessionClock``."""

    def to_line(self) -> bytes:
        """The event as one line of the log."""
        return self.model_dump_json().encode() + b"\n"


class Started(EventBase):
    """Training begins, or goes on from a checkpoint."""

    type: Literal["started"] = "started"
    """The name of this event."""
    model: str
    """The network's name."""
    engine: str
    """The engine that trains it."""
    params: int
    """How many numbers are trained."""
    steps_per_epoch: int
    """Updates in one epoch."""
    total_steps: int
    """Updates in the whole training."""
    examples: dict[str, int]
    """The number of examples in each split."""
    resumed: bool = False
    """Whether it goes on from an earlier session."""
    exact: bool = True
    """Whether the result will have the bits of a training that was never interrupted."""
    reasons: tuple[str, ...] = ()
    """Why it will not."""


class Step(EventBase):
    """One update has been made; the losses are those before it."""

    type: Literal["step"] = "step"
    """The name of this event."""
    loss: float
    """The data losses and the penalties together."""
    losses: dict[str, float]
    """The mean data loss of each loss layer over the batch."""
    penalties: dict[str, float]
    """Each penalty by its kind (and its number, where a kind comes twice)."""
    rate: float
    """The learning rate that was used."""
    momentum: float | None = None
    """The share of the velocity that was kept, where it is annealed."""
    grad_norm: float
    """The global L2 norm of the gradient, penalties included, before clipping."""
    accuracy: float | None = None
    """The share of the batch that was classified rightly before the update."""


class AveragedMetrics(Record):
    """How the running average of the weights fares."""

    loss: float
    """The mean data loss, without penalties."""
    losses: dict[str, float]
    """The mean of each loss layer."""
    accuracy: float | None
    """The share of examples that was classified rightly; None without class scores."""
    penalties: dict[str, float] = Field(default_factory=dict)
    """Each penalty at the averaged weights."""


class Evaluated(EventBase):
    """The network has been evaluated on a split, in evaluation mode."""

    type: Literal["evaluated"] = "evaluated"
    """The name of this event."""
    split: Literal["train", "validation", "test"]
    """Which examples."""
    loss: float
    """The mean data loss, without penalties."""
    losses: dict[str, float]
    """The mean of each loss layer."""
    accuracy: float | None
    """The share of examples that was classified rightly; None without class scores."""
    examples: int
    """How many examples there were."""
    penalties: dict[str, float] = Field(default_factory=dict)
    """Each penalty at these weights, named as in steps; none in logs of older versions."""
    best: bool = False
    """Whether the monitored metric is the best so far."""
    update_ratios: dict[str, float] = Field(default_factory=dict)
    """‖Δw‖/‖w‖ of the last update for each parameter; about 0.001 is healthy (CS231n, NN 3)."""
    grad_norms: dict[str, float] = Field(default_factory=dict)
    """‖dw‖ of the last step for each parameter, before clipping; none in logs of older versions."""
    averaged: AveragedMetrics | None = None
    """The same of the running average of the weights, where one is kept."""


class Snapshot(EventBase):
    """Arrays have been written into the run directory."""

    type: Literal["snapshot"] = "snapshot"
    """The name of this event."""
    what: Literal["checkpoint", "taps"]
    """A checkpoint to go on from, or values that somebody asked for."""
    file: str
    """Its path inside the run directory, with forward slashes."""


class Changed(EventBase):
    """Something was changed while training; all but pauses are made again on a resume."""

    type: Literal["changed"] = "changed"
    """The name of this event."""
    field: Literal["rate", "penalty", "drop", "paused"]
    """What was changed."""
    of: str = ""
    """Which penalty, or which dropout layer."""
    value: float | bool
    """Its new value."""
    replayed: bool = False
    """Whether it repeats a change of an earlier session at the same step."""
    reason: str = ""
    """For a pause that nobody asked for: what cannot be written, and what to do about it."""

    @property
    def what(self) -> str:
        """What was changed, in words: ``rate``, ``l2 penalty``, ``drop of drop1``."""
        if self.field == "penalty":
            return f"{self.of} penalty"
        return f"drop of {self.of}" if self.field == "drop" else self.field


class Refused(EventBase):
    """A control line could not be followed; training goes on."""

    type: Literal["refused"] = "refused"
    """The name of this event."""
    command: str
    """The line, cut to a readable length."""
    reason: str
    """What is wrong with it."""


class Finished(EventBase):
    """Training has ended without an error, and its last state is saved."""

    type: Literal["finished"] = "finished"
    """The name of this event."""
    reason: Literal["complete", "early-stopping", "stopped"]
    """Why it ended; a run that was stopped can go on."""
    monitor: Literal["accuracy", "loss"] | None = None
    """The metric that chose the best checkpoint."""
    best_step: int | None = None
    """The step with the best monitored metric."""
    best_value: float | None = None
    """That metric."""


class Failed(EventBase):
    """Training has ended with an error; the last good checkpoint is kept."""

    type: Literal["failed"] = "failed"
    """The name of this event."""
    error: str
    """The class of the error."""
    message: str
    """What went wrong, and what to do."""
    node: str | None = None
    """For NaN and infinity: the first layer that had one."""
    what: str | None = None
    """For NaN and infinity: whether it was in a value or in a gradient."""


Event = Started | Step | Evaluated | Snapshot | Changed | Refused | Finished | Failed
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def parse_line(line: bytes | str) -> Event | None:
    """The event of one line of a log, or None when the line is damaged."""
    try:
        event: Event = _ADAPTER.validate_json(line)
    except ValidationError:
        return None
    return event
