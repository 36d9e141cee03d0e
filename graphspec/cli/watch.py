"""Running a training in this process, shown as it goes, with Ctrl+C that saves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Literal

from rich.text import Text

from graphspec.cli.failure import INTERRUPTED
from graphspec.cli.output import ACCENT, err, say
from graphspec.cli.progress import TrainingView
from graphspec.data.dataset import Dataset
from graphspec.engines.choosing import AS_BEFORE, Choice
from graphspec.graph import examples_in_words
from graphspec.recipe.config import TrainConfig
from graphspec.train.control import Control, stop_on_interrupt
from graphspec.train.events import Changed, Event, Finished, Step
from graphspec.train.rundir import Run
from graphspec.train.session import train_run

Shown = Literal["progress", "json", "nothing"]


def watch(
    run: Run,
    *,
    shown: Shown,
    config: TrainConfig | None = None,
    data: Dataset | None = None,
    choice: Choice = AS_BEFORE,
) -> int:
    """Train a run to its end or to the first Ctrl+C, and return the exit code.

    Args:
        run: the run, new or to go on with.
        shown: a live view, the events as JSON lines, or nothing.
        config: changed settings for a run that goes on.
        data: what it is trained on; None loads what its settings name.
        choice: another engine, number of threads or accuracy than the run's.

    Raises:
        GraphspecError: as ``train_run``.
    """
    control = Control()
    last: Event | None = None
    step: Step | None = None
    with stop_on_interrupt(control):
        events = train_run(run.path, data=data, control=control, config=config, choice=choice)
        for event in _shown(events, run, shown):
            last = event
            step = event if isinstance(event, Step) else step
    stopped = isinstance(last, Finished) and last.reason == "stopped"
    if shown == "progress":
        _say_what_next(run, step, stopped=stopped)
    return INTERRUPTED if stopped else 0


def _shown(events: Iterator[Event], run: Run, shown: Shown) -> Iterator[Event]:
    if shown == "progress":
        of = examples_in_words(run.spec.inputs, run.spec.layers)
        with TrainingView(run.config.batch, of=of) as view:
            for event in events:
                view.show(event)
                yield event
        return
    for event in events:
        if isinstance(event, Changed) and event.reason:
            err.print(Text.assemble(("! ", "bold yellow"), f"paused: {event.reason}"))
        if shown == "json":
            sys.stdout.buffer.write(event.to_line())
            sys.stdout.flush()
        yield event


def _say_what_next(run: Run, step: Step | None, *, stopped: bool) -> None:
    if stopped:
        say(f"\nSaved. The run is in {run.path}")
        say(Text.assemble("Go on with  ", (f"graphspec resume {run.path}", ACCENT)))
        return
    say(f"\nDone. The run is in {run.path}")
    last = run.last
    if isinstance(last, Finished) and last.best_value is not None:
        value = f"{last.best_value:.2%}" if last.monitor == "accuracy" else f"{last.best_value:.4f}"
        say(f"Held-out {last.monitor}: {value} (best checkpoint: step {last.best_step:,})")
    elif step is not None:
        accuracy = "" if step.accuracy is None else f", accuracy {step.accuracy:.2%}"
        loss = sum(step.losses.values())
        say(f"Loss of the last batch: {loss:.4f}{accuracy} (nothing was held out)")
    say("\nThree things to do next:")
    for what, command in _next_commands(run):
        say(Text.assemble(f"  {what:36}", (command, ACCENT)))


def _next_commands(run: Run) -> Iterator[tuple[str, str]]:
    if run.started is not None and run.started.examples.get("test"):
        yield "measure it on the test split", f"graphspec evaluate {run.path} --split test"
    else:
        yield "see how it went", f"graphspec runs show {run.path}"
    yield "see what it is made of", f"graphspec summary {run.path / 'spec.json'}"
    steps = run.config.steps
    longer = f"--steps {steps * 2}" if steps else f"--epochs {run.config.epochs * 2}"
    yield "train it longer, from here", f"graphspec resume {run.path} {longer}"
