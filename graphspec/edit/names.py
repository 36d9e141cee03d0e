"""Edits that change names: rename, duplicate, group and ungroup."""

from __future__ import annotations

from collections.abc import Iterable

from graphspec.edit.revise import (
    free_among,
    layer_named,
    mentioned_ids,
    node_ids,
    refusal,
    renamed,
    require_free,
    require_name,
    revise,
    with_inputs,
)
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.spelling import did_you_mean

DUPLICATE_OFFSET = 40.0
"""How far right and down of the original the canvas draws a copy, in its units."""


def rename(spec: GraphSpec, old: str, new: str) -> GraphSpec:
    """Rename an input, a layer or a whole group, and everything that mentions it.

    ``old`` names a node; if there is none of that name, the group of nodes that start with it
    and a dot.

    Raises:
        SpecError: there is no such node or group, or the new name is taken or no name.
    """
    if old == new:
        return spec
    names = node_ids(spec)
    if old in names:
        require_free(spec, new)
        return renamed(spec, lambda name: new if name == old else name)
    inside = _require_group(spec, old)
    require_name(new)
    if any(name.startswith(new + ".") for name in names - inside):
        raise refusal("duplicate-id", f"there is already a group {new!r}")
    return _renamed_all(spec, {name: new + name[len(old) :] for name in inside})


def duplicate(spec: GraphSpec, ids: Iterable[str]) -> tuple[GraphSpec, dict[str, str]]:
    """Copy layers under new names, below the last of them.

    Edges between the layers are copied; what they read from outside is read by the copies too.
    Returns the new spec, and the name of the copy of each layer.

    Raises:
        SpecError: there is no such layer.
    """
    chosen = {layer_named(spec, name).id for name in ids}
    if not chosen:
        return spec, {}
    taken = mentioned_ids(spec)
    copies: dict[str, str] = {}
    for layer in spec.layers:
        if layer.id in chosen and layer.id not in copies:
            copies[layer.id] = free_among(taken, layer.id)
            taken.add(copies[layer.id])
    new: list[Layer] = [
        with_inputs(
            spec.by_id[name].model_copy(update={"id": copy}),
            [copies.get(source, source) for source in spec.by_id[name].inputs],
        )
        for name, copy in copies.items()
    ]
    at = 1 + max(i for i, layer in enumerate(spec.layers) if layer.id in chosen)
    layout = dict(spec.layout)
    for name, copy in copies.items():
        if name in layout:
            x, y = layout[name]
            layout[copy] = (x + DUPLICATE_OFFSET, y + DUPLICATE_OFFSET)
    layers = (*spec.layers[:at], *new, *spec.layers[at:])
    return revise(spec, layers=layers, layout=layout), copies


def group(spec: GraphSpec, ids: Iterable[str], name: str) -> GraphSpec:
    """Put layers into a new group, by giving their names a common part.

    The new group stands inside the innermost group that all of the layers are in: ``a.conv`` and
    ``a.relu`` grouped as ``block`` become ``a.block.conv`` and ``a.block.relu``.

    Raises:
        SpecError: there is no such layer, or the group's name is taken or no name.
    """
    chosen = {layer_named(spec, item).id for item in ids}
    if not chosen:
        raise refusal("empty-group", "a group needs at least one layer")
    outer = _common_groups([item.split(".")[:-1] for item in sorted(chosen)])
    prefix = "".join(part + "." for part in outer)
    whole = require_name(prefix + name)
    names = node_ids(spec)
    if whole in names or any(item.startswith(whole + ".") for item in names):
        raise refusal("duplicate-id", f"there is already a layer or group {whole!r}")
    return _renamed_all(spec, {item: f"{whole}.{item[len(prefix) :]}" for item in chosen})


def ungroup(spec: GraphSpec, name: str) -> GraphSpec:
    """Dissolve a group: its layers move to the group around it.

    Raises:
        SpecError: there is no such group, or a layer's shorter name is taken or no name.
    """
    inside = _require_group(spec, name)
    outer, dot, _ = name.rpartition(".")
    return _renamed_all(spec, {item: outer + dot + item[len(name) + 1 :] for item in inside})


def _require_group(spec: GraphSpec, name: str) -> set[str]:
    """The ids in a group."""
    inside = {item for item in node_ids(spec) if item.startswith(name + ".")}
    if not inside:
        groups = {item.rpartition(".")[0] for item in node_ids(spec)} - {""}
        hint = did_you_mean(name, sorted(groups | node_ids(spec)))
        raise refusal("no-such-layer", f"there is no layer or group {name!r:.60}{hint}")
    return inside


def _common_groups(paths: list[list[str]]) -> list[str]:
    common = paths[0]
    for path in paths[1:]:
        same = 0
        while same < min(len(common), len(path)) and common[same] == path[same]:
            same += 1
        common = common[:same]
    return common


def _renamed_all(spec: GraphSpec, new_names: dict[str, str]) -> GraphSpec:
    """Rename many nodes at once, if that leaves all names distinct."""
    staying = node_ids(spec) - new_names.keys()
    for old, new in new_names.items():
        require_name(new)
        if new in staying:
            raise refusal("duplicate-id", f"{old!r} cannot become {new!r}: that name is taken")
    return renamed(spec, lambda name: new_names.get(name, name))
