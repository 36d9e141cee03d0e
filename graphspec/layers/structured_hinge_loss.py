"""The hinge loss over structures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from graphspec.errors import ShapeError
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Mode, ParamSpec
from graphspec.layers.scoring import Loss
from graphspec.tensor import TensorSpec

_Cost = Annotated[float, Field(ge=0)]


class StructuredHingeLoss(Loss):
    """Structured hinge: the true structure must beat every other by as much as that one is wrong.

    Lᵢ = max_{y'} (Δ(y, y') + s(y')) − s(y), at least 0 as Δ(y, y) = 0. A structure is a class, with
    s(y) = f_y, or a chain of T classes, with s(y) = Σ_t f_{t, y_t} + Σ_t A[y_t, y_{t+1}] and
    learned transitions A; Δ(y, y') = Σ_t cost[y_t, y'_t]. The maximum over all Cᵀ chains is found
    step by step (Viterbi, on scores that the costs are added to). df is 1 at the best wrong
    structure and −1 at the true one; dA counts transitions likewise.

    Scores (N, C) and labels (N,), or scores (N, T, C) and labels (N, T), give losses (N,). At
    chance the loss is the largest cost of each label, added up.
    Source: Tsochantaridis et al. 2005, Large Margin Methods for Structured and Interdependent
    Output Variables; CS231n notes, Neural Networks 2, structured prediction.
    """

    kind: Literal["structured_hinge_loss"] = "structured_hinge_loss"
    """The name of this layer's type."""
    costs: tuple[tuple[_Cost, ...], ...] | None = None
    """How wrong each class (column) is where another (row) is true, with zeros on the diagonal;
    null takes the margin for all."""
    margin: float = Field(default=1.0, gt=0)
    """What a wrong class costs where no matrix is given."""

    @model_validator(mode="after")
    def _costs_are_square(self) -> Self:
        for i, row in enumerate(self.costs or ()):
            if len(row) != len(self.costs or ()) or row[i] != 0:
                raise ValueError(
                    f"row {i} of the costs must have one number per class, and 0 on the diagonal"
                )
        return self

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Classes, a chain of three, and costs of one's own."""
        names, costs = ("scores", "label"), ((0.0, 1.0, 4.0), (1.0, 0.0, 1.0), (4.0, 1.0, 0.0))
        chain = (TensorSpec((4, 3)), TensorSpec((4,), "int", 3))
        return (
            Example(cls(id="loss", inputs=names), (TensorSpec((5,)), TensorSpec((), "int", 5))),
            Example(cls(id="loss", margin=0.5, inputs=names), chain),
            Example(cls(id="loss", costs=costs, inputs=names), chain),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((C), label of C) or ((T, C), T labels of C) → one number per example."""
        scores, label = inputs
        if label.classes is None:
            raise ShapeError(
                f"the labels must be class indices, but this input is {label}. "
                'Give the graph\'s input "classes"',
                code="label-expected",
                port="label",
            )
        if len(label.shape) > 1:
            raise ShapeError(
                f"a structure is a class or a chain of them, but there are {label} in "
                f"{len(label.shape)} axes. Give the label's input one extent",
                code="rank",
                port="label",
                arithmetic=f"{len(label.shape)} axes > 1",
            )
        if scores.shape != (*label.shape, label.classes):
            wanted = TensorSpec((*label.shape, label.classes))
            raise ShapeError(
                f"there must be one score per label and class: expected {wanted}, got {scores}. "
                "Change the layer in front, or add a reshape",
                code="scores-per-class",
                port="scores",
                arithmetic=f"{scores} ≠ {wanted}",
            )
        if self.costs is not None and len(self.costs) != label.classes:
            raise ShapeError(
                f"the costs are for {len(self.costs)} classes, and the label has {label.classes}. "
                f"Write {label.classes} rows of {label.classes} numbers",
                code="class-weights",
                port="label",
                field="costs",
                arithmetic=f"{len(self.costs)} rows ≠ {label.classes} classes",
            )
        return TensorSpec(())

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """For chains ``transitions`` A (C, C), from a class to the next."""
        if len(inputs[0].shape) == 1:
            return {}
        classes = inputs[0].shape[1]
        return {"transitions": ParamSpec((classes, classes), ZEROS, classes, classes)}

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """The largest cost of a label, in the mean over the classes, for each step."""
        worst = self._matrix(inputs[1].classes or 1, np.dtype(float)).max(axis=1)
        return float(inputs[1].size * worst.mean())

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = max (Δ + s) − s(y)."""
        scores, label = xs
        f = scores.reshape(len(scores), -1, scores.shape[-1])  # N, T, C
        y = label.reshape(len(label), -1)
        costs = self._matrix(f.shape[2], f.dtype)
        moves = params.get("transitions", np.zeros_like(costs))
        best, worst = _best_chain(f + costs[y], moves)
        true = np.take_along_axis(f, y[:, :, None], axis=2).sum(axis=(1, 2))
        true = true + moves[y[:, :-1], y[:, 1:]].sum(axis=1)
        return Forward(best - true, (y, worst, scores.shape))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """1 at the best wrong structure, −1 at the true one."""
        y, worst, shape = saved
        classes = np.arange(shape[-1])
        difference = (worst[..., None] == classes).astype(dy.dtype) - (y[..., None] == classes)
        dscores = (difference * dy[:, None, None]).reshape(shape)
        if len(shape) == 2:
            return Backward((dscores, None))
        dmoves = np.zeros_like(params["transitions"])
        np.add.at(dmoves, (worst[:, :-1], worst[:, 1:]), dy[:, None])
        np.add.at(dmoves, (y[:, :-1], y[:, 1:]), -dy[:, None])
        return Backward((dscores, None), {"transitions": dmoves})

    def answers(self, x: Array, params: Mapping[str, Array]) -> Array:
        """The structure with the highest score: of a chain, with its transitions (Viterbi)."""
        if x.ndim == 2:
            return super().answers(x, params)
        return _best_chain(x, params["transitions"])[1]

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The best wrong structure, whose numbers are of two's size."""
        return 2 * inputs[1].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The scores with costs, one step's sums, and where the maxima came from."""
        classes = inputs[0].shape[-1]
        return batch * (4 * inputs[0].size + 2 * classes**2)

    def _matrix(self, classes: int, dtype: np.dtype[Any]) -> Array:
        if self.costs is not None:
            return np.array(self.costs, dtype)
        return (self.margin * (1 - np.eye(classes))).astype(dtype)


def _best_chain(f: Array, moves: Array) -> tuple[Array, Array]:
    """The highest sum of scores and transitions over all chains, and the chain (Viterbi)."""
    n, steps, _ = f.shape
    reached, origins = f[:, 0], []
    for t in range(1, steps):
        sums = reached[:, :, None] + moves  # N, from, to
        origins.append(sums.argmax(axis=1))
        reached = sums.max(axis=1) + f[:, t]
    chain = np.empty((n, steps), np.intp)
    chain[:, -1] = reached.argmax(axis=1)
    for t in range(steps - 1, 0, -1):
        chain[:, t - 1] = origins[t - 1][np.arange(n), chain[:, t]]
    return reached.max(axis=1), chain
