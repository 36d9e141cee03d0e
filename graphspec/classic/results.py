"""A run directory with what a baseline found, as the runs of networks have one.

spec.json        the question alone: inputs of the examples and their classes, and no layers
config.json      the data and how it was divided
env.json         versions and processor
events.jsonl     an evaluation on the validation split for each k (its ``step``), then the test
classic.json     the method, its settings, its results
test-uses.jsonl  a line for each time that the test examples were asked
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from graphspec import atomic, document
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import RunError
from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.train import environment, rundir
from graphspec.train.events import Evaluated, Event, Finished, Started
from graphspec.train.rundir import Run
from graphspec.train.session import new_folder
from graphspec.train.test_use import count_test_use

RESULTS = "classic.json"


def write_run(
    spec: GraphSpec,
    config: TrainConfig,
    results: Mapping[str, Any],
    *,
    began: float,
    path: str | os.PathLike[str] | None = None,
) -> Run:
    """Write a finished run of nearest neighbours.

    ``graphspec runs`` lists and shows it like any other; there is no network in it to go on with
    or to predict by.

    Args:
        spec: the inputs of the question; its name is the run's.
        config: the data and how it was divided.
        results: JSON values, as ``graphspec knn --json`` prints them.
        began: when it began, in Unix seconds.
        path: the new folder; None makes one in the runs folder.

    Raises:
        RunError: the folder cannot be made, or is not empty.
    """
    folder = new_folder(spec.name) if path is None else Path(path)
    versions = environment.capture(NumpyEngine())
    versions = {key: value for key, value in versions.items() if key not in ("engine", "threads")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(f"{str(folder)!r} is not empty. Choose a new folder.")
        atomic.write_text(folder / rundir.CONFIG, config.model_dump_json(indent=2) + "\n")
        atomic.write_text(folder / rundir.ENVIRONMENT, json.dumps(versions, indent=2) + "\n")
        atomic.write_text(folder / RESULTS, json.dumps(results, indent=2) + "\n")
        log = b"".join(event.to_line() for event in _events(spec.name, results, began))
        atomic.write_bytes(folder / rundir.EVENTS, log)
        for row in results["accuracy"]:
            count_test_use(folder, f"k={row['k']}")
        # Last, because it is what makes the folder a run.
        document.save(spec, folder / rundir.SPEC)
    except OSError as error:
        raise RunError(f"cannot write the results to {str(folder)!r}: {error.strerror}") from error
    return Run(folder)


def read_results(run: Run) -> dict[str, Any] | None:
    """What a baseline found; None for the run of a network.

    Raises:
        RunError: the file is damaged.
    """
    try:
        found = json.loads((run.path / RESULTS).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(f"the run {str(run.path)!r} is damaged: {RESULTS} ({error})") from error
    return found if isinstance(found, dict) else {}


def _events(name: str, results: Mapping[str, Any], began: float) -> Iterator[Event]:
    """The history: an evaluation for each k, whose ``step`` is k and whose loss is the error."""
    folds, tested = results["folds"], results["accuracy"]
    examples = {"train": results["train"], "test": results["test"]}
    yield Started(
        step=0,
        epoch=0,
        time=began,
        model=name,
        engine="",
        params=0,
        steps_per_epoch=1,
        total_steps=0,
        examples={split: count for split, count in examples.items() if count},
    )
    best: tuple[int, float] | None = None
    rows: list[tuple[int, float]] = []
    if folds is not None:
        means = dict(zip(folds["k"], folds["mean"], strict=True))
        best = folds["best"], means.pop(folds["best"])
        # The latest evaluation is what a listing shows.
        rows = [*means.items(), best]
    for k, mean in rows:
        yield _evaluated("validation", k, mean, results["train"], best=(k, mean) == best)
    for row in tested:
        yield _evaluated("test", row["k"], row["accuracy"], results["test"])
    yield Finished(
        step=0,
        epoch=1,
        reason="complete",
        monitor=None if best is None else "accuracy",
        best_step=None if best is None else best[0],
        best_value=None if best is None else best[1],
    )


def _evaluated(
    split: Literal["validation", "test"],
    k: int,
    accuracy: float,
    examples: int,
    best: bool = False,
) -> Evaluated:
    return Evaluated(
        step=k,
        epoch=1,
        split=split,
        loss=1 - accuracy,
        losses={"error": 1 - accuracy},
        accuracy=accuracy,
        examples=examples,
        best=best,
    )
