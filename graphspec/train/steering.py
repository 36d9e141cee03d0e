"""What commands do to a training: pausing, stopping, single steps, taps, and changes to repeat."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from graphspec.engines.base import Tap
from graphspec.plan import Plan
from graphspec.train.control import (
    Command,
    Control,
    Pause,
    Resume,
    StepOnce,
    Stop,
    TakeTaps,
    Unreadable,
)
from graphspec.train.events import Changed, Event, Refused

_LOOK_AGAIN = 0.05


class Steering:
    """Whether the training goes on, and what its next step is asked for.

    Args:
        control: where commands come from.
        plan: what is trained; taps must be in it.
        can_write: whether there is a run directory for taps.
        replay: changes that an earlier session made, to be made again.
    """

    def __init__(
        self, control: Control, plan: Plan, *, can_write: bool, replay: Sequence[Changed]
    ) -> None:
        self._control, self._plan, self._can_write = control, plan, can_write
        self._replay = list(replay)
        self._waiting: deque[Command] = deque()
        self._single_steps = 0
        self._taps: tuple[Tap, ...] = ()
        self.paused = self.stopped = False

    def next_command(self) -> Command | None:
        """The command that is to be followed now; while paused, it waits for one."""
        if self.stopped:
            return None
        if self._waiting:
            return self._waiting.popleft()
        return self._control.take(wait=self.paused and not self._single_steps)

    def follow(self, command: Command, now: dict[str, Any]) -> Iterator[Event]:
        """Follow a command that concerns neither the settings nor the checkpoints."""
        match command:
            case Stop():
                self.stopped = True
            case Pause():
                yield from self._pause(True, now)
            case Resume():
                self._single_steps = 0
                yield from self._pause(False, now)
            case StepOnce():
                yield from self._pause(True, now)
                self._single_steps += 1
            case TakeTaps():
                yield from self._plan_taps(command, now)
            case Unreadable(command=text, reason=reason):
                yield Refused(**now, command=text, reason=reason)

    def wait_for_room(self, seconds: float) -> bool:
        """Wait until a resume comes or the time is over; False when told to stop.

        What comes meanwhile is followed afterwards.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            command = self._control.take()
            if command is None:
                time.sleep(_LOOK_AGAIN)
                continue
            self._waiting.append(command)
            if isinstance(command, Stop):
                return False
            if isinstance(command, Resume | StepOnce):
                return True
        return True

    def changes_to_repeat(self, step: int) -> Iterator[Changed]:
        """What an earlier session changed before this step, in order, each told once."""
        while self._replay and self._replay[0].step <= step:
            yield self._replay.pop(0)

    def repeat_no_more(self, what: str) -> None:
        """Forget the earlier changes of one thing: a new one was made by hand."""
        self._replay = [change for change in self._replay if change.what != what]

    def take_taps(self) -> tuple[Tap, ...]:
        """What the next step is to tap."""
        taps, self._taps = self._taps, ()
        return taps

    def step_made(self) -> None:
        """Count a step that was made while paused."""
        self._single_steps = max(0, self._single_steps - 1)

    def _pause(self, paused: bool, now: dict[str, Any]) -> Iterator[Event]:
        if paused != self.paused:
            self.paused = paused
            yield Changed(**now, field="paused", value=paused)

    def _plan_taps(self, command: TakeTaps, now: dict[str, Any]) -> Iterator[Event]:
        reason = "" if self._can_write else "there is no run directory to write to"
        for tap in command.taps:
            tensor = self._plan.inputs.get(tap.node)
            if tensor is None and tap.node not in self._plan.by_id:
                reason = f"the graph has no layer {tap.node!r}"
            elif tensor is not None and tensor.dtype == "int" and tap.what == "grad":
                reason = f"{tap.node!r} is a label and has no gradient"
        if reason:
            yield Refused(**now, command=command.model_dump_json()[:200], reason=reason)
        else:
            wanted = (Tap(tap.node, tap.what) for tap in command.taps)
            self._taps = tuple(dict.fromkeys((*self._taps, *wanted)))
