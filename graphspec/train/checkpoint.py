"""Checkpoints: everything that the next step depends on, in one file with a known hash.

A checkpoint is a safetensors file. Its arrays have the names that the executable gives them
(``conv1.weight``, ``conv1.weight/velocity``), ``order``, the permutation of the running epoch,
``update/s`` for what a rule remembers of the weights as a whole, and ``average/conv1.weight`` for
their running average; its metadata holds the rest as JSON. ``manifest.json`` lists the files with
their SHA-256. It is written last, so that a file it names is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from graphspec import atomic
from graphspec.data.loader import LoaderState
from graphspec.engines.base import Array, ExecutableState
from graphspec.errors import CheckpointError
from graphspec.recipe.schedules.base import Seen
from graphspec.record import Record

_METADATA = "graphspec"
_ORDER = "order"
_STEP = "step"
_UPDATE, _AVERAGE = "update/", "average/"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is: the updates made, the rate, and what early stopping remembers.

    ``rate`` is the update rule's rate before the schedule; ``penalties`` and ``drops`` have the
    strengths, and the shares that layers drop, which were changed while training, by name.
    ``stale`` counts evaluations since the best one; ``seen`` is what the schedule remembers of
    the evaluations.
    """

    step: int = 0
    rate: float = 0.0
    best_step: int | None = None
    best_value: float | None = None
    stale: int = 0
    seen: Seen = field(default_factory=Seen)
    penalties: dict[str, float] = field(default_factory=dict)
    drops: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainState:
    """Everything needed to go on exactly.

    ``memory`` and ``generator`` belong to a rule that asks for the whole loss; ``average`` is the
    running average of the weights, by full name. Trainings without these have none.
    """

    progress: Progress
    executable: ExecutableState
    loader: LoaderState
    memory: Mapping[str, Array] = field(default_factory=dict)
    generator: Mapping[str, Any] | None = None
    average: Mapping[str, Array] = field(default_factory=dict)


class Entry(Record):
    """One checkpoint in the manifest."""

    file: str = Field(pattern=r"^step-\d+(-\d+)?\.safetensors$")
    """Its name in the ``checkpoints`` folder."""
    step: int
    """Updates made before it was saved."""
    sha256: str
    """The hash of the file."""
    log_bytes: int
    """The size of the event log when it was saved."""
    best: bool = False
    """Whether it is the best so far."""


class Manifest(Record):
    """What is in the ``checkpoints`` folder, oldest first."""

    checkpoints: tuple[Entry, ...] = ()
    """The checkpoints that can be used."""

    @property
    def best(self) -> Entry | None:
        """The checkpoint with the best monitored metric."""
        return next((entry for entry in reversed(self.checkpoints) if entry.best), None)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a ``checkpoints`` folder; without one there is nothing in it.

    Raises:
        CheckpointError: it is damaged.
    """
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValidationError) as error:
        raise CheckpointError(f"the manifest {str(path)!r} cannot be read: {error}") from error


def write_state(path: Path, state: TrainState) -> str:
    """Write a checkpoint, whole or not at all, and return its SHA-256.

    Raises:
        OSError: as the system gives it.
    """
    content = {
        "progress": asdict(state.progress),
        "generators": dict(state.executable.generators),
        "loader": {
            "epoch": state.loader.epoch,
            "cursor": state.loader.cursor,
            "generator": state.loader.generator,
        },
        "update": state.generator,
    }
    arrays = {
        **state.executable.arrays,
        _ORDER: state.loader.order,
        **{_UPDATE + name: array for name, array in state.memory.items()},
        **{_AVERAGE + name: array for name, array in state.average.items()},
    }
    return write_arrays(path, arrays, {_METADATA: json.dumps(content, default=_plain)})


def _plain(value: Any) -> Any:
    """A state of a generator may hold numpy's integers and arrays."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def write_arrays(
    path: Path, arrays: Mapping[str, Array], metadata: dict[str, str] | None = None
) -> str:
    """Write arrays as safetensors, whole or not at all, and return the file's SHA-256."""
    with atomic.writing(path) as temporary:
        _fill(temporary, arrays, metadata)
        return hash_file(temporary)


def write_passing_weights(path: Path, weights: Mapping[str, Array], step: int) -> None:
    """Write the weights of a step for whoever watches; they need not survive a power cut."""
    with atomic.writing(path, durable=False) as temporary:
        _fill(temporary, weights, {_STEP: str(step)})


def read_passing_weights(path: Path) -> tuple[dict[str, Array], int]:
    """What ``write_passing_weights`` wrote: the weights and their step.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    arrays, metadata = read_arrays(path)
    try:
        return arrays, int(metadata[_STEP])
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{str(path)!r} does not say of which step it is") from error


def _fill(path: Path, arrays: Mapping[str, Array], metadata: dict[str, str] | None) -> None:
    try:
        # Some versions of safetensors write wrong bytes for arrays of another memory order.
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        save_file(contiguous, path, metadata)
    except SafetensorError as error:
        # It wraps the system's error (a full disk) in its own.
        raise OSError(str(error)) from error


def hash_file(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_arrays(path: Path, sha256: str | None = None) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and the metadata of a safetensors file.

    Raises:
        CheckpointError: it is missing or damaged, or has another hash than ``sha256``.
    """
    try:
        if sha256 is not None and hash_file(path) != sha256:
            raise CheckpointError(
                f"the checkpoint {str(path)!r} is damaged: its SHA-256 is not the one in "
                f"{MANIFEST}. Use another checkpoint."
            )
        with safe_open(path, framework="numpy") as file:  # type: ignore[no-untyped-call]
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
            return arrays, dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{str(path)!r} cannot be read: {error}") from error


