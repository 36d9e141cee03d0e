"""The training block of a document."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graphspec.recipe.penalties.catalog import PenaltySpec
from graphspec.recipe.rules.catalog import RuleSpec
from graphspec.recipe.rules.sgd import Sgd
from graphspec.record import Record

Count = Annotated[int, Field(gt=0)]


class TrainConfig(Record):
    """Everything that training needs to know besides the graph.

    The same block serves the canvas, the library and the command line.
    """

    data: str | None = None
    """The data set: a built-in name, or a path."""
    batch: Count = 64
    """Examples per step."""
    epochs: Count = 10
    """Passes over the training split."""
    update: RuleSpec = Sgd(rate=0.01)
    """The update rule and its learning rate."""
    penalties: tuple[PenaltySpec, ...] = ()
    """Regularisation terms, added to the loss."""
    seed: Annotated[int, Field(ge=0)] = 0
    """The seed of every random draw: initial weights, split, order, dropout."""
