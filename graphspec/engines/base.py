"""What an engine is, and what it makes of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import numpy.typing as npt

from graphspec.memory import Workspace
from graphspec.plan import Plan
from graphspec.recipe.constraints.base import Constraint
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.rules.base import UpdateRule

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]


class Tap(NamedTuple):
    """A value to look at: what flows out of a node, or the total loss's gradient there."""

    node: str
    what: Literal["value", "grad"] = "value"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a run gives: the outputs by id, and the tapped values."""

    values: Mapping[str, Array]
    taps: Mapping[Tap, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gradients:
    """Gradients of the total data loss.

    ``loss`` is the sum over the loss layers of their mean over the batch; ``losses`` has the mean
    of each. ``by_name`` has one array per trained parameter (``wrt="params"``) or per float input
    (``wrt="inputs"``).
    """

    loss: float
    losses: Mapping[str, float]
    by_name: Mapping[str, Array]
    values: Mapping[str, Array] = field(default_factory=dict)
    taps: Mapping[Tap, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One update: its number (from 0), its learning rate, and what is done before and after it.

    The penalties' gradients are added and the whole is clipped before it; weights are brought back
    to the constraints after it. With ``norms`` the gradient of each parameter is measured too.
    """

    index: int
    rate: float
    penalties: tuple[Penalty, ...] = ()
    clip_norm: float | None = None
    constraints: tuple[Constraint, ...] = ()
    norms: bool = False


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a training step reports; losses are those before the update.

    ``penalties`` has one value per penalty of the step; ``grad_norm`` is the global L2 norm of the
    gradient (penalties included), before clipping, and ``grad_norms`` the norm of each trained
    parameter's part of it, where the step asked for them. ``values`` holds the plan's outputs.
    """

    loss: float
    losses: Mapping[str, float]
    penalties: tuple[float, ...]
    grad_norm: float
    values: Mapping[str, Array]
    taps: Mapping[Tap, Array] = field(default_factory=dict)
    grad_norms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExecutableState:
    """Everything that an executable needs to go on exactly: arrays, and generators by name.

    Arrays are named ``conv1.weight`` (parameters and running statistics) and
    ``conv1.weight/velocity`` (the update rule's slots); generators ``layer:drop1``, and their
    states are JSON values.
    """

    arrays: Mapping[str, Array]
    generators: Mapping[str, Mapping[str, Any]]


class Executable(Protocol):
    """A plan with its arrays. Only an executable holds arrays.

    Only ``train_step`` and ``restore`` change it. ``run`` and ``grad`` leave weights, running
    statistics and generators as they are, so that looking at a network disturbs nothing: in
    training mode, calls in a row draw the same numbers.
    """

    @property
    def plan(self) -> Plan:
        """What it runs."""

    def run(
        self,
        feeds: Feeds,
        *,
        outputs: Sequence[str] | None = None,
        training: bool = False,
        taps: Sequence[Tap] = (),
    ) -> Outputs:
        """Compute the asked layers (default: the plan's outputs) and nothing they do not need.

        Raises:
            FeedError: an input is missing, unknown, empty, or of the wrong shape or type.
            SpecError: an output or tap is not in the plan.
            EngineError: a gradient is tapped.
        """

    def grad(
        self,
        feeds: Feeds,
        *,
        wrt: Literal["params", "inputs"] = "params",
        training: bool = False,
        taps: Sequence[Tap] = (),
    ) -> Gradients:
        """Gradients of the total data loss (no penalties); changes nothing.

        What no loss depends on has a gradient of zeros. Labels have none.

        Raises:
            FeedError: as for ``run``.
            SpecError: a tap is not in the plan.
            EngineError: the plan has no loss, or the gradient of a label is tapped.
        """

    def train_step(
        self, feeds: Feeds, rule: UpdateRule, step: Step, *, taps: Sequence[Tap] = ()
    ) -> StepResult:
        """Forward, backward and update in one; an engine may fuse all of it.

        The rule's numbers may differ from step to step (an annealed momentum); as long as its type
        is the same, it goes on with the same slots.

        Raises:
            FeedError, SpecError, EngineError: as for ``grad``.
            NonFiniteError: the loss or a gradient is not finite; nothing has been updated, and
                no generator has moved.
        """

    def weights(self) -> Mapping[str, Array]:
        """Copies of the parameters and running statistics, by full name, in running order."""

    def state(self) -> ExecutableState:
        """Everything needed to go on exactly."""

    def restore(self, state: ExecutableState) -> None:
        """Go on from a state.

        Raises:
            EngineError: a name or shape does not belong to the plan.
        """


class Engine(Protocol):
    """Makes executables out of plans."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    @property
    def threads(self) -> int:
        """How many threads compute: the last bits of a result may depend on it."""

    def load(
        self, plan: Plan, *, seed: int, weights: Mapping[str, Array] | None = None
    ) -> Executable:
        """Allocate and initialise; ``weights`` (by full name) replace the drawn ones.

        Raises:
            EngineError: a weight's name or shape does not belong to the plan.
        """

    def workspace(self, plan: Plan, batch: int, *, training: bool = True) -> Workspace:
        """What it takes for batches of this size in place of the layers' own, or besides.

        It is known before anything is allocated (``graphspec.memory``).
        """
