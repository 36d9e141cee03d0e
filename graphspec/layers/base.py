"""What a layer is: its fields, its shape rule, its parameters, its forward and its backward.

A layer is one file: a subclass of :class:`Layer` with all of that, plus its line in
``catalog.py``. Everything else (schema, reference page, palette, form, tests) is derived.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from graphspec.initialisers.base import Initialiser
from graphspec.record import Record
from graphspec.tensor import TensorSpec

Array = npt.NDArray[Any]

ID_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
Identifier = Annotated[str, Field(pattern=ID_PATTERN, max_length=200)]


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One array that a layer owns.

    ``fan_in`` and ``fan_out`` count the connections of one unit. ``init`` None means the
    initialiser that suits the activation that follows. ``decay`` False exempts it from
    regularisation (biases, scales). ``trained`` False marks a running statistic: it is saved and
    used, but has no gradient.
    """

    shape: tuple[int, ...]
    init: Initialiser | None = None
    fan_in: int = 1
    fan_out: int = 1
    decay: bool = True
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Mode:
    """How a forward pass runs: training or not, and where its random draws come from.

    ``rng`` is the layer's own named generator; layers that draw nothing ignore it.
    """

    training: bool = False
    rng: np.random.Generator | None = None


class Forward(NamedTuple):
    """What a forward pass gives: the output, what backward needs, and new running statistics."""

    y: Array
    saved: tuple[Any, ...] = ()
    state: Mapping[str, Array] = {}


class Backward(NamedTuple):
    """What a backward pass gives: a gradient per input (None for labels) and per parameter."""

    dxs: tuple[Array | None, ...]
    dparams: Mapping[str, Array] = {}


class Window(NamedTuple):
    """The patch of its input that one output position sees, in pixels (height, width)."""

    reach: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)  # top, left


class Example(NamedTuple):
    """A valid layer and the inputs that it takes; documentation and tests run every one."""

    layer: Layer
    inputs: tuple[TensorSpec, ...]


class Layer(Record, ABC):
    """One node of a graph: an id, a kind, the kind's own fields, and what it reads from."""

    group: ClassVar[str]
    """The palette's section."""
    ports: ClassVar[tuple[str, ...]] = ("x",)
    """The names of the inputs, in order. A last name with a star (``"xs*"``) takes two or more."""
    label_ports: ClassVar[tuple[str, ...]] = ("label",)
    """The ports, where there are any of these names, that read whole numbers (class labels, the
    numbers of words); all others read measured numbers."""
    open_ports: ClassVar[tuple[str, ...]] = ()
    """Those of the label ports that read measured numbers as well."""
    is_loss: ClassVar[bool] = False
    """Whether training minimises the mean of the output over the batch (then a scalar each)."""
    draws: ClassVar[bool] = False
    """Whether a forward pass in training draws from ``mode.rng``; others are given None."""
    preferred_init: ClassVar[str | None] = None
    """For activations: the kind of initialiser that suits the weights in front of them
    (``"he"`` for rectifiers, ``"glorot"`` for tanh and sigmoid)."""

    id: Identifier
    """The name of this layer, unique in its graph. Dots make groups."""
    inputs: tuple[Identifier, ...]
    """The inputs or layers that this layer reads, in the order of its ports."""

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[Example, ...]:
        """Valid configurations with the inputs that they take."""

    @abstractmethod
    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The output's shape.

        Raises:
            ShapeError: the inputs do not fit; it carries the arithmetic.
        """

    def fixed_output(self) -> TensorSpec | None:
        """The output's shape where it is the same for every input; None where it is not.

        With it a graph is checked on beyond an input that is broken.
        """
        return None

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """The arrays that this layer owns, by local name (``weight``, ``bias`` …)."""
        return {}

    @abstractmethod
    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Compute the output of a batch; every array has the batch as its first axis."""

    @abstractmethod
    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Compute the gradients of the inputs and parameters from ``dy``, the output's.

        With ``need_dx`` False the caller has no use for the gradients of the inputs: a layer for
        which they are dear gives None in their place.
        """

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """For losses: the mean loss of a model that knows nothing, with all its scores zero.

        The first loss of training should be near it; None where it depends on the data. Source:
        CS231n notes, Neural Networks 3, sanity checks.
        """
        return None

    def macs(self, *inputs: TensorSpec) -> int:
        """Multiply-accumulates of one forward pass over one example."""
        return 0

    def window(self) -> Window | None:
        """The patch of the input that one output position sees; None for the whole input."""
        return Window()

    def saved_size(self, *inputs: TensorSpec) -> int:
        """Numbers kept for backward, per example, besides this layer's inputs and output."""
        return 0

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """Numbers allocated and freed inside forward or backward on a batch (the larger).

        It is the whole batch's, not one example's, as layers may go through a batch in parts.
        """
        return 0
