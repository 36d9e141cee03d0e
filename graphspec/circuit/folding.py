"""One gate for a chain of gates, and back: any function may be grouped into a gate.

Source: CS231n notes, Backpropagation, modularity: the sigmoid example.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from graphspec.edit.revise import (
    free_among,
    layer_named,
    mentioned_ids,
    refusal,
    revise,
    with_inputs,
)
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.record import kind_of

Link = tuple[str, dict[str, float]]
CHAINS: dict[str, tuple[Link, ...]] = {
    # 1/(1 + e⁻ˣ)
    "sigmoid": (
        ("scale", {"factor": -1.0}),
        ("exp", {}),
        ("add_constant", {"constant": 1.0}),
        ("reciprocal", {}),
    ),
    # ln(1 + eˣ)
    "softplus": (("exp", {}), ("add_constant", {"constant": 1.0}), ("log", {})),
    # 2σ(2x) − 1
    "tanh": (
        ("scale", {"factor": 2.0}),
        ("sigmoid", {}),
        ("scale", {"factor": 2.0}),
        ("add_constant", {"constant": -1.0}),
    ),
}
"""The gates that are a chain of others, first to last. A later one may hold an earlier one."""


def expand(spec: GraphSpec, name: str) -> GraphSpec:
    """Put a chain of simpler gates in the place of one gate.

    The chain of ``sigmoid1`` is ``sigmoid1.scale``, ``sigmoid1.exp`` …, a group of that name.

    Raises:
        SpecError: there is no such layer (``unknown-layer``), or no chain for it (``no-chain``).
    """
    layer = layer_named(spec, name)
    kind = kind_of(layer)
    if kind not in CHAINS:
        raise refusal(
            "no-chain",
            f"{name!r} is a {kind}, which is not made of simpler gates; "
            f"these are: {', '.join(CHAINS)}",
            layer=name,
        )
    taken = mentioned_ids(spec)
    links: list[Layer] = []
    inputs = layer.inputs
    for link, fields in CHAINS[kind]:
        new = free_among(taken, f"{name}.{link}")
        taken.add(new)
        links.append(BY_KIND[link].model_validate({"id": new, "inputs": inputs, **fields}))
        inputs = (new,)
    return _replaced(spec, (name,), links, name, links[-1].id)


def fold(spec: GraphSpec) -> GraphSpec:
    """Put one gate in the place of every chain that is one, where nothing else reads its wires.

    The gate takes the name of the chain's group, or of its last gate.
    """
    for kind, links in CHAINS.items():
        done = False
        while not done:
            chain = _find(spec, links)
            if chain is None:
                done = True
                continue
            last = chain[-1]
            group = last.rpartition(".")[0]
            grouped = group and all(part.rpartition(".")[0] == group for part in chain)
            name = group if grouped and group not in mentioned_ids(spec) else last
            source = spec.by_id[chain[0]].inputs
            gate = BY_KIND[kind].model_validate({"id": name, "inputs": source})
            spec = _replaced(spec, chain, [gate], last, name)
    return spec


def _find(spec: GraphSpec, links: tuple[Link, ...]) -> tuple[str, ...] | None:
    """The ids of the first chain, first gate to last."""
    readers = Counter(source for layer in spec.layers for source in layer.inputs)
    for layer in spec.layers:
        chain: list[str] = []
        at: Layer | None = layer
        for kind, fields in reversed(links):
            inside = bool(chain)
            if at is None or not _is(at, kind, fields) or at.id in chain:
                break
            if inside and (readers[at.id] != 1 or at.id in spec.outputs):
                break
            chain.append(at.id)
            at = spec.by_id.get(at.inputs[0])
        else:
            return tuple(reversed(chain))
    return None


def _is(layer: Layer, kind: str, fields: dict[str, Any]) -> bool:
    return (
        kind_of(layer) == kind
        and len(layer.inputs) == 1
        and all(getattr(layer, name) == value for name, value in fields.items())
    )


def _replaced(
    spec: GraphSpec, gone: tuple[str, ...], new: list[Layer], old_end: str, new_end: str
) -> GraphSpec:
    """Layers in the place of others; whoever read the old end reads the new one."""
    layers: list[Layer] = []
    for layer in spec.layers:
        if layer.id == old_end:
            layers += new
        elif layer.id not in gone:
            sources = [new_end if source == old_end else source for source in layer.inputs]
            layers.append(with_inputs(layer, sources))
    return revise(
        spec,
        layers=layers,
        outputs=[new_end if name == old_end else name for name in spec.outputs],
        layout={name: position for name, position in spec.layout if name not in gone},
    )
