"""Losses as PyTorch has them."""

from __future__ import annotations

from typing import Any

import torch

from tests.oracle.equivalents import Tensors, equivalent

F = torch.nn.functional


@equivalent("hinge_loss")
def hinge_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    scores, label = xs
    power = 2 if layer.squared else 1
    if layer.one_vs_all:
        sign = 2.0 * F.one_hot(label, scores.shape[1]) - 1
        return F.relu(layer.margin - sign * scores).pow(power).sum(1)
    losses = F.multi_margin_loss(scores, label, p=power, margin=layer.margin, reduction="none")
    # PyTorch takes the mean over the classes where the notes take the sum.
    return losses * scores.shape[1]


@equivalent("l2_loss")
def l2_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.mse_loss(*xs, reduction="none").reshape(len(xs[0]), -1).sum(1)


@equivalent("softmax_loss")
def softmax_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    weights = layer.class_weights
    return F.cross_entropy(
        *xs,
        weight=None if weights is None else torch.tensor(weights, dtype=torch.float64),
        label_smoothing=layer.smoothing,
        reduction="none",
    )


@equivalent("cross_entropy_loss")
def cross_entropy_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.cross_entropy(*xs, reduction="none")


@equivalent("l1_loss")
def l1_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.l1_loss(*xs, reduction="none").reshape(len(xs[0]), -1).sum(1)


@equivalent("sum_loss")
def sum_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return xs[0].reshape(len(xs[0]), -1).sum(1)


@equivalent("binary_hinge_loss")
def binary_hinge_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    score, label = xs[0].reshape(-1), xs[1]
    # PyTorch's hinge embedding loss is max(0, margin − x) for the sign −1.
    distance = torch.where(label == 1, score, -score)
    term = F.hinge_embedding_loss(distance, -torch.ones_like(score), reduction="none")
    return layer.c * (term.square() if layer.squared else term)


@equivalent("attribute_hinge_loss")
def attribute_hinge_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    scores, label = (x.reshape(len(x), -1) for x in xs)
    return F.relu(layer.margin - (2.0 * label - 1) * scores).sum(1)


@equivalent("logistic_loss")
def logistic_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    scores, label = (x.reshape(len(x), -1) for x in xs)
    return F.binary_cross_entropy_with_logits(scores, label.double(), reduction="none").sum(1)
