"""Convolutional networks that train on a laptop."""

from __future__ import annotations

from graphspec.graph import GraphSpec
from graphspec.zoo.dense import DIGITS, FASHION
from graphspec.zoo.draft import Draft


def lenet5() -> GraphSpec:
    """LeNet-5 with a full C3: 61,706 parameters; rectifiers and max pooling as today.

    Images of 28×28 are padded to 32×32, the size of the paper's.
    Source: LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition.
    """
    draft = Draft("lenet5", (1, 28, 28), 10)
    draft.conv_relu("conv1", filters=6, kernel=5, pad=2)
    draft.add("pool1", "max_pool2d", kernel=2)
    draft.conv_relu("conv2", filters=16, kernel=5)
    draft.add("pool2", "max_pool2d", kernel=2)
    draft.linear_relu("fc1", 120)
    draft.linear_relu("fc2", 84)
    draft.add("scores", "linear", units=10)
    update = {"kind": "adam", "rate": 2e-3}
    schedule = {"kind": "cosine", "warm_up": 0.5}
    training = {**FASHION, "batch": 64, "epochs": 12, "update": update, "schedule": schedule}
    # Without these two the network learns the 7,200 images by heart: 84.5 % of the test images.
    training["augment"] = [{"kind": "random_flip"}]
    training["penalties"] = [{"kind": "l2", "strength": 3e-3}]
    return draft.finish(training=training)


def tiny_convnet() -> GraphSpec:
    """Two small convolutions for the digits of 8×8: the one to try first."""
    draft = Draft("tiny_convnet", (1, 8, 8), 10)
    draft.conv_relu("conv1", filters=16, kernel=3, pad=1)
    draft.add("pool1", "max_pool2d", kernel=2)
    draft.conv_relu("conv2", filters=32, kernel=3, pad=1)
    draft.add("pool2", "max_pool2d", kernel=2)
    draft.add("scores", "linear", units=10)
    update = {"kind": "adam", "rate": 5e-3}
    schedule = {"kind": "cosine", "warm_up": 0.5}
    return draft.finish(
        training={**DIGITS, "batch": 32, "epochs": 12, "update": update, "schedule": schedule}
    )


def cifar_convnet() -> GraphSpec:
    """Five convolutions for CIFAR-10: [3×3-32 ×2, pool], [3×3-64 ×2, pool], [3×3-128, pool].

    Then 256 units, dropout, and the scores.
    Source: CS231n notes, Convolutional Networks, layer patterns.
    """
    draft = Draft("cifar_convnet", (3, 32, 32), 10)
    for stage, (filters, count) in enumerate(((32, 2), (64, 2), (128, 1)), start=1):
        for number in range(1, count + 1):
            draft.conv_relu(f"stage{stage}.conv{number}", filters=filters, kernel=3, pad=1)
        draft.add(f"stage{stage}.pool", "max_pool2d", kernel=2)
    draft.linear_relu("fc1", 256)
    draft.add("drop", "dropout", drop=0.5)
    draft.add("scores", "linear", units=10)
    training = {
        "data": "cifar10",
        "preprocess": [{"kind": "mean", "per": "channel"}, {"kind": "std", "per": "channel"}],
        "batch": 128,
        "epochs": 30,
        "update": {"kind": "adam", "rate": 1e-3},
        "schedule": {"kind": "cosine", "warm_up": 1.0},
        "penalties": [{"kind": "l2", "strength": 1e-4}],
    }
    return draft.finish(training=training)
