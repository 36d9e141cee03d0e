"""A run directory as its readers see it: what was trained, how it went, and whether it goes on.

spec.json  config.json  env.json      what was trained, how, and where
events.jsonl                          the history, one event a line
events.lost.jsonl                     steps that were made again after a resume
preprocess.safetensors                what the preprocessing was fitted to
checkpoints/                          see graphspec.train.checkpoint
taps/                                 values that somebody asked to see
remarks.json                          what people say of it: a note, a star
lock                                  held by the process that writes
"""

from __future__ import annotations

import json
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import from_json

from graphspec import document
from graphspec.errors import RunError, SpecError
from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.preprocess.pipeline import Pipeline
from graphspec.train.checkpoint import Entry, read_arrays, read_manifest
from graphspec.train.events import Evaluated, Event, Failed, Finished, Started, parse_line
from graphspec.train.lock import is_locked, kept_still
from graphspec.train.log import Cursor, Tail, events_backwards, first_event, read_log
from graphspec.train.reading import Reading, read_history

SPEC, CONFIG, ENVIRONMENT = "spec.json", "config.json", "env.json"
EVENTS, LOST = "events.jsonl", "events.lost.jsonl"
PREPROCESS, CHECKPOINTS, TAPS = "preprocess.safetensors", "checkpoints", "taps"
PASSING_WEIGHTS = f"{TAPS}/weights.safetensors"
FOLDER_VARIABLE = "GRAPHSPEC_RUNS"

Status = Literal["new", "running", "finished", "stopped", "failed", "interrupted", "newer"]


