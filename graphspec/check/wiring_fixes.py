"""Fixes for names, ports, cycles, outputs and losses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from graphspec import edit
from graphspec.check.scene import Proposals, Scene, made, result
from graphspec.check.shapes import LABEL_PORT, infer_layer
from graphspec.check.wiring import wanted_ports
from graphspec.edit.revise import free_id, revise, with_inputs
from graphspec.edit.wiring import without_input
from graphspec.errors import Problem, SpecError
from graphspec.graph import UNCONNECTED, GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from graphspec.tensor import TensorSpec


def _rename_second(problem: Problem, scene: Scene) -> Proposals:
    if problem.path[0] == "inputs":
        old = str(problem.path[1])
        new = free_id(scene.spec, old)
        yield f"rename the second {old} to {new}", partial(_with_second_input, old=old, new=new)
        return
    i = _place(problem)
    old = scene.layer(i).id
    new = free_id(scene.spec, "layer1" if old == UNCONNECTED else old)
    yield f"rename it to {new}", partial(_with_id_at, i=i, old=old, new=new)


def _with_id_at(spec: GraphSpec, *, i: int, old: str, new: str) -> GraphSpec:
    """Rename one of several layers of the same name; those that read it read the first one."""
    found = [k for k, layer in enumerate(spec.layers) if layer.id == old]
    if not found:
        raise SpecError(f"there is no longer a layer {old!r}")
    at = i if i in found else found[-1]
    layers: list[Layer] = list(spec.layers)
    layers[at] = layers[at].model_copy(update={"id": new})
    return revise(spec, layers=layers)


def _with_second_input(spec: GraphSpec, *, old: str, new: str) -> GraphSpec:
    found = [k for k, item in enumerate(spec.inputs) if item.id == old]
    if len(found) < 2:
        raise SpecError(f"there is only one input {old!r} now")
    inputs = list(spec.inputs)
    inputs[found[1]] = inputs[found[1]].model_copy(update={"id": new})
    return revise(spec, inputs=inputs)


def _connect_to_nearest(problem: Problem, scene: Scene) -> Proposals:
    i, j = _place(problem), _port(problem)
    layer = scene.layer(i)
    near = scene.speller.nearest(layer.inputs[j], exclude=(layer.id,))
    if near is not None and scene.may_read(i, near) and problem.port is not None:
        yield _connection(near, layer, j)
    yield from _connect_to_any(problem, scene)
    if problem.port is None or (layer.ports[-1].endswith("*") and len(layer.inputs) > 2):
        yield from _drop_edge(problem, scene)


def _without_input_named(spec: GraphSpec, *, name: str, port: int, source: str) -> GraphSpec:
    """Take an edge away; edges that were taken away before it may have moved it."""
    layer = spec.by_id.get(name)
    if layer is None or source not in layer.inputs:
        raise SpecError(f"{name!r} no longer reads {source!r}")
    if port >= len(layer.inputs) or layer.inputs[port] != source:
        port = layer.inputs.index(source)
    layers = (without_input(layer, port) if item is layer else item for item in spec.layers)
    return revise(spec, layers=layers)


def _connect_to_any(problem: Problem, scene: Scene) -> Proposals:
    """Connect an empty port: a label to an input with classes, others to the layer above."""
    i = _place(problem)
    layer = scene.layer(i)
    if problem.port is None:
        return
    j = _port(problem) if len(problem.path) > 3 else wanted_ports(layer).index(problem.port)
    if layer.ports[-1].endswith("*") and j > len(layer.inputs):
        # The ports before it are filled first.
        return
    if problem.port == LABEL_PORT:
        for name in scene.labels():
            yield _connection(name, layer, j)
        return
    above = scene.above(i)
    if above is not None and above not in layer.inputs:
        yield _connection(above, layer, j)
        return
    for item in scene.spec.inputs:
        if item.classes is None and item.id not in layer.inputs:
            yield _connection(item.id, layer, j)
            return
    if len(layer.inputs) == 1 and problem.port == f"{layer.ports[-1][:-1]}[1]":
        yield (
            f"remove {layer.id}, which joins only one input",
            partial(edit.remove_layers, ids=(layer.id,)),
        )


def _connection(source: str, layer: Layer, j: int) -> tuple[str, Callable[[GraphSpec], GraphSpec]]:
    # By place: edges to ports of the same name may come and go.
    return (
        f"connect {source} to {layer.id}",
        partial(edit.connect, source=source, target=layer.id, port=j),
    )


def _drop_edge(problem: Problem, scene: Scene) -> Proposals:
    layer, j = scene.layer(_place(problem)), _port(problem)
    source = layer.inputs[j]
    yield (
        f"disconnect {source} from {layer.id}",
        partial(_without_input_named, name=layer.id, port=j, source=source),
    )


def _remove_layer(problem: Problem, scene: Scene) -> Proposals:
    name = scene.layer(_place(problem)).id
    yield f"remove {name}", partial(edit.remove_layers, ids=(name,))


def _remove_input(problem: Problem, scene: Scene) -> Proposals:
    name = str(problem.path[1])
    yield f"remove the input {name}", partial(edit.remove_layers, ids=(name,))


def _mend_output(problem: Problem, scene: Scene) -> Proposals:
    name = scene.spec.outputs[_place(problem)]
    near = scene.speller.nearest(name)
    number = None if near is None else scene.number(near)
    if near is not None and number is not None and number >= 0 and near not in scene.spec.outputs:
        yield f"set the output to {near}", partial(_with_output, old=name, new=near)
    if len(scene.spec.outputs) == 1 and (last := _last_layer(scene)) is not None:
        yield f"set the output to {last}", partial(_with_output, old=name, new=last)
    yield from _drop_output(problem, scene)


def _drop_output(problem: Problem, scene: Scene) -> Proposals:
    name = scene.spec.outputs[_place(problem)]
    if len(set(scene.spec.outputs)) > 1 or len(scene.spec.outputs) > 1:
        k = _place(problem)
        yield f"take {name} out of the outputs", partial(_without_output, k=k, name=name)
    elif (last := _last_layer(scene)) is not None and last != name:
        yield f"set the output to {last}", partial(_with_output, old=name, new=last)


def _drop_loss(problem: Problem, scene: Scene) -> Proposals:
    name = scene.spec.outputs[_place(problem)]
    others = tuple(other for other in scene.spec.outputs if other != name)
    if others:
        yield f"take {name} out of the outputs", partial(_without_mention, name=name)
    elif (last := _last_layer(scene)) is not None:
        yield f"set the output to {last}", partial(_with_output, old=name, new=last)


def _without_mention(spec: GraphSpec, *, name: str) -> GraphSpec:
    return revise(spec, outputs=(other for other in spec.outputs if other != name))


def _with_output(spec: GraphSpec, *, old: str, new: str) -> GraphSpec:
    return revise(
        spec, outputs=dict.fromkeys(new if name == old else name for name in spec.outputs)
    )


def _without_output(spec: GraphSpec, *, k: int, name: str) -> GraphSpec:
    outputs = list(spec.outputs)
    if k < len(outputs) and outputs[k] == name:
        del outputs[k]
    elif name in outputs:
        outputs.remove(name)
    return revise(spec, outputs=outputs)


def _set_outputs(problem: Problem, scene: Scene) -> Proposals:
    if (last := _last_layer(scene)) is not None:
        yield f"set the output to {last}", partial(revise, outputs=(last,))


def _last_layer(scene: Scene) -> str | None:
    """The last layer in running order that is not a loss."""
    for i in reversed(scene.wiring.order):
        layer = scene.layer(i)
        if not layer.is_loss and scene.number(layer.id) == i:
            return layer.id
    return None


def _add_loss(problem: Problem, scene: Scene) -> Proposals:
    """A softmax loss on the outputs, with a label input; for real values an L2 loss."""
    scores = scene.spec.outputs[0] if scene.spec.outputs else _last_layer(scene)
    found = scene.shape(None if scores is None else scene.number(scores))
    if scores is None or found is None or "softmax_loss" not in BY_KIND:
        return
    names = scene.labels() or [free_id(scene.spec, "label")]
    for name in names:
        number = scene.number(name)
        label = scene.shape(number) or TensorSpec((), "int", max(found.size, 1))
        if result(made("softmax_loss", inputs=(scores, name)), found, label) is not None:
            yield (
                f"add a softmax_loss that reads {scores} and {name}",
                partial(_with_loss, scores=scores, label=name, classes=label.classes or 1),
            )
            return


def _with_loss(spec: GraphSpec, *, scores: str, label: str, classes: int) -> GraphSpec:
    if label not in spec.input_by_id:
        spec = edit.add_input(spec, Input(id=label, classes=classes))
    loss = made("softmax_loss", id=free_id(spec, "loss"), inputs=(scores, label))
    assert loss is not None  # it was tried out when the fix was offered
    return edit.add_layer(spec, loss)


def _mend_type(problem: Problem, scene: Scene) -> Proposals:
    """A label where numbers belong, or numbers where a label belongs."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None or len(problem.path) < 4:
        return
    if len(tensors) == 2 and not isinstance(infer_layer(layer, (tensors[1], tensors[0])), Problem):
        yield f"swap the inputs of {layer.id}", partial(_swapped, name=layer.id)
    j = _port(problem)
    if problem.code == "label-expected":
        for name in scene.labels():
            yield _connection(name, layer, j)
        return
    above = scene.above(i)
    if above is not None and above != layer.inputs[j]:
        yield _connection(above, layer, j)


def _swapped(spec: GraphSpec, *, name: str) -> GraphSpec:
    return revise(
        spec,
        layers=(
            with_inputs(layer, layer.inputs[::-1]) if layer.id == name else layer
            for layer in spec.layers
        ),
    )


def _place(problem: Problem) -> int:
    """The layer's or output's place, from the problem's path."""
    i = problem.path[1]
    assert isinstance(i, int)
    return i


def _port(problem: Problem) -> int:
    j = problem.path[3]
    assert isinstance(j, int)
    return j


PROPOSERS: dict[str, Callable[[Problem, Scene], Proposals]] = {
    "duplicate-id": _rename_second,
    "unknown-input": _connect_to_nearest,
    "missing-input": _connect_to_any,
    "extra-input": _drop_edge,
    "cycle": _drop_edge,
    "unused-layer": _remove_layer,
    "unused-input": _remove_input,
    "unknown-output": _mend_output,
    "duplicate-output": _drop_output,
    "loss-as-output": _drop_loss,
    "no-outputs": _set_outputs,
    "no-loss": _add_loss,
    "float-expected": _mend_type,
    "label-expected": _mend_type,
}
