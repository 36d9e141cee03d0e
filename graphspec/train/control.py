"""Steering a training while it runs: from a script, from the keyboard, or over a pipe."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from graphspec.layers.base import Identifier
from graphspec.record import Record

_SHOWN = 200


class Pause(Record):
    """Wait before the next step."""

    do: Literal["pause"] = "pause"
    """The name of this command."""


class Resume(Record):
    """Go on after a pause."""

    do: Literal["resume"] = "resume"
    """The name of this command."""


class StepOnce(Record):
    """Make one step, then pause."""

    do: Literal["step"] = "step"
    """The name of this command."""


class Stop(Record):
    """Finish the step, save, and end; the run can go on later."""

    do: Literal["stop"] = "stop"
    """The name of this command."""


class SetRate(Record):
    """Use another learning rate from the next step on; the schedule scales it."""

    do: Literal["set_rate"] = "set_rate"
    """The name of this command."""
    rate: float = Field(gt=0)
    """The update rule's new rate, before the schedule."""


class SetPenalty(Record):
    """Use another strength of a penalty from the next step on."""

    do: Literal["set_penalty"] = "set_penalty"
    """The name of this command."""
    name: Annotated[str, Field(max_length=_SHOWN)]
    """The penalty as the log names it: its kind, and its number where a kind comes twice; for
    ``elastic_net`` followed by ``.l1`` or ``.l2``."""
    strength: float = Field(ge=0)
    """Its new λ."""


class SetDrop(Record):
    """Use another probability to drop from the next step on."""

    do: Literal["set_drop"] = "set_drop"
    """The name of this command."""
    layer: Identifier
    """A dropout layer."""
    drop: float = Field(ge=0, lt=1)
    """Its new ``drop``."""


class SaveCheckpoint(Record):
    """Save a checkpoint before the next step."""

    do: Literal["checkpoint"] = "checkpoint"
    """The name of this command."""


class Detach(Record):
    """Go on when the other end of the pipe is gone. For workers; a training does not see it."""

    do: Literal["detach"] = "detach"
    """The name of this command."""


class TapRequest(Record):
    """A value or gradient to look at."""

    node: Identifier
    """The layer."""
    what: Literal["value", "grad"] = "value"
    """What flows out of it, or the loss's gradient there."""


class TakeTaps(Record):
    """Write values or gradients of the next step's batch into the run's ``taps`` folder."""

    do: Literal["taps"] = "taps"
    """The name of this command."""
    taps: Annotated[tuple[TapRequest, ...], Field(min_length=1, max_length=1000)]
    """What to look at."""


class WriteWeights(Record):
    """Write the weights of now into the run's ``taps`` folder; the log does not tell of it."""

    do: Literal["weights"] = "weights"
    """The name of this command."""


class Unreadable(Record):
    """A line that is no command; training logs it and goes on."""

    command: str
    """The line, cut to a readable length."""
    reason: str
    """What is wrong with it."""


Change = SetRate | SetPenalty | SetDrop
AnyCommand = (
    Pause | Resume | StepOnce | Stop | Change | SaveCheckpoint | TakeTaps | WriteWeights | Detach
)
Command = AnyCommand | Unreadable
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="do")])


def parse_command(line: bytes) -> Command:
    """Read one line of JSON, such as ``{"do": "set_rate", "rate": 0.01}``; never raises."""
    try:
        command: Command = _ADAPTER.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        return Unreadable(command=line[:_SHOWN].decode(errors="replace"), reason=reason)
    return command


class Control:
    """The commands that wait for a training. Any thread may send them.

    The training takes them between two steps, in the order in which they were sent.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def send(self, command: Command) -> None:
        """Add a command."""
        self._queue.put(command)

    def pause(self) -> None:
        """Wait before the next step."""
        self.send(Pause())

    def resume(self) -> None:
        """Go on after a pause."""
        self.send(Resume())

    def step_once(self) -> None:
        """Make one step, then pause."""
        self.send(StepOnce())

    def stop(self) -> None:
        """Finish the step, save, and end."""
        self.send(Stop())

    def set_rate(self, rate: float) -> None:
        """Use another learning rate from the next step on."""
        self.send(SetRate(rate=rate))

    def set_penalty(self, name: str, strength: float) -> None:
        """Use another strength of a penalty from the next step on."""
        self.send(SetPenalty(name=name, strength=strength))

    def set_drop(self, layer: str, drop: float) -> None:
        """Let a dropout layer drop another share from the next step on."""
        self.send(SetDrop(layer=layer, drop=drop))

    def checkpoint(self) -> None:
        """Save before the next step."""
        self.send(SaveCheckpoint())

    def take_taps(self, *taps: TapRequest) -> None:
        """Write values or gradients of the next step's batch into the run's ``taps`` folder."""
        self.send(TakeTaps(taps=taps))

    def write_weights(self) -> None:
        """Write the weights of now into the run's ``taps`` folder."""
        self.send(WriteWeights())

    def take(self, *, wait: bool = False) -> Command | None:
        """The oldest command, or None; with ``wait`` it waits until there is one."""
        if not wait:
            try:
                return self._queue.get_nowait()
            except queue.Empty:
                return None
        while True:
            try:
                # A wait without an end would keep Ctrl+C out on Windows.
                return self._queue.get(timeout=0.2)
            except queue.Empty:
                continue


@contextmanager
def stop_on_interrupt(control: Control) -> Iterator[None]:
    """The first Ctrl+C in this block stops the training cleanly; the second stops at once.

    Outside the main thread it changes nothing, because signals go to that thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        control.stop()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
