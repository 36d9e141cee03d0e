"""What losses share: that they are losses, and what they expect of scores and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Layer, Window
from graphspec.layers.merging import expect_equal_shapes
from graphspec.tensor import TensorSpec, render_shape


class Loss(Layer):
    """One number per example, whose mean over the batch training makes small."""

    group: ClassVar[str] = "Loss"
    ports: ClassVar[tuple[str, ...]] = ("scores", "label")
    is_loss: ClassVar[bool] = True
    takes_distributions: ClassVar[bool] = False
    """Whether a batch of class probabilities (N, …, C) may be fed in the place of its labels."""

    def window(self) -> Window | None:
        """A loss sees everything that it is given."""
        return None

    def answers(self, x: Array, params: Mapping[str, Array]) -> Array:
        """The classes that what its first port reads stands for: that of the highest score.

        For losses on class labels. Scores (N, …, C) give labels (N, …).
        """
        return np.asarray(x.argmax(axis=-1))

    def probabilities(self, x: Array, params: Mapping[str, Array]) -> Array:
        """What the same says of every class, (N, …, C) in float64: the softmax of the scores.

        Only where training made the scores logarithms of probabilities is it more than a way to
        look at them.
        """
        scores = x.astype(np.float64)
        exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


class YesOrNoLoss(Loss):
    """A loss whose labels are 0 or 1, with a single score for each, above zero for 1."""

    def answers(self, x: Array, params: Mapping[str, Array]) -> Array:
        """1 where f > 0."""
        return (x > 0).astype(np.intp)

    def probabilities(self, x: Array, params: Mapping[str, Array]) -> Array:
        """1 − σ(f) and σ(f): a softmax whose other score is 0."""
        return super().probabilities(np.stack([np.zeros_like(x), x], axis=-1), params)


def can_be_distribution(label: str, layers: Iterable[Layer]) -> bool:
    """Whether everything that reads a label input takes class probabilities in its place."""
    readers = [layer for layer in layers if label in layer.inputs]
    return all(isinstance(layer, Loss) and layer.takes_distributions for layer in readers)


def expect_scores(scores: TensorSpec, label: TensorSpec) -> TensorSpec:
    """Check that there is one score per class of a label; the loss is one number per example.

    Raises:
        ShapeError: the label is no class index (``label-expected``), there are several of them per
            example (``one-label-expected``), or there are more or fewer scores than classes
            (``scores-per-class``).
    """
    if label.classes is None:
        raise ShapeError(
            f"the label must be a class index, but this input is {label}. "
            'Give the graph\'s input "classes" instead of "shape"',
            code="label-expected",
            port="label",
        )
    if label.shape:
        raise ShapeError(
            f"the loss takes one label per example, but this input has {label.size}",
            code="one-label-expected",
            port="label",
            arithmetic=f"{label.size} labels ≠ 1",
        )
    if scores.shape != (label.classes,):
        raise ShapeError(
            f"the loss needs one score per class: expected {label.classes}, got {scores}. "
            f"Put a linear layer with units={label.classes} in front",
            code="scores-per-class",
            port="scores",
            arithmetic=f"{scores} ≠ {label.classes}",
        )
    return TensorSpec(())


def expect_yes_or_no(scores: TensorSpec, label: TensorSpec) -> TensorSpec:
    """Check that there is one score per label, and that a label is 0 or 1; the loss is a number.

    A single score may stand alone or on an axis of one, as a linear layer of one unit gives it.

    Raises:
        ShapeError: the labels have not two classes (``two-classes``), or their shape is not that
            of the scores (``scores-per-label``).
    """
    if label.classes != 2:
        raise ShapeError(
            f"the labels must be 0 or 1, but this input is {_described(label)}. "
            'Give the graph\'s input "classes": 2, or use a loss over many classes',
            code="two-classes",
            port="label",
            arithmetic=f"{label.classes or 'no'} classes ≠ 2",
        )
    if scores.shape != label.shape and (scores.shape, label.shape) != ((1,), ()):
        raise ShapeError(
            f"the loss needs one score per label: expected {render_shape(label.shape or (1,))}, "
            f"got {scores}. Put a linear layer with units={label.size} in front, or give the "
            f'label\'s input "shape": {list(scores.shape)}',
            code="scores-per-label",
            port="scores",
            arithmetic=f"{scores} ≠ {render_shape(label.shape)}",
        )
    return TensorSpec(())


def expect_target(inputs: tuple[TensorSpec, ...], ports: tuple[str, ...]) -> TensorSpec:
    """Check that a prediction and a target are numbers of one shape; the loss is one number.

    Raises:
        ShapeError: one of them names classes (``number-expected``), or the shapes differ
            (``shapes-differ``).
    """
    for port, spec in zip(ports, inputs, strict=True):
        if spec.dtype == "int":
            raise ShapeError(
                f"the loss compares measured numbers, but this input is a {spec}. "
                'Give the graph\'s input "shape" instead of "classes", or use softmax_loss',
                code="number-expected",
                port=port,
            )
    expect_equal_shapes(inputs, ports)
    return TensorSpec(())


def _described(label: TensorSpec) -> str:
    return f"a {label}" if label.classes else f"{label} numbers"
