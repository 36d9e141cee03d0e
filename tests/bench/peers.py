"""The same networks in PyTorch and in ONNX Runtime, with the same weights: what we are held to."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from graphspec.engines.base import Array
from graphspec.plan import Node, Plan
from tests.bench.timing import Call
from tests.oracle.operators import TRANSLATIONS
from tests.oracle.padding import pair, sides

OPSET, IR_VERSION = 21, 10


class TorchNetwork(torch.nn.Module):
    """A plan as a PyTorch module; the losses are left out. No weights: PyTorch draws its own."""

    def __init__(self, plan: Plan, weights: dict[str, Array] | None = None) -> None:
        super().__init__()
        self.image = next(iter(plan.inputs))
        self.steps = [
            (node.id, tuple(node.layer.inputs)) for node in plan.nodes if not node.layer.is_loss
        ]
        self.parts = torch.nn.ModuleDict(
            {
                _key(node.id): _module(node, _of(weights or {}, node.id))
                for node in plan.nodes
                if not node.layer.is_loss
            }
        )
        self.result = plan.outputs[0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {self.image: x}
        for name, sources in self.steps:
            values[name] = self.parts[_key(name)](*(values[source] for source in sources))
        return values[self.result]


class _Add(torch.nn.Module):
    def forward(self, *xs: torch.Tensor) -> torch.Tensor:
        total = xs[0]
        for x in xs[1:]:
            total = total + x
        return total


class _Concat(torch.nn.Module):
    def forward(self, *xs: torch.Tensor) -> torch.Tensor:
        return torch.cat(xs, dim=1)


def _key(name: str) -> str:
    return name.replace(".", "__")


def _of(weights: dict[str, Array], name: str) -> dict[str, Array]:
    return {
        full.rpartition(".")[2]: array
        for full, array in weights.items()
        if full.rpartition(".")[0] == name
    }


def _module(node: Node, own: dict[str, Array]) -> torch.nn.Module:
    layer: Any = node.layer
    made: torch.nn.Module
    match layer.kind:
        case "linear":
            made = torch.nn.Linear(node.sources[0].size, layer.units, bias=layer.bias)
            _load(made, {name: array.T for name, array in own.items()})
            return torch.nn.Sequential(torch.nn.Flatten(), made)
        case "conv2d":
            channels, height, width = node.sources[0].shape
            top, right, bottom, left = sides(layer, height, width)
            assert (top, left) == (bottom, right), "PyTorch pads both sides alike"
            made = torch.nn.Conv2d(
                channels,
                layer.filters,
                pair(layer.kernel),
                pair(layer.stride),
                (top, left),
                pair(layer.dilation),
                layer.groups,
                bias=layer.bias,
            )
            _load(made, own)
        case "batch_norm":
            made = torch.nn.BatchNorm2d(node.sources[0].shape[0], layer.epsilon, 1 - layer.momentum)
        case "max_pool2d":
            _, height, width = node.sources[0].shape
            top, _, _, left = sides(layer, height, width)
            made = torch.nn.MaxPool2d(
                pair(layer.kernel),
                pair(layer.stride or layer.kernel),
                (top, left),
                ceil_mode=layer.rounding == "ceil",
            )
        case "global_avg_pool2d":
            made = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        case "relu":
            made = torch.nn.ReLU()
        case "dropout":
            made = torch.nn.Dropout(layer.drop)
        case "add":
            made = _Add()
        case "concat":
            made = _Concat()
        case _:
            raise ValueError(f"no twin of a {layer.kind} is written yet")
    return made


def _load(module: torch.nn.Module, own: dict[str, Array]) -> None:
    parameters = dict(module.named_parameters())
    assert not own or own.keys() == parameters.keys()
    with torch.no_grad():
        for name, array in own.items():
            parameters[name].copy_(torch.from_numpy(np.array(array, np.float32)))


def torch_steps(
    plan: Plan, weights: dict[str, Array], x: Array, y: Array, make: Any, *, compiled: bool = True
) -> dict[str, Call]:
    """A training step in eager PyTorch, in channels-last and, if asked for, compiled.

    Forward, cross-entropy, backward and an update by what ``make`` makes of the parameters.
    """
    return {
        name: _step(_prepared(plan, weights, name), _images(x, name), torch.from_numpy(y), make)
        for name in _ways(compiled=compiled)
    }


def torch_runs(
    plan: Plan, weights: dict[str, Array], x: Array, *, compiled: bool = True
) -> dict[str, Call]:
    """An evaluation in eager PyTorch, in channels-last and, if asked for, compiled."""
    calls: dict[str, Call] = {}
    for name in _ways(compiled=compiled):
        model, images = _prepared(plan, weights, name).eval(), _images(x, name)

        def run(model: Any = model, images: torch.Tensor = images) -> Any:
            with torch.inference_mode():
                return model(images).numpy()

        calls[name] = run
    return calls


def _ways(*, compiled: bool) -> tuple[str, ...]:
    return ("eager", "channels last", "compiled") if compiled else ("eager", "channels last")


def _prepared(plan: Plan, weights: dict[str, Array], name: str) -> Any:
    model: Any = TorchNetwork(plan, weights)
    if name == "channels last":
        model = model.to(memory_format=torch.channels_last)
    return torch.compile(model) if name == "compiled" else model


def _images(x: Array, name: str) -> torch.Tensor:
    images = torch.from_numpy(x)
    if name == "channels last" and images.ndim == 4:
        return images.contiguous(memory_format=torch.channels_last)
    return images


def _step(model: Any, images: torch.Tensor, labels: torch.Tensor, make: Any) -> Call:
    model.train()
    rule = make(model.parameters())

    def step() -> None:
        rule.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        rule.step()

    return step


def onnx_run(plan: Plan, weights: dict[str, Array], x: Array, threads: int) -> Call:
    """An evaluation in ONNX Runtime, with all its optimisations."""
    import onnx
    import onnxruntime

    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes, constants = [], []
    for node in plan.nodes:
        layer: Any = node.layer
        if layer.is_loss:
            continue
        if layer.kind == "dropout":
            nodes.append(helper.make_node("Identity", list(layer.inputs), [layer.id]))
            continue
        shapes = [np.zeros((1, *source.shape), np.float32) for source in node.sources]
        own = {name: np.asarray(a, np.float32) for name, a in _of(weights, node.id).items()}
        sources = list(layer.inputs)
        if layer.kind == "linear" and len(node.sources[0].shape) > 1:
            nodes.append(helper.make_node("Flatten", sources, [f"{layer.id}/flat"]))
            sources = [f"{layer.id}/flat"]
            shapes = [shapes[0].reshape(1, -1)]
        found = TRANSLATIONS[layer.kind](layer, shapes[0], own)
        assert found is not None, f"ONNX has no {layer.kind} of this form"
        names = [f"{layer.id}/{i}" for i in range(len(found.constants))]
        constants += [
            onnx.numpy_helper.from_array(np.ascontiguousarray(a), n)
            for a, n in zip(found.constants, names, strict=True)
        ]
        inputs = [*names, *sources] if found.constants_first else [*sources, *names]
        nodes.append(helper.make_node(found.op, inputs, [layer.id], **found.attributes))
    image = next(iter(plan.inputs))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(image, kind, x.shape)],
        [helper.make_tensor_value_info(plan.outputs[0], kind, None)],
        constants,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run([plan.outputs[0]], {image: x})[0]
