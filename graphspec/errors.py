"""Every error that graphspec raises on purpose, and the record of one problem.

    GraphspecError
    ├── SpecError             a document or graph is wrong; carries all its problems
    │   ├── ShapeError        the shapes that meet at a layer do not fit
    │   └── SizeError         a graph would need more memory than its budget
    ├── DataError             a data set cannot be read or does not suit the graph
    │   └── UnsafeFileError   a file asks for more than its budget, or is not what it says
    ├── FeedError             the arrays given to an executable are not what its plan expects
    ├── EngineError           an engine cannot load or run a plan
    ├── NonFiniteError        training met NaN or infinity
    ├── OptionError           an option of a command or a call cannot be followed
    └── RunError              a run directory cannot be used
        ├── RunLockedError    another process is writing to it
        ├── RunWriteError     the system does not let it be written to
        └── CheckpointError   a checkpoint is missing, damaged, or of another model

    EngineWarning (a UserWarning)   numpy computes, because the fast engine cannot be used

A message says what is wrong, where, why, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from graphspec.graph import GraphSpec

JsonPath = tuple[str | int, ...]


def render_path(path: JsonPath) -> str:
    """Write a JSON path as people read it: ``("layers", 2, "pad")`` → ``layers[2].pad``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text or "(whole document)"


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that would remove a problem, with the words for its button.

    ``apply`` is pure: it takes the spec that has the problem and returns a new one.
    """

    label: str
    apply: Callable[[GraphSpec], GraphSpec] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a document.

    ``code`` is stable: it never changes its meaning between versions. ``path`` leads to the
    value in the JSON document; ``line`` and ``column`` (from 1) are known when it came from
    text. ``layer`` and ``port`` name the node and the input that the problem sits at, and
    ``arithmetic`` is the sum that fails, with its numbers; where several ``fields`` of a layer
    take part in it, ``path`` leads to the layer. An error keeps a graph from being
    compiled; a warning is shown and blocks nothing; advice is what ``graphspec.lint`` would do
    otherwise.
    """

    code: str
    message: str
    path: JsonPath = ()
    layer: str | None = None
    port: str | None = None
    arithmetic: str | None = None
    line: int | None = None
    column: int | None = None
    fixes: tuple[Fix, ...] = ()
    fields: tuple[str, ...] = ()
    severity: Literal["error", "warning", "advice"] = "error"

    @property
    def is_error(self) -> bool:
        """Whether the graph cannot be compiled before this is put right."""
        return self.severity == "error"

    @property
    def place(self) -> str:
        """Where it stands, as people read it: ``layers[2].kernel, stride, pad``."""
        path = render_path(self.path)
        return f"{path}.{', '.join(self.fields)}" if self.fields else path

    def __str__(self) -> str:
        """One line: the place, the code and the message, with the arithmetic behind it."""
        place = self.place
        if self.line is not None:
            place += f" (line {self.line}, column {self.column})"
        tail = f"  [{self.arithmetic}]" if self.arithmetic else ""
        kind = "" if self.is_error else f"{self.severity}: "
        return f"{place}: {kind}{self.message}{tail} ({self.code})"

    def to_json(self) -> dict[str, Any]:
        """The problem as JSON values; fixes are listed by their labels."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": list(self.path),
            "fields": list(self.fields),
            "layer": self.layer,
            "port": self.port,
            "arithmetic": self.arithmetic,
            "line": self.line,
            "column": self.column,
            "fixes": [fix.label for fix in self.fixes],
        }


class GraphspecError(Exception):
    """Base of every error that graphspec raises on purpose."""


class SpecError(GraphspecError):
    """A document or graph is wrong. ``problems`` holds every one that was found."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem("spec", problems)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ShapeError(SpecError):
    """The shapes that meet at a layer do not fit.

    Raised by ``Layer.infer``, which knows neither its place in the document nor the edits that
    would help; ``graphspec.check`` adds both. ``port`` is the input at fault, ``field`` the
    layer's field at fault, ``fields`` those that are at fault together, ``arithmetic`` the failing
    sum in words and numbers.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "shape-mismatch",
        port: str | None = None,
        field: str | None = None,
        fields: tuple[str, ...] = (),
        arithmetic: str | None = None,
    ) -> None:
        self.message, self.code = message, code
        self.port, self.field, self.fields, self.arithmetic = port, field, fields, arithmetic
        path = (field,) if field else ()
        super().__init__(
            [Problem(code, message, path, port=port, arithmetic=arithmetic, fields=fields)]
        )


class SizeError(SpecError):
    """A graph would need more memory than its budget; raised before anything is allocated."""


class DataError(GraphspecError):
    """A data set cannot be read, or does not suit the graph that it was given to."""


class UnsafeFileError(DataError):
    """A file asks for more than its budget allows, or is not what its name says."""


class FeedError(GraphspecError):
    """The arrays given to an executable are not what its plan expects."""


class EngineError(GraphspecError):
    """An engine cannot load or run a plan."""


class EngineWarning(UserWarning):
    """Numpy computes in place of the fast engine, which cannot be used here."""


class OptionError(GraphspecError):
    """An option of a command or a call cannot be followed: it is out of its range."""


class NonFiniteError(GraphspecError):
    """Training met NaN or infinity.

    ``node`` is the first layer in order whose value or gradient was not finite, ``what`` says
    which of the two, and ``step`` is the training step (from 0), or None outside training.
    """

    def __init__(self, node: str, what: str, step: int | None = None) -> None:
        self.node, self.what, self.step = node, what, step
        when = "" if step is None else f" at step {step}"
        super().__init__(
            f"the {what} of layer {node!r} is not finite{when}. Usual causes: a learning rate "
            "that is too high, data that is not scaled, or a log or division of zero. "
            "Try a tenth of the rate, or set clip_norm."
        )


class RunError(GraphspecError):
    """A run directory cannot be used."""


class RunLockedError(RunError):
    """Another process is writing to the run directory."""


class RunWriteError(RunError):
    """The system does not let a run directory be written to: no room, or no permission."""


class CheckpointError(RunError):
    """A checkpoint is missing, damaged, or belongs to another model."""
