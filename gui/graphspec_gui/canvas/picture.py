"""What the canvas draws for a spec: nodes, edges and frames, as plain values without Qt.

Two pictures are compared value by value, so that an edit touches only the items that differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from graphspec.check.wiring import wanted_ports
from graphspec.edit import port_name
from graphspec.graph import UNCONNECTED, GraphSpec, Position
from graphspec.layers.base import Layer
from graphspec.layers.input import Input
from graphspec.tensor import TensorSpec
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.closing import Closing
from graphspec_gui.canvas.labels import brief, kind_of

INPUT_GROUP = "Input"
FOLDED = "Folded"


@dataclass(frozen=True, slots=True)
class PortPicture:
    """An input of a node: where along its top it sits, and what it reads.

    ``at`` runs from −1 (left end) over 0 (middle) to 1. ``source`` is None where nothing is
    connected. ``place`` is that in ``inputs``, −1 at a folded group.
    """

    name: str
    at: float
    place: int
    source: str | None


@dataclass(frozen=True, slots=True)
class NodePicture:
    """A layer, an input of the graph, or a group that is folded (then with its ``members``)."""

    id: str
    title: str
    kind: str
    group: str
    brief: str
    ports: tuple[PortPicture, ...]
    position: Position
    is_output: bool = False
    is_loss: bool = False
    members: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return metrics.NODE_WIDTH, height_of(self.group)


@dataclass(frozen=True, slots=True)
class EdgePicture:
    """One line: from the bottom of a node to a port of another.

    ``source`` and ``target`` are the nodes drawn, ``reads`` and ``reader`` the ids behind them
    (other ones where a group is folded), ``place`` the place in the reader's ``inputs``.
    """

    source: str
    target: str
    port: int
    reads: str
    reader: str
    place: int

    @property
    def key(self) -> tuple[str, int]:
        """What tells this edge from all others: a port of a layer reads one thing."""
        return self.reader, self.place


@dataclass(frozen=True, slots=True)
class FramePicture:
    """A group that is unfolded: a frame around what is in it."""

    id: str
    title: str
    rect: tuple[float, float, float, float]
    depth: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn, by id (frames: by the group's name)."""

    nodes: Mapping[str, NodePicture]
    edges: Mapping[tuple[str, int], EdgePicture]
    frames: Mapping[str, FramePicture]
    shown: Mapping[str, str]
    """For every input and layer the node that stands for it: itself, or a folded group."""
    closing: Closing
    """From positions of the document to positions on the canvas."""
    layers: Mapping[str, Layer] = field(default_factory=dict, compare=False, repr=False)
    """What the nodes were drawn from; where that is the same they are not made again."""


def height_of(group: str) -> float:
    """How tall a node is."""
    return {INPUT_GROUP: metrics.INPUT_HEIGHT, FOLDED: metrics.GROUP_HEIGHT}.get(
        group, metrics.NODE_HEIGHT
    )


def group_names(spec: GraphSpec) -> dict[str, list[str]]:
    """Every group that the dotted ids make, with all ids inside; outer groups come first."""
    groups: dict[str, list[str]] = {}
    for name in [*spec.input_by_id, *spec.by_id]:
        end = name.find(".")
        while end >= 0:
            groups.setdefault(name[:end], []).append(name)
            end = name.find(".", end + 1)
    return groups


def draw(
    spec: GraphSpec,
    folded: Collection[str] = (),
    elsewhere: Mapping[str, Position] | None = None,
    before: Picture | None = None,
) -> Picture:
    """The picture of a spec with some of its groups folded.

    Args:
        spec: what is drawn.
        folded: names of groups.
        elsewhere: positions of nodes that the spec has none for.
        before: an earlier picture of the same document, parts of which may still be right.
    """
    groups = group_names(spec)
    shown = _who_shows(spec, folded)
    positions = _positions(spec, elsewhere or {})
    members = {name: groups[name] for name in dict.fromkeys(shown.values()) if name in groups}
    members = {name: inside for name, inside in members.items() if shown[inside[0]] == name}
    boxes = {
        name: (x, y, metrics.NODE_WIDTH, height_of(INPUT_GROUP if name in spec.input_by_id else ""))
        for name, (x, y) in positions.items()
    }
    closing = Closing.over(
        [boxes[name] for name, node in shown.items() if name == node],
        [[boxes[name] for name in inside] for inside in members.values()],
    )
    nodes: dict[str, NodePicture] = {}
    outputs = set(spec.outputs)
    for item in spec.inputs:
        if shown[item.id] == item.id:
            nodes[item.id] = _input_node(item, closing(positions[item.id]), outputs)
    # Whether a port reads something that is there depends on all names.
    old = before if before is not None and before.shown.keys() == shown.keys() else None
    for name, layer in spec.by_id.items():
        if shown[name] == name and name not in nodes:
            position = closing(positions[name])
            same = old.nodes.get(name) if old and old.layers.get(name) is layer else None
            if same and same.position == position and same.is_output == (name in outputs):
                nodes[name] = same
            else:
                nodes[name] = _layer_node(layer, position, outputs, spec)
    edges: dict[tuple[str, int], EdgePicture] = {}
    outside: dict[str, dict[str, int]] = {name: {} for name in members}
    for layer in spec.by_id.values():
        target = shown[layer.id]
        for place, source in enumerate(layer.inputs):
            start = shown.get(source)
            if start is None or start == target:
                continue
            port = place
            if target in members:
                if source in outside[target]:
                    continue
                port = outside[target].setdefault(source, len(outside[target]))
            edges[layer.id, place] = EdgePicture(start, target, port, source, layer.id, place)
    for name, inside in members.items():
        nodes[name] = _folded_node(
            name, inside, outside[name], closing.box([boxes[item] for item in inside]), outputs
        )
    frames = _frames(groups, members, shown, nodes)
    return Picture(nodes, edges, frames, shown, closing, spec.by_id)


