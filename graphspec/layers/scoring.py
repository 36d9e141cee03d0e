"""What losses over class scores share."""

from __future__ import annotations

from graphspec.errors import ShapeError
from graphspec.tensor import TensorSpec


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
