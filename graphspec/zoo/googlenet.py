"""GoogLeNet: inception modules side by side and in depth."""

from __future__ import annotations

from graphspec.graph import GraphSpec
from graphspec.zoo.draft import Draft

# Filters of: 1×1; 1×1 before 3×3, 3×3; 1×1 before 5×5, 5×5; 1×1 behind the pooling.
MODULES: dict[str, tuple[int, int, int, int, int, int]] = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet() -> GraphSpec:
    """GoogLeNet (Inception v1) without its auxiliary classifiers: 6,998,552 parameters.

    As in the paper, with biases and no batch normalisation; local response normalisation, which
    has no parameters, is left out.
    Source: Szegedy et al. 2014, Going Deeper with Convolutions, table 1.
    """
    draft = Draft("googlenet", (3, 224, 224), 1000)
    draft.conv_relu("conv1", filters=64, kernel=7, stride=2, pad=3, rounding="floor")
    _halve(draft, "pool1")
    draft.conv_relu("conv2_reduce", filters=64, kernel=1)
    draft.conv_relu("conv2", filters=192, kernel=3, pad=1)
    _halve(draft, "pool2")
    for name, filters in MODULES.items():
        _inception(draft, f"inception{name}", filters)
        if name in ("3b", "4e"):
            _halve(draft, f"pool{name[0]}")
    draft.add("pool5", "global_avg_pool2d")
    draft.add("drop", "dropout", drop=0.4)
    draft.add("scores", "linear", units=1000)
    return draft.finish()


def _halve(draft: Draft, name: str) -> None:
    draft.add(name, "max_pool2d", kernel=3, stride=2, rounding="ceil")


def _inception(draft: Draft, name: str, filters: tuple[int, int, int, int, int, int]) -> None:
    """Four branches over the same input, joined along the channels."""
    source = draft.last
    one, reduce3, three, reduce5, five, behind = filters
    branches = [draft.conv_relu(f"{name}.conv1x1", source, filters=one, kernel=1)]
    draft.conv_relu(f"{name}.reduce3x3", source, filters=reduce3, kernel=1)
    branches.append(draft.conv_relu(f"{name}.conv3x3", filters=three, kernel=3, pad=1))
    draft.conv_relu(f"{name}.reduce5x5", source, filters=reduce5, kernel=1)
    branches.append(draft.conv_relu(f"{name}.conv5x5", filters=five, kernel=5, pad=2))
    draft.add(f"{name}.pool", "max_pool2d", source, kernel=3, stride=1, pad=1)
    branches.append(draft.conv_relu(f"{name}.project", filters=behind, kernel=1))
    draft.add(f"{name}.join", "concat", *branches)