def port_spots(count: int) -> tuple[float, ...]:
    """Where ``count`` ports sit along the top, from −1 to 1.

    Of two the first sits in the middle and the second at the right, so that the main path of a
    residual network runs straight down.
    """
    if count <= 1:
        return (0.0,) * count
    if count == 2:
        return (0.0, 0.68)
    return tuple(-0.84 + 1.68 * i / (count - 1) for i in range(count))


def slots(layer: Layer) -> int:
    """How many ports of a layer are drawn: those it needs, and those that it has too many."""
    return max(len(wanted_ports(layer)), len(layer.inputs))


def open_place(layer: Layer) -> int | None:
    """The place where a layer that takes any number would take one more."""
    if not layer.ports[-1].endswith("*"):
        return None
    return len(layer.inputs) if len(layer.inputs) >= len(wanted_ports(layer)) else None


def label_of(tensor: TensorSpec | None) -> str:
    """A shape as it is written on nodes and edges; nothing where it is unknown."""
    return "" if tensor is None else str(tensor)


def _who_shows(spec: GraphSpec, folded: Collection[str]) -> dict[str, str]:
    shown = {}
    for name in [*spec.input_by_id, *spec.by_id]:
        end = name.find(".") if folded else -1
        while end >= 0 and name[:end] not in folded:
            end = name.find(".", end + 1)
        shown[name] = name if end < 0 else name[:end]
    return shown


def _positions(spec: GraphSpec, elsewhere: Mapping[str, Position]) -> dict[str, Position]:
    given = {**elsewhere, **dict(spec.layout)}
    return {name: given.get(name, (0.0, 0.0)) for name in [*spec.input_by_id, *spec.by_id]}


def _input_node(item: Input, position: Position, outputs: set[str]) -> NodePicture:
    return NodePicture(item.id, item.id, "input", INPUT_GROUP, "", (), position, item.id in outputs)


def _layer_node(
    layer: Layer, position: Position, outputs: set[str], spec: GraphSpec
) -> NodePicture:
    count = slots(layer)
    ports = []
    for place, at in enumerate(port_spots(count)):
        source = layer.inputs[place] if place < len(layer.inputs) else UNCONNECTED
        known = source in spec.by_id or source in spec.input_by_id
        ports.append(PortPicture(port_name(layer, place), at, place, source if known else None))
    return NodePicture(
        layer.id,
        layer.id.rpartition(".")[2],
        kind_of(layer),
        layer.group,
        brief(layer),
        tuple(ports),
        position,
        layer.id in outputs,
        layer.is_loss,
    )


def _folded_node(
    name: str,
    inside: list[str],
    outside: Mapping[str, int],
    position: Position,
    outputs: set[str],
) -> NodePicture:
    spots = port_spots(len(outside))
    ports = tuple(PortPicture(source, spots[i], -1, source) for source, i in outside.items())
    many = "1 layer" if len(inside) == 1 else f"{len(inside)} layers"
    return NodePicture(
        name,
        name.rpartition(".")[2],
        "group",
        FOLDED,
        many,
        ports,
        position,
        not outputs.isdisjoint(inside),
        members=tuple(inside),
    )


def _frames(
    groups: Mapping[str, list[str]],
    folded: Mapping[str, list[str]],
    shown: Mapping[str, str],
    nodes: Mapping[str, NodePicture],
) -> dict[str, FramePicture]:
    frames: dict[str, FramePicture] = {}
    inner: dict[str, list[tuple[float, float, float, float]]] = {}
    # Inner groups first: a frame stands around the frames inside it.
    for name in sorted(groups, key=lambda item: -item.count(".")):
        inside = groups[name]
        if name in folded or (
            shown[inside[0]] in folded and not shown[inside[0]].startswith(name + ".")
        ):
            continue
        drawn = dict.fromkeys(shown[item] for item in inside)
        rects = [(*nodes[item].position, *nodes[item].size) for item in drawn]
        frames[name] = FramePicture(
            name,
            name.rpartition(".")[2],
            _around([*inner.get(name, ()), *rects]),
            name.count("."),
            tuple(inside),
        )
        inner.setdefault(name.rpartition(".")[0], []).append(frames[name].rect)
    return dict(sorted(frames.items(), key=lambda item: item[1].depth))


def _around(
    rects: Iterable[tuple[float, float, float, float]],
) -> tuple[float, float, float, float]:
    corners = [(x, y, x + w, y + h) for x, y, w, h in rects]
    left = min(item[0] for item in corners) - metrics.FRAME_PAD
    top = min(item[1] for item in corners) - metrics.FRAME_TITLE
    right = max(item[2] for item in corners) + metrics.FRAME_PAD
    bottom = max(item[3] for item in corners) + metrics.FRAME_PAD
    return left, top, right - left, bottom - top
