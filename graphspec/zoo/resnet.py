"""Residual networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphspec.graph import GraphSpec
from graphspec.zoo.draft import Draft

Block = Callable[[Draft, str, int, int, bool], None]


def resnet18() -> GraphSpec:
    """ResNet-18, of basic blocks: 11,689,512 parameters.

    Source: He et al. 2015, Deep Residual Learning for Image Recognition.
    """
    return _resnet("resnet18", (2, 2, 2, 2), _basic)


def resnet50() -> GraphSpec:
    """ResNet-50, of bottleneck blocks: 25,557,032 parameters.

    A stage's stride is on the 3×3 convolution of its first block, not on the 1×1 before it, as
    most implementations have it since; the parameters are the same.
    Source: He et al. 2015, Deep Residual Learning for Image Recognition.
    """
    return _resnet("resnet50", (3, 4, 6, 3), _bottleneck)


def _resnet(name: str, counts: Sequence[int], block: Block) -> GraphSpec:
    draft = Draft(name, (3, 224, 224), 1000)
    _conv_norm(draft, "stem.conv", 64, 7, stride=2)
    draft.add("stem.relu", "relu")
    draft.add("stem.pool", "max_pool2d", kernel=3, stride=2, pad=1, rounding="floor")
    for stage, count in enumerate(counts, start=1):
        for number in range(1, count + 1):
            stride = 2 if stage > 1 and number == 1 else 1
            # The first bottleneck of the first stage has more channels out than in.
            project = number == 1 and (stage > 1 or block is _bottleneck)
            block(draft, f"stage{stage}.block{number}", 64 * 2 ** (stage - 1), stride, project)
    draft.add("pool", "global_avg_pool2d")
    draft.add("scores", "linear", units=1000)
    return draft.finish()


def _basic(draft: Draft, name: str, filters: int, stride: int, project: bool) -> None:
    """Two 3×3 convolutions beside a shortcut."""
    source = draft.last
    _conv_norm(draft, f"{name}.conv1", filters, 3, stride)
    draft.add(f"{name}.relu1", "relu")
    branch = _conv_norm(draft, f"{name}.conv2", filters, 3)
    _join(draft, name, source, branch, filters, stride, project)


def _bottleneck(draft: Draft, name: str, filters: int, stride: int, project: bool) -> None:
    """1×1 to fewer channels, 3×3, and 1×1 to four times as many, beside a shortcut."""
    source = draft.last
    _conv_norm(draft, f"{name}.conv1", filters, 1)
    draft.add(f"{name}.relu1", "relu")
    _conv_norm(draft, f"{name}.conv2", filters, 3, stride)
    draft.add(f"{name}.relu2", "relu")
    branch = _conv_norm(draft, f"{name}.conv3", 4 * filters, 1)
    _join(draft, name, source, branch, 4 * filters, stride, project)


def _join(
    draft: Draft, name: str, source: str, branch: str, filters: int, stride: int, project: bool
) -> None:
    if project:
        source = _conv_norm(draft, f"{name}.shortcut", filters, 1, stride, source=source)
    draft.add(f"{name}.add", "add", branch, source)
    draft.add(f"{name}.relu", "relu")


def _conv_norm(
    draft: Draft, name: str, filters: int, kernel: int, stride: int = 1, source: str | None = None
) -> str:
    """A convolution without bias, as the normalisation behind it has its own."""
    draft.add(
        name,
        "conv2d",
        source or draft.last,
        filters=filters,
        kernel=kernel,
        stride=stride,
        pad=kernel // 2,
        bias=False,
        rounding="floor" if stride > 1 else "exact",
    )
    return draft.add(f"{name}_norm", "batch_norm")
