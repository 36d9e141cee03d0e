"""The training block of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, WithJsonSchema, field_serializer, field_validator, model_validator

from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.recipe.augment.catalog import AugmentationSpec
from graphspec.recipe.average import Ema
from graphspec.recipe.constraints.catalog import ConstraintSpec
from graphspec.recipe.penalties.catalog import PenaltySpec
from graphspec.recipe.preprocess.catalog import StepSpec
from graphspec.recipe.rules.catalog import RuleSpec
from graphspec.recipe.rules.sgd import Sgd
from graphspec.recipe.schedules.catalog import ScheduleSpec
from graphspec.recipe.schedules.constant import Constant
from graphspec.recipe.schedules.plateau import Plateau
from graphspec.record import Record

Count = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0)]
DataOption = str | bool | int | float | tuple[str, ...]
Part = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0, lt=1)]


# In JSON the options are an object; inside a frozen record they are pairs.
_OPTIONS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {
        "anyOf": [
            *({"type": name} for name in ("string", "boolean", "integer", "number")),
            {"type": "array", "items": {"type": "string"}},
        ]
    },
}


class SplitConfig(Record):
    """How the examples are divided; the test part that a data set comes with is never touched.

    Source: CS231n notes, Image Classification and Neural Networks 3: tune on validation data,
    look at the test data once.
    """

    validation: Part = 0.1
    """Held out to be evaluated while training: a share below 1, or a whole number of examples."""
    test: Part = 0
    """Held out besides, when the data set has no test part of its own: a share or a number."""
    seed: Seed | None = 0
    """The seed of the shuffle before dividing; null keeps the order, training examples first."""
    stratified: bool = True
    """Whether each part holds every class in proportion (class labels only)."""
    train: Count | Annotated[float, Field(gt=0, lt=1)] | None = None
    """How many of the training examples are used: a share below 1, or a number; null uses all. The
    other parts stay the same, so that runs with more and more examples make a learning curve."""
    balance: Literal["drop", "repeat"] | None = None
    """How every class gets as many training examples (class labels only): some of the larger ones
    are dropped, or those of the smaller ones repeated; null leaves the classes as they are."""


class EarlyStopping(Record):
    """Stopping when the monitored metric no longer gets better."""

    patience: Count = 5
    """How many evaluations may pass without a new best."""
    min_change: float = Field(default=0.0, ge=0)
    """By how much a metric must be better than the best to count as new."""


class TrainConfig(Record):
    """Everything that training needs to know besides the graph.

    The same block serves the canvas, the library and the command line.
    """

    data: str | None = None
    """The data set: a built-in name, or a path."""
    data_options: Annotated[tuple[tuple[str, DataOption], ...], WithJsonSchema(_OPTIONS_SCHEMA)] = (
        Field(default=(), json_schema_extra={"default": {}})
    )
    """What the data set's reader is told, such as ``{"label": "species"}`` for a CSV file; in JSON
    an object from name to value."""
    split: SplitConfig = SplitConfig()
    """Which examples are for training, for validation and for testing."""
    init: InitialiserSpec | None = None
    """How the weights start of layers that do not say it themselves; null takes for each what
    suits the activation that follows."""
    augment: tuple[AugmentationSpec, ...] = ()
    """Random changes of the training images, in order, before they are preprocessed."""
    preprocess: tuple[StepSpec, ...] = ()
    """What is done to the examples, in order; statistics come from the training split alone."""
    batch: Count = 64
    """Examples per step. A batch larger than the training split is the whole of it."""
    shuffle: bool = True
    """Whether every epoch takes the examples in a new random order."""
    drop_last: bool = False
    """Whether an epoch leaves out a last batch that is smaller than the others."""
    epochs: Count = 10
    """Passes over the training split."""
    steps: Count | None = None
    """Updates in all; when it is given, it is used in place of ``epochs``."""
    update: RuleSpec = Sgd(rate=0.01)
    """The update rule and its learning rate."""
    schedule: ScheduleSpec = Constant()
    """How the learning rate changes while training goes on."""
    penalties: tuple[PenaltySpec, ...] = ()
    """Regularisation terms, added to the loss; biases and scales are exempt."""
    constraints: tuple[ConstraintSpec, ...] = ()
    """What the weights are brought back to after every update; biases and scales are exempt."""
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    """The largest global L2 norm of the gradient; longer ones are scaled down to it."""
    average: Ema | None = None
    """A running average of the weights, kept and evaluated beside them; null: none."""
    seed: Seed = 0
    """The seed of every random draw but the split: initial weights, order, dropout."""
    dtype: Literal["float32", "float64"] = "float32"
    """The type that the network computes in."""
    monitor: Literal["accuracy", "loss"] | None = None
    """The validation metric that chooses the best checkpoint and stops early; null: the accuracy
    where an example has one class, else the loss."""
    early_stopping: EarlyStopping | None = None
    """When to stop before the end; null: never."""
    evaluate_every: Count | None = None
    """Steps between evaluations on the validation split; null: at the end of every epoch."""
    checkpoint_every: Count | None = None
    """Steps between checkpoints; null: at the end of every epoch."""
    checkpoint_seconds: Annotated[float, Field(gt=0)] | None = 60.0
    """Also save a checkpoint when this many seconds have passed since the last; null: never."""
    keep: Count = 2
    """How many of the latest checkpoints are kept, besides the best one."""
    log_every: Count = 1
    """Steps between two lines of progress in the run's log."""
    tensorboard: bool = False
    """Whether the run's scalars are also written for TensorBoard while it trains."""

    @field_validator("data_options", mode="before")
    @classmethod
    def _options_from_object(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return tuple((key, _as_tuple(item)) for key, item in value.items())
        return value

    @field_serializer("data_options")
    def _options_to_object(self, value: tuple[tuple[str, DataOption], ...]) -> dict[str, Any]:
        return dict(value)

    @model_validator(mode="after")
    def _what_watches_has_something_to_watch(self) -> Self:
        for what, field, watches in (
            ("early stopping", "early_stopping", self.early_stopping is not None),
            ("a plateau schedule", "schedule", isinstance(self.schedule, Plateau)),
        ):
            if watches and self.split.validation == 0:
                raise ValueError(
                    f"{what} watches the validation split, and split.validation is 0; "
                    f"hold some examples out (such as 0.1) or leave {field} out"
                )
        return self


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
