"""SqueezeNet: the accuracy of AlexNet with a fiftieth of its parameters."""

from __future__ import annotations

from graphspec.graph import GraphSpec
from graphspec.zoo.draft import Draft

# Filters of each fire module: squeeze, and each of its two expansions.
MODULES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))


def squeezenet() -> GraphSpec:
    """SqueezeNet 1.1: 1,235,496 parameters.

    Its authors' second version, with a smaller first layer and earlier pooling: 2.4 times less
    computation than that of the paper.
    Source: Iandola et al. 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer parameters.
    """
    draft = Draft("squeezenet", (3, 224, 224), 1000)
    draft.conv_relu("conv1", filters=64, kernel=3, stride=2, rounding="floor")
    draft.add("pool1", "max_pool2d", kernel=3, stride=2, rounding="ceil")
    for number, (squeeze, expand) in enumerate(MODULES, start=2):
        _fire(draft, f"fire{number}", squeeze, expand)
        if number in (3, 5):
            draft.add(f"pool{number}", "max_pool2d", kernel=3, stride=2, rounding="ceil")
    draft.add("drop", "dropout", drop=0.5)
    draft.conv_relu("conv10", filters=1000, kernel=1)
    draft.add("scores", "global_avg_pool2d")
    return draft.finish()


def _fire(draft: Draft, name: str, squeeze: int, expand: int) -> None:
    """Squeeze to few channels, then expand by 1×1 and 3×3 filters side by side."""
    source = draft.conv_relu(f"{name}.squeeze", filters=squeeze, kernel=1)
    left = draft.conv_relu(f"{name}.expand1x1", source, filters=expand, kernel=1)
    right = draft.conv_relu(f"{name}.expand3x3", source, filters=expand, kernel=3, pad=1)
    draft.add(f"{name}.join", "concat", left, right)
