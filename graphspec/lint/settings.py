"""Advice on the training block."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from graphspec.errors import Problem
from graphspec.lint.scene import NORMALISING, Scene, setting
from graphspec.record import kind_of

MANY = 1_000_000
"""Trained numbers beyond which a network without any regularisation is spoken of."""
_ADAPTIVE = ("adam", "adamw", "rmsprop", "lion")
_RECTIFIERS = ("relu", "maxout")
_NOISE = ("dropout", "drop_connect_linear", "gaussian_noise", "stochastic_pool2d")


def raw_pixels(scene: Scene) -> Iterator[Problem]:
    """Images that go in as they are."""
    training = scene.spec.training
    if training is None or training.preprocess:
        return
    for item in scene.spec.inputs:
        readers = scene.readers.get(item.id, [])
        if len(scene.shapes[item.id].shape) != 3 or not readers:
            continue
        if all(kind_of(reader) in NORMALISING for reader in readers):
            continue
        steps = [{"kind": "mean", "per": "single"}, {"kind": "std", "per": "single"}]
        yield scene.advice(
            "raw-pixels",
            f"the pixels of {item.id} go in as they are. Subtract the mean, so that the gradients "
            "of a layer's weights do not all have one sign, and bring them to one scale (Neural "
            "Networks 2, data preprocessing)",
            path=("training", "preprocess"),
            fix=setting("training.preprocess", steps, "subtract the mean and divide by the std"),
        )


def unregularised(scene: Scene) -> Iterator[Problem]:
    """Many weights, and nothing that holds them."""
    training = scene.spec.training
    if training is None or training.penalties or training.constraints or training.augment:
        return
    held = training.early_stopping is not None or getattr(training.update, "weight_decay", 0) > 0
    if held or any(True for _ in scene.kinds(*_NOISE)):
        return
    count = sum(
        prod(item.shape)
        for layer in scene.spec.layers
        for item in scene.params(layer).values()
        if item.trained
    )
    if count > MANY:
        yield scene.advice(
            "no-regularisation",
            f"{count:,} numbers are trained and nothing keeps them from fitting the noise. Keep "
            "the network large, and add an L2 penalty and dropout (Neural Networks 2, "
            "regularization)",
            path=("training", "penalties"),
            fix=setting(
                "training.penalties",
                [{"kind": "l2", "strength": 0.0001}],
                "add an L2 penalty of 0.0001",
            ),
        )


def high_rate(scene: Scene) -> Iterator[Problem]:
    """Rates at which rectifiers are likely to die."""
    training = scene.spec.training
    if training is None or not any(True for _ in scene.kinds(*_RECTIFIERS)):
        return
    rule = training.update
    rate = getattr(rule, "rate", 0.0)
    kept = getattr(rule, "momentum", 0.0)
    per_gradient = rate / (1 - kept) if 0 <= kept < 1 else rate
    limit = 0.1 if rule.kind in _ADAPTIVE else 1.0
    if rule.kind in (*_ADAPTIVE, "sgd", "momentum", "nesterov") and per_gradient > 1.001 * limit:
        arithmetic = f"{rate:g}/(1 − {kept:g}) = {per_gradient:.4g}" if kept else None
        yield scene.advice(
            "high-rate",
            f"each gradient moves the weights by {per_gradient:.4g} times itself in all, and "
            "rectifiers that are thrown far enough never fire again. Begin with a tenth of the "
            "rate, and watch the share of dead units (Neural Networks 1, activation functions)",
            path=("training", "update", "rate"),
            arithmetic=arithmetic,
            fix=setting("training.update.rate", float(f"{rate / 10:.3g}")),
        )


def judging(scene: Scene) -> Iterator[Problem]:
    """Nothing to tune on, or examples always in the same order."""
    training = scene.spec.training
    if training is None:
        return
    if training.split.validation == 0:
        yield scene.advice(
            "no-validation",
            "no examples are held out for validation, so there is nothing to choose settings by: "
            "the training examples flatter, and the test examples may be used once (Image "
            "Classification, validation sets)",
            path=("training", "split", "validation"),
            fix=setting("training.split.validation", 0.1),
        )
    if not training.shuffle:
        yield scene.advice(
            "not-shuffled",
            "every epoch takes the examples in the same order; sorted examples make batches of "
            "one class, which pull to and fro (Optimization, mini-batch gradient descent)",
            path=("training", "shuffle"),
            fix=setting("training.shuffle", True),
        )
