"""What every edit is made of: a revised copy, a node looked up, a name made sure of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from graphspec.errors import JsonPath, Problem, SpecError
from graphspec.graph import UNCONNECTED, GraphSpec, Position
from graphspec.layers.base import Identifier, Layer
from graphspec.layers.input import Input
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.selection import stands_for
from graphspec.spelling import did_you_mean

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


def refusal(code: str, message: str, path: JsonPath = (), *, layer: str | None = None) -> SpecError:
    """The error for an edit that makes no sense."""
    return SpecError([Problem(code, message, path, layer=layer)])


def revise(
    spec: GraphSpec,
    *,
    inputs: Iterable[Input] | None = None,
    layers: Iterable[Layer] | None = None,
    outputs: Iterable[str] | None = None,
    layout: Mapping[str, Position] | None = None,
    training: TrainConfig | None = None,
) -> GraphSpec:
    """A copy of a spec with some of its parts replaced.

    Raises:
        SpecError: the copy would break a limit, such as that of the number of layers.
    """
    # Not model_copy: it would carry the cached tables of the old spec along.
    try:
        return GraphSpec(
            name=spec.name,
            inputs=spec.inputs if inputs is None else tuple(inputs),
            layers=spec.layers if layers is None else cast("Any", tuple(layers)),
            outputs=spec.outputs if outputs is None else tuple(outputs),
            training=spec.training if training is None else training,
            layout=spec.layout if layout is None else tuple(layout.items()),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise refusal("invalid-edit", str(first["msg"]), first["loc"][:2]) from error


def node_ids(spec: GraphSpec) -> set[str]:
    """The ids of all inputs and layers."""
    return {*spec.input_by_id, *spec.by_id}


def mentioned_ids(spec: GraphSpec) -> set[str]:
    """Every name that is used or referred to; what is not among these is free."""
    names = node_ids(spec) | {UNCONNECTED} | set(spec.outputs)
    for layer in spec.layers:
        names.update(layer.inputs)
    return names


def layer_named(spec: GraphSpec, name: str) -> Layer:
    """The layer of this id.

    Raises:
        SpecError: there is none (``no-such-layer``).
    """
    layer = spec.by_id.get(name)
    if layer is None:
        if name in spec.input_by_id:
            raise refusal("no-such-layer", f"{name!r} is an input of the graph, not a layer")
        hint = did_you_mean(name, spec.by_id)
        raise refusal("no-such-layer", f"there is no layer {name!r}{hint}")
    return layer


def require_node(spec: GraphSpec, name: str) -> None:
    """Make sure that an input or layer of this id exists.

    Raises:
        SpecError: there is none (``no-such-layer``).
    """
    if name not in spec.by_id and name not in spec.input_by_id:
        hint = did_you_mean(name, [*spec.input_by_id, *spec.by_id])
        raise refusal("no-such-layer", f"there is no input or layer {name!r}{hint}")


def require_name(name: str) -> str:
    """Make sure that a text can be an id.

    Raises:
        SpecError: it cannot (``bad-name``).
    """
    try:
        _IDENTIFIER.validate_python(name)
    except ValidationError as error:
        raise refusal(
            "bad-name",
            f"{name!r:.60} cannot be a name. A name starts with a letter or _, goes on with "
            "letters, digits, _ and -, may have dots between such parts, and has at most 200 "
            "characters",
        ) from error
    if name == UNCONNECTED:
        raise refusal("bad-name", f"{name!r} stands for a port that nothing is connected to")
    return name


def require_free(spec: GraphSpec, name: str) -> str:
    """Make sure that a text can be the id of a new node.

    Raises:
        SpecError: it is no name (``bad-name``) or is taken (``duplicate-id``).
    """
    require_name(name)
    if name in spec.by_id or name in spec.input_by_id:
        what = "a layer" if name in spec.by_id else "an input"
        raise refusal(
            "duplicate-id",
            f"there is already {what} {name!r}; {free_id(spec, name)!r} is free",
            layer=name,
        )
    return name


def free_id(spec: GraphSpec, stem: str) -> str:
    """The first name of a series that nothing in the spec uses or refers to.

    ``fc`` → ``fc``, ``fc2``, ``fc3`` …; ``relu1`` → ``relu1``, ``relu2`` …; ``conv2d`` →
    ``conv2d``, ``conv2d_2`` ….

    Raises:
        SpecError: the stem is no name (``bad-name``).
    """
    return free_among(mentioned_ids(spec), stem)


def free_among(taken: set[str], stem: str) -> str:
    """``free_id`` with the names that are taken; for several new names at once."""
    if stem not in taken:
        return require_name(stem)
    base = stem.rstrip("0123456789")
    digits = stem[len(base) :]
    if not digits or not base or len(digits) > 9 or base.endswith("."):
        base, digits = stem + ("_" if any(map(str.isdigit, stem)) else ""), "1"
    # A series has at most as many names as are taken, and one more.
    for number in range(int(digits) + 1, int(digits) + len(taken) + 2):
        text = str(number)
        name = base[: 200 - len(text)] + text
        if name not in taken:
            return require_name(name)
    raise refusal("duplicate-id", f"every name after {stem!r:.60} is taken")


def with_inputs(layer: Layer, inputs: Sequence[str]) -> Layer:
    """A copy of a layer that reads something else; ports left empty at the end are dropped."""
    names = list(inputs)
    while names and names[-1] == UNCONNECTED:
        names.pop()
    return layer.model_copy(update={"inputs": tuple(names)})


def renamed(spec: GraphSpec, new_name: Callable[[str], str]) -> GraphSpec:
    """A copy in which every name, and every mention of it, went through ``new_name``."""
    training = spec.training and _renamed_selections(spec, spec.training, new_name)
    return revise(
        spec,
        inputs=(item.model_copy(update={"id": new_name(item.id)}) for item in spec.inputs),
        layers=(
            layer.model_copy(
                update={"id": new_name(layer.id), "inputs": tuple(map(new_name, layer.inputs))}
            )
            for layer in spec.layers
        ),
        outputs=map(new_name, spec.outputs),
        layout={new_name(name): position for name, position in spec.layout},
        training=training,
    )


def _renamed_selections(
    spec: GraphSpec, training: TrainConfig, new_name: Callable[[str], str]
) -> TrainConfig:
    """Penalties and constraints of some layers only go on meaning the same layers."""

    def renamed_one(name: str) -> tuple[str, ...]:
        before = [layer.id for layer in spec.layers if stands_for(name, layer.id)]
        after = [new_name(layer) for layer in before]
        if all(stands_for(name, layer) for layer in after):
            return (name,)
        groups = {
            new.removesuffix(old.removeprefix(name)) for old, new in zip(before, after, strict=True)
        }
        # A group that was renamed as a whole is a group still.
        return tuple(groups if len(groups) == 1 and groups.isdisjoint(after) else after)

    def renamed_in(item: Any) -> Any:
        if item.only is None:
            return item
        only = tuple(dict.fromkeys(new for name in item.only for new in renamed_one(name)))
        return item.model_copy(update={"only": only})

    return training.model_copy(
        update={
            field: tuple(map(renamed_in, getattr(training, field)))
            for field in ("penalties", "constraints")
        }
    )