class Run:
    """A run directory, read when it is asked for; another process may be writing to it.

    Raises:
        RunError: the folder is no run directory.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not (self.path / SPEC).is_file() or not (self.path / CONFIG).is_file():
            raise RunError(
                f"{str(self.path)!r} is no run directory: it has no {SPEC} and {CONFIG}. "
                "graphspec runs list shows the runs that there are."
            )

    def __repr__(self) -> str:
        return f"<Run {str(self.path)!r}: {self.status}>"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def is_newer(self) -> bool:
        """Whether it has a format to come, of which this version can neither read nor write."""
        try:
            found = from_json((self.path / SPEC).read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and document.is_newer(found.get("format"))

    @cached_property
    def spec(self) -> GraphSpec:
        """The network.

        Raises:
            RunError: the file is damaged, or of a format to come.
        """
        self._refuse_newer()
        try:
            return document.load(self.path / SPEC)
        except SpecError as error:
            raise self._damaged(SPEC, error) from error

    @property
    def config(self) -> TrainConfig:
        """The settings; a resume may have changed some.

        Raises:
            RunError: the file is damaged, or of a format to come.
        """
        self._refuse_newer()
        try:
            return TrainConfig.model_validate_json((self.path / CONFIG).read_bytes())
        except (OSError, ValidationError) as error:
            raise self._damaged(CONFIG, error) from error

    @property
    def env(self) -> dict[str, Any]:
        """The engine, versions and threads of the latest session.

        Raises:
            RunError: the file is damaged.
        """
        try:
            content = json.loads((self.path / ENVIRONMENT).read_bytes())
        except (OSError, ValueError) as error:
            raise self._damaged(ENVIRONMENT, error) from error
        if not isinstance(content, dict):
            raise self._damaged(ENVIRONMENT, ValueError("not an object"))
        return content

    @property
    def status(self) -> Status:
        """Whether it is being written to, else how it ended.

        "stopped" means that somebody asked it to, "interrupted" that its process was killed. Of
        a "newer" format that cannot be told: the words in its log may mean something else.
        """
        if self.is_newer:
            return "newer"
        if is_locked(self.path):
            return "running"
        last = self.last
        if last is None:
            return "new"
        if isinstance(last, Finished):
            return "stopped" if last.reason == "stopped" else "finished"
        return "failed" if isinstance(last, Failed) else "interrupted"

    @property
    def started(self) -> Started | None:
        """The first event that says what began; None before it has."""
        event = first_event(self.path / EVENTS)
        return event if isinstance(event, Started) else None

    @property
    def sessions(self) -> tuple[Started, ...]:
        """The event that each session began with; the rest of the log is not parsed."""
        path = self.path / EVENTS
        if not path.exists():
            return ()
        with path.open("rb") as lines:
            found = [parse_line(line) for line in lines if b'"started"' in line]
        return tuple(event for event in found if isinstance(event, Started))

    @property
    def last(self) -> Event | None:
        """The last event, read from the end of the log."""
        return next(events_backwards(self.path / EVENTS), None)

    @property
    def metrics(self) -> Evaluated | None:
        """The latest evaluation on the validation split."""
        events = events_backwards(self.path / EVENTS, only=b'"evaluated"')
        found = (item for item in events if isinstance(item, Evaluated))
        return next((item for item in found if item.split == "validation"), None)

    @property
    def events(self) -> tuple[Event, ...]:
        """The whole history."""
        return self.read_events().events

    def read_events(self, cursor: Cursor | None = None, *, most: int | None = None) -> Tail:
        """The history beyond a cursor; its own ``cursor`` leads on to what comes next.

        With ``most``, at most so many bytes of the log are read.
        """
        return read_log(self.path / EVENTS, cursor, most=most)

    def read_history(self, cursor: Cursor | None = None, *, most: int | None = None) -> Reading:
        """The same as curves, which is far faster to read than events one by one."""
        return read_history(self.path / EVENTS, cursor, most=most)

    @property
    def checkpoints(self) -> tuple[Entry, ...]:
        """The checkpoints, oldest first.

        Raises:
            CheckpointError: the manifest is damaged.
        """
        return read_manifest(self.path / CHECKPOINTS).checkpoints

    @property
    def latest(self) -> Entry | None:
        """The newest checkpoint."""
        return next(iter(reversed(self.checkpoints)), None)

    @property
    def best(self) -> Entry | None:
        """The checkpoint with the best monitored metric."""
        return read_manifest(self.path / CHECKPOINTS).best

    def checkpoint_path(self, entry: Entry) -> Path:
        """Where a checkpoint lies."""
        return self.path / CHECKPOINTS / entry.file

    @property
    def pipeline(self) -> Pipeline | None:
        """The preprocessing with what it was fitted to; None before training has begun.

        Raises:
            CheckpointError: the file is damaged.
        """
        path = self.path / PREPROCESS
        if not path.exists():
            return None
        arrays, _ = read_arrays(path)
        return Pipeline(self.config.preprocess, arrays)

    def rename(self, name: str) -> Run:
        """Give the folder another name beside its old one, and return the run there.

        Raises:
            RunError: the name is taken or no plain name, or the run is being written to.
        """
        target = self.path.with_name(_plain_name(name))
        if target.exists():
            raise RunError(f"there is a run {name!r} already")
        try:
            with kept_still(self.path):
                self.path.rename(target)
        except OSError as error:
            raise RunError(f"cannot rename {self.name!r}: {error.strerror}") from error
        return Run(target)

    def delete(self) -> None:
        """Remove the folder with everything in it.

        Raises:
            RunError: the run is being written to, or the folder cannot be removed.
        """
        try:
            with kept_still(self.path):
                # Without its spec it is no run, whatever happens to the rest.
                (self.path / SPEC).unlink()
                shutil.rmtree(self.path)
        except OSError as error:
            raise RunError(f"cannot remove {str(self.path)!r}: {error.strerror}") from error

    def _refuse_newer(self) -> None:
        if self.is_newer:
            raise RunError(
                f"the run {str(self.path)!r} was written by a newer version of graphspec, in a "
                "format that this one cannot read. Update graphspec: pip install -U "
                "graphspec-studio"
            )

    def _damaged(self, file: str, error: Exception) -> RunError:
        return RunError(f"the run {str(self.path)!r} is damaged: {file} cannot be read ({error})")


def _plain_name(name: str) -> str:
    """A name that is a portable file name.

    Raises:
        RunError: it is not.
    """
    good = name.strip(". ") == name and name.isprintable() and 0 < len(name) <= 120
    if not good or any(character in '/\\:*?"<>|' for character in name):
        raise RunError(f"{name!r} cannot be a run's name: use letters, digits, '-', '_' and '.'")
    return name


def runs_folder() -> Path:
    """Where runs are kept: what ``GRAPHSPEC_RUNS`` says, else ``runs`` in the current folder."""
    return Path(os.environ.get(FOLDER_VARIABLE) or "runs")


def list_runs(folder: str | os.PathLike[str] | None = None) -> list[Run]:
    """The runs in a folder (default: the runs folder), newest first."""
    root = runs_folder() if folder is None else Path(folder)
    try:
        with os.scandir(root) as entries:
            candidates = [entry for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []
    found: list[tuple[float, Run]] = []
    for entry in candidates:
        try:
            found.append(((root / entry.name / SPEC).stat().st_mtime, Run(entry.path)))
        except (OSError, RunError):
            continue
    return [run for _, run in sorted(found, key=lambda pair: (pair[0], pair[1].name), reverse=True)]


def find_run(name: str | os.PathLike[str] | Run) -> Run:
    """The run at a path, or of a name in the runs folder; ``latest`` is the newest.

    Raises:
        RunError: there is none.
    """
    if isinstance(name, Run):
        return name
    path = Path(name)
    if (path / SPEC).is_file():
        return Run(path)
    if str(name) == "latest":
        runs = list_runs()
        if runs:
            return runs[0]
    if (runs_folder() / path / SPEC).is_file():
        return Run(runs_folder() / path)
    raise RunError(
        f"there is no run {str(name)!r}, here or in {str(runs_folder())!r}. "
        "graphspec runs list shows the runs that there are."
    )
