"""The networks that are measured: W1 to W4 for every engine, and what the fast one adds."""

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


def normed() -> GraphSpec:
    """W1 with batch normalisation behind every convolution."""
    layers = []
    above = "image"
    for stage, (filters, count) in enumerate(((32, 2), (64, 2), (128, 1))):
        for i in range(count):
            name = f"conv{stage}_{i}"
            layers.append(node("conv2d", name, above, filters=filters, kernel=3, pad=1, bias=False))
            layers.append(node("batch_norm", f"{name}_norm", name))
            layers.append(node("relu", f"{name}_relu", f"{name}_norm"))
            above = f"{name}_relu"
        layers.append(node("max_pool2d", f"pool{stage}", above, kernel=2))
        above = f"pool{stage}"
    layers += [
        node("linear", "fc", above, units=256),
        node("relu", "fc_relu", "fc"),
        node("dropout", "drop", "fc_relu", drop=0.5),
        node("linear", "scores", "drop", units=10),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), image={"shape": [3, 32, 32]}, label={"classes": 10})


def separable() -> GraphSpec:
    """Depthwise 3×3 and pointwise 1×1 in turn, as in MobileNet, on 3×64×64."""
    layers = [
        node("conv2d", "stem", "image", filters=32, kernel=3, pad=1),
        node("relu", "stem_relu", "stem"),
    ]
    above, channels = "stem_relu", 32
    for i, (filters, stride) in enumerate(((64, 1), (128, 2), (128, 1), (256, 2), (256, 1))):
        layers += [
            node(
                "conv2d", f"depth{i}", above, filters=channels, groups=channels, kernel=3, pad=1,
                stride=stride, rounding="floor",
            ),
            node("relu", f"depth{i}_relu", f"depth{i}"),
            node("conv2d", f"point{i}", f"depth{i}_relu", filters=filters, kernel=1),
            node("relu", f"point{i}_relu", f"point{i}"),
        ]  # fmt: skip
        above, channels = f"point{i}_relu", filters
    layers += [
        node("global_avg_pool2d", "mean", above),
        node("linear", "scores", "mean", units=10),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), image={"shape": [3, 64, 64]}, label={"classes": 10})


def resnet18_small() -> GraphSpec:
    """ResNet-18 on 3×64×64."""
    spec = zoo.build("resnet18")
    image, label = spec.inputs
    small = image.model_copy(update={"shape": (3, 64, 64)})
    return spec.model_copy(update={"inputs": (small, label)})
