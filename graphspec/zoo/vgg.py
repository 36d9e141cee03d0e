"""VGGNet: nothing but 3×3 convolutions and 2×2 pooling."""

from __future__ import annotations

from collections.abc import Sequence

from graphspec.graph import GraphSpec
from graphspec.zoo.draft import Draft


def vgg16() -> GraphSpec:
    """VGG-16 (configuration D): 138,357,544 parameters.

    Source: Simonyan and Zisserman 2014, Very Deep Convolutional Networks; CS231n notes,
    Convolutional Networks, VGGNet in detail.
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3))


def vgg19() -> GraphSpec:
    """VGG-19 (configuration E): 143,667,240 parameters.

    Source: Simonyan and Zisserman 2014, Very Deep Convolutional Networks.
    """
    return _vgg("vgg19", (2, 2, 4, 4, 4))


def _vgg(name: str, counts: Sequence[int]) -> GraphSpec:
    draft = Draft(name, (3, 224, 224), 1000)
    for stage, (filters, count) in enumerate(zip((64, 128, 256, 512, 512), counts, strict=True), 1):
        for number in range(1, count + 1):
            draft.conv_relu(f"stage{stage}.conv{number}", filters=filters, kernel=3, pad=1)
        draft.add(f"stage{stage}.pool", "max_pool2d", kernel=2)
    for name in ("fc6", "fc7"):
        draft.linear_relu(name, 4096)
        draft.add(f"{name}_drop", "dropout", drop=0.5)
    draft.add("scores", "linear", units=1000)
    return draft.finish()
