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


@equivalent("hierarchical_softmax_loss")
def hierarchical_softmax_loss(
    layer: Any, xs: Tensors, params: dict[str, Any], training: bool
) -> Any:
    flat = xs[0].reshape(len(xs[0]), -1)
    scores = F.linear(flat, params["weight"], params["bias"])
    losses = torch.zeros(len(flat), dtype=torch.float64)
    tables = layer._tables(layer._classes(params))
    for n, label in enumerate(xs[1].tolist()):
        for siblings, valid, taken in zip(*(table[label] for table in tables[:3]), strict=True):
            own = scores[n, torch.tensor(siblings[valid])]
            losses[n] = losses[n] - F.log_softmax(own, dim=0)[int(taken[valid].argmax())]
    return losses


@equivalent("structured_hinge_loss")
def structured_hinge_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    classes = xs[0].shape[-1]
    f, y = xs[0].reshape(len(xs[0]), -1, classes), xs[1].reshape(len(xs[1]), -1)
    costs = layer.margin * (1 - torch.eye(classes, dtype=torch.float64))
    if layer.costs is not None:
        costs = torch.tensor(layer.costs, dtype=torch.float64)
    moves = params.get("transitions", torch.zeros_like(costs))
    augmented = f + costs[y]
    reached = augmented[:, 0]
    for t in range(1, f.shape[1]):
        reached = (reached[:, :, None] + moves).max(1).values + augmented[:, t]
    true = f.gather(2, y[:, :, None]).sum((1, 2)) + moves[y[:, :-1], y[:, 1:]].sum(1)
    return reached.max(1).values - true
