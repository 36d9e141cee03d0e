"""The four networks that training is measured on, W1 to W4."""

from __future__ import annotations

from typing import NamedTuple

from graphspec import document, zoo
from graphspec.graph import GraphSpec
from tests.engines.nets import network, node


class Workload(NamedTuple):
    """A network, and how many examples a step has."""

    spec: GraphSpec
    batch: int


def shipped(name: str, batch: int) -> Workload:
    return Workload(document.load(zoo.models_dir() / f"{name}.json"), batch)


def vgg_like() -> GraphSpec:
    """[64, 64, pool] [128, 128, pool] [256, 256, pool] fc, on 3×64×64."""
    layers = []
    above = "image"
    for stage, filters in enumerate((64, 128, 256)):
        for i in range(2):
            name = f"conv{stage}_{i}"
            layers.append(node("conv2d", name, above, filters=filters, kernel=3, pad=1))
            layers.append(node("relu", f"{name}_relu", name))
            above = f"{name}_relu"
        layers.append(node("max_pool2d", f"pool{stage}", above, kernel=2))
        above = f"pool{stage}"
    layers.append(node("linear", "scores", above, units=10))
    layers.append(node("softmax_loss", "loss", "scores", "label"))
    return network(layers, ("scores",), image={"shape": [3, 64, 64]}, label={"classes": 10})


def perceptron() -> GraphSpec:
    """3072-512-256-10."""
    return network(
        [
            node("linear", "fc1", "image", units=512),
            node("relu", "relu1", "fc1"),
            node("linear", "fc2", "relu1", units=256),
            node("relu", "relu2", "fc2"),
            node("linear", "scores", "relu2", units=10),
            node("softmax_loss", "loss", "scores", "label"),
        ],
        ("scores",),
        image={"shape": [3072]},
        label={"classes": 10},
    )


WORKLOADS = {
    "W1": shipped("cifar_convnet", 64),
    "W2": shipped("lenet5", 64),
    "W3": Workload(perceptron(), 128),
    "W4": Workload(vgg_like(), 16),
}
