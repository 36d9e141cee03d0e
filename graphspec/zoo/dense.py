"""Classifiers without convolutions: the first half of CS231n."""

from __future__ import annotations

from typing import Any

from graphspec.graph import GraphSpec
from graphspec.zoo.draft import Draft

DIGITS: dict[str, Any] = {
    "data": "digits",
    "preprocess": [{"kind": "scale", "divide": 16.0}, {"kind": "mean"}],
}


def linear_softmax() -> GraphSpec:
    """A linear classifier of the digits, trained with the softmax loss.

    Source: CS231n notes, Linear classification.
    """
    draft = Draft("linear_softmax", (1, 8, 8), 10)
    draft.add("scores", "linear", units=10)
    return draft.finish(training={**DIGITS, "epochs": 20, **_sgd(0.5), **_decay(5e-4)})


def linear_svm() -> GraphSpec:
    """A linear classifier of the digits, trained with the multiclass hinge loss.

    Source: CS231n notes, Linear classification.
    """
    draft = Draft("linear_svm", (1, 8, 8), 10)
    draft.add("scores", "linear", units=10)
    return draft.finish("hinge_loss", {**DIGITS, "epochs": 20, **_sgd(0.05), **_decay(5e-4)})


def two_layer_net() -> GraphSpec:
    """One hidden layer of 50 rectifiers, on the digits.

    Source: CS231n, assignment 1.
    """
    draft = Draft("two_layer_net", (1, 8, 8), 10)
    draft.linear_relu("hidden", 50)
    draft.add("scores", "linear", units=10)
    update = {"kind": "momentum", "rate": 0.1, "momentum": 0.9}
    return draft.finish(training={**DIGITS, "epochs": 20, "update": update, **_decay(1e-4)})


def spiral_net() -> GraphSpec:
    """The network of the case study: 100 hidden units tell three arms of a spiral apart.

    Trained on all 300 points at once, as there: rate 1, λ = 1e-3, 10,000 steps.
    Source: CS231n notes, Putting it together: Minimal Neural Network Case Study.
    """
    draft = Draft("spiral_net", (2,), 3, source="point")
    small = {"kind": "normal", "std": 0.01}
    draft.add("hidden", "linear", units=100, init=small)
    draft.add("hidden_relu", "relu")
    draft.add("scores", "linear", units=3, init=small)
    training = {"data": "spiral", "split": {"validation": 0}, "batch": 300, "shuffle": False}
    every = {"evaluate_every": 1000, "checkpoint_every": 2500, "log_every": 100}
    return draft.finish(
        training={**training, "steps": 10_000, **_sgd(1.0), **_decay(1e-3), **every}
    )


def regularised_net() -> GraphSpec:
    """Two hidden layers of 128 with the notes' preset against overfitting: one L2 and dropout.

    One strength of L2 for all weights, chosen by validation, and dropout of half of the units after
    every hidden layer.
    Source: CS231n notes, Neural Networks 2, regularization, in practice.
    """
    draft = Draft("regularised_net", (1, 8, 8), 10)
    draft.linear_relu("fc1", 128)
    draft.add("drop1", "dropout", drop=0.5)
    draft.linear_relu("fc2", 128)
    draft.add("drop2", "dropout", drop=0.5)
    draft.add("scores", "linear", units=10)
    update = {"kind": "momentum", "rate": 0.1, "momentum": 0.9}
    return draft.finish(training={**DIGITS, "epochs": 20, "update": update, **_decay(1e-4)})


def mlp() -> GraphSpec:
    """Two hidden layers with dropout, on clothes of 28×28 pixels.

    Source: CS231n notes, Neural Networks 2 (dropout: Srivastava et al. 2014).
    """
    draft = Draft("mlp", (1, 28, 28), 10)
    draft.linear_relu("fc1", 256)
    draft.add("drop1", "dropout", drop=0.2)
    draft.linear_relu("fc2", 128)
    draft.add("drop2", "dropout", drop=0.2)
    draft.add("scores", "linear", units=10)
    return draft.finish(
        training={**FASHION, "epochs": 15, "update": {"kind": "adam", "rate": 1e-3}}
    )


FASHION: dict[str, Any] = {
    "data": "fashion-mini",
    "preprocess": [{"kind": "mean", "per": "single"}, {"kind": "std", "per": "single"}],
}


def _sgd(rate: float) -> dict[str, Any]:
    return {"update": {"kind": "sgd", "rate": rate}}


def _decay(strength: float) -> dict[str, Any]:
    return {"penalties": [{"kind": "l2", "strength": strength}]}