class _LoaderContent(Record):
    epoch: int
    cursor: int
    generator: dict[str, Any]


class _Content(Record):
    progress: Progress
    generators: dict[str, dict[str, Any]]
    loader: _LoaderContent
    update: dict[str, Any] | None = None


_CONTENT: TypeAdapter[_Content] = TypeAdapter(_Content)


def read_state(path: Path, sha256: str | None = None) -> TrainState:
    """Read a checkpoint.

    Raises:
        CheckpointError: it is missing or damaged, or holds weights alone.
    """
    arrays, metadata = read_arrays(path, sha256)
    try:
        content = _CONTENT.validate_json(metadata[_METADATA])
        order = arrays.pop(_ORDER)
    except (KeyError, ValidationError) as error:
        raise CheckpointError(
            f"{str(path)!r} is no checkpoint of graphspec: it lacks the state of a training"
        ) from error
    loader = content.loader
    # A weight's full name has a dot before any slash, so that these beginnings are nobody's.
    memory, average = _split_off(arrays, _UPDATE), _split_off(arrays, _AVERAGE)
    return TrainState(
        content.progress,
        ExecutableState(arrays, content.generators),
        LoaderState(loader.epoch, loader.cursor, order, loader.generator),
        memory,
        content.update,
        average,
    )


def _split_off(arrays: dict[str, Array], beginning: str) -> dict[str, Array]:
    """Take the arrays whose names begin so out of the others."""
    names = [name for name in arrays if name.startswith(beginning)]
    return {name.removeprefix(beginning): arrays.pop(name) for name in names}


def read_weights(
    path: Path, sha256: str | None = None, *, averaged: bool = False
) -> dict[str, Array]:
    """The weights and running statistics of a checkpoint, or of any safetensors file.

    With ``averaged`` their running average, in float64.

    Raises:
        CheckpointError: it is missing or damaged, or has no average.
    """
    arrays, _ = read_arrays(path, sha256)
    average = _split_off(arrays, _AVERAGE)
    if not averaged:
        return {name: array for name, array in arrays.items() if "/" not in name and name != _ORDER}
    if not average:
        raise CheckpointError(
            f"{str(path)!r} has no running average of the weights. Train with "
            '--set training.average=\'{"kind": "ema"}\', or take the weights as they are'
        )
    return average


class CheckpointFolder:
    """The ``checkpoints`` folder of a run, as its writer sees it."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder, self.keep = folder, keep
        self.manifest = read_manifest(folder)

    def newest(self) -> tuple[Entry, TrainState] | None:
        """The newest checkpoint that is whole; None when there is none.

        Raises:
            CheckpointError: there are checkpoints, and all are damaged.
        """
        failure: CheckpointError | None = None
        for entry in reversed(self.manifest.checkpoints):
            try:
                return entry, read_state(self.folder / entry.file, entry.sha256)
            except CheckpointError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return None

    def forget_after(self, entry: Entry) -> None:
        """Leave out what came after a checkpoint: it is damaged, and will be made anew."""
        entries = self.manifest.checkpoints[: self.manifest.checkpoints.index(entry) + 1]
        if entries != self.manifest.checkpoints:
            self._replace(Manifest(checkpoints=entries))

    def add(self, state: TrainState, *, log_bytes: int, best: bool) -> str:
        """Save a checkpoint, name it in the manifest, drop old ones; return the file's name.

        Raises:
            OSError: as the system gives it; the manifest then names what it named before.
        """
        self.folder.mkdir(exist_ok=True)
        step = state.progress.step
        taken = {entry.file for entry in self.manifest.checkpoints}
        name, number = f"step-{step:08d}.safetensors", 1
        while name in taken:
            number += 1
            name = f"step-{step:08d}-{number}.safetensors"
        digest = write_state(self.folder / name, state)
        before = self.manifest.checkpoints
        if best:
            before = tuple(entry.model_copy(update={"best": False}) for entry in before)
        entry = Entry(file=name, step=step, sha256=digest, log_bytes=log_bytes, best=best)
        entries = (*before, entry)
        kept = tuple(
            item for i, item in enumerate(entries) if item.best or i >= self._oldest(entries)
        )
        self._replace(Manifest(checkpoints=kept))
        return name

    def _oldest(self, entries: tuple[Entry, ...]) -> int:
        return max(0, len(entries) - self.keep)

    def _replace(self, manifest: Manifest) -> None:
        text = manifest.model_dump_json(indent=1) + "\n"
        atomic.write_text(self.folder / MANIFEST, text)
        self.manifest = manifest
        self.clean()

    def clean(self) -> None:
        """Remove files that the manifest does not name: old ones, and what a crash left over."""
        named = {entry.file for entry in self.manifest.checkpoints} | {MANIFEST}
        # A file that cannot be removed (held open, on Windows) is tried again next time.
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.name not in named and path.name.startswith(
                    ("step-", ".step-", ".manifest")
                ):
                    with suppress(OSError):
                        path.unlink()
