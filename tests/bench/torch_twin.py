"""The PyTorch network that a chain of layers stands for, with the same weights and momentum."""

from __future__ import annotations

from typing import Any

import torch

from graphspec.plan import Node, Plan
from tests.bench.timing import Call


def _module(node: Node) -> torch.nn.Module:
    layer: Any = node.layer
    match layer.kind:
        case "linear":
            made = torch.nn.Linear(node.sources[0].size, layer.units)
            return torch.nn.Sequential(torch.nn.Flatten(), made)
        case "conv2d":
            return torch.nn.Conv2d(
                node.sources[0].shape[0], layer.filters, layer.kernel, layer.stride, layer.pad
            )
        case "max_pool2d":
            return torch.nn.MaxPool2d(layer.kernel, layer.stride, layer.pad)
        case "relu":
            return torch.nn.ReLU()
        case "dropout":
            return torch.nn.Dropout(layer.drop)
    raise ValueError(f"no twin of a {layer.kind} is written yet")


def step_of(plan: Plan, x: Any, y: Any, rate: float, *, channels_last: bool) -> Call:
    """A training step of the twin: forward, cross-entropy, backward, SGD with momentum 0.9."""
    chain = [node for node in plan.nodes if not node.layer.is_loss]
    model = torch.nn.Sequential(*map(_module, chain)).train()
    images, labels = torch.from_numpy(x), torch.from_numpy(y)
    if channels_last and images.ndim == 4:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    rule = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)

    def step() -> None:
        rule.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        rule.step()

    return step
