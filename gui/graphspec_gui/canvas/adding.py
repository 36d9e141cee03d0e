"""New layers: found by a few letters, set up by what is typed behind, and wired where they go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from graphspec import edit
from graphspec.edit.revise import refusal
from graphspec.graph import UNCONNECTED, GraphSpec, Position
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from graphspec.spelling import Speller
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.labels import kind_doc
from graphspec_gui.canvas.legal import FORCE, Shapes, below, fits, places, verdicts
from graphspec_gui.canvas.picture import INPUT_GROUP, EdgePicture, slots
from graphspec_gui.canvas.placing import DOWN, place_near

_STARTS: dict[str, dict[str, Any]] = {
    "conv2d": {"filters": 16, "kernel": 3, "pad": 1},
    "conv_transpose2d": {"filters": 16, "kernel": 2, "stride": 2},
    "linear": {"units": 10},
}
"""What a new layer is set to where its kind leaves it open; others begin like their example."""
INPUT_KINDS = {
    "input": "An array that is fed in: write its shape behind, as in input 3×32×32.",
    "label": "Class labels that are fed in: write how many there are, as in label 10.",
}
_SHAPE = re.compile(r"\d+(?:[x×,]\d+)*")


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a layer is wanted.

    ``at`` is the middle of its place. ``edge`` is the edge to put it on; ``source`` what it is to
    read; ``port`` (layer, place) what is to read it. With ``alone`` it is not connected to what
    is selected.
    """

    at: Position | None = None
    edge: EdgePicture | None = None
    source: str | None = None
    port: tuple[str, int] | None = None
    alone: bool = False


class Choice(NamedTuple):
    """A kind that can be added."""

    kind: str
    group: str
    doc: str


def choices(spec: GraphSpec, shapes: Shapes, wish: Wish) -> list[Choice]:
    """The kinds that fit where one is wanted: all of them where it does not matter."""
    reads = wish.edge.reads if wish.edge is not None else wish.source
    tensor = shapes.get(reads) if reads is not None else None
    found = []
    for kind, cls in BY_KIND.items():
        if (wish.edge is not None or wish.port is not None) and cls.is_loss:
            continue
        if tensor is not None and not any(_could_take(cls, tensor)):
            continue
        found.append(Choice(kind, cls.group, kind_doc(kind)))
    if reads is None:
        found += [Choice(kind, INPUT_GROUP, doc) for kind, doc in INPUT_KINDS.items()]
    return found


def search(offered: Sequence[Choice], word: str) -> list[Choice]:
    """The choices that a few letters may mean, the likeliest first."""
    word = word.casefold().strip()
    if not word:
        return list(offered)
    ranked = []
    for place, choice in enumerate(offered):
        rank = _rank(choice, word)
        if rank is not None:
            ranked.append((rank, place, choice))
    if not ranked:
        near = Speller([choice.kind for choice in offered]).nearest(word)
        return [choice for choice in offered if choice.kind == near]
    return [choice for _, _, choice in sorted(ranked)]


def usage(kind: str) -> str:
    """What can be typed behind a kind: ``conv2d FILTERS KERNEL``, and the names of the rest."""
    if kind in INPUT_KINDS:
        return "input 1×28×28" if kind == "input" else "label 10"
    fields = BY_KIND[kind].model_fields
    names = [name for name in fields if name not in ("id", "kind", "inputs")]
    needed = [name for name in names if fields[name].is_required()]
    rest = [f"{name}=…" for name in names if name not in needed]
    return " ".join([kind, *map(str.upper, needed), *rest[:4]])


def set_up(layer: Layer, words: Sequence[str]) -> Layer:
    """A layer with settings from text: numbers fill its required fields in order, or ``pad=2``.

    Raises:
        SpecError: a word is no setting, or not what its field takes.
    """
    needed = [
        name
        for name, field in type(layer).model_fields.items()
        if field.is_required() and name not in ("id", "inputs")
    ]
    spec = GraphSpec(inputs=(), layers=(layer,))
    for word in words:
        if "=" in word:
            name, value = edit.parse_assignment(word)
        elif needed:
            name, value = needed[0], edit.parse_assignment(f"x={word}")[1]
        else:
            raise refusal("no-assignment", f"{word!r:.60} is no setting; write it as pad=2")
        if name in needed:
            needed.remove(name)
        if isinstance(value, str) and _SHAPE.fullmatch(value):
            value = [int(part) for part in re.split("[x×,]", value)]
        spec = edit.set_field(spec, layer.id, name, value)
    return spec.layers[0]


def new_layer(spec: GraphSpec, kind: str, words: Sequence[str] = ()) -> Layer:
    """A layer of a kind under a free name, set up.

    Raises:
        SpecError: a word is no setting, or not what its field takes.
    """
    cls = BY_KIND[kind]
    stem = "loss" if cls.is_loss else kind.removesuffix("2d").rstrip("_") + "1"
    example = cls.examples()[0].layer
    needed = [
        name
        for name, field in cls.model_fields.items()
        if field.is_required() and name not in ("id", "inputs")
    ]
    start = _STARTS.get(kind) or {name: getattr(example, name) for name in needed}
    if words:
        # Who says how it is to be gets nothing beside that.
        start = {name: start[name] for name in needed}
    fields = {"id": edit.free_id(spec, stem), "inputs": (), **start}
    return set_up(cls.model_validate(fields), words)


def new_input(spec: GraphSpec, kind: str, words: Sequence[str] = ()) -> Input:
    """An input of the graph, of a shape or of a number of classes.

    Raises:
        SpecError: what is typed is no shape or number.
    """
    name = edit.free_id(spec, "image" if kind == "input" else "label")
    text = "×".join(words) or ("1×28×28" if kind == "input" else "10")
    if not _SHAPE.fullmatch(text):
        raise refusal("wrong-type", f"{text!r:.60} is no shape; write it as 3×32×32")
    numbers = [int(part) for part in re.split("[x×,]", text)]
    try:
        if kind == "input":
            return Input(id=name, shape=tuple(numbers))
        return Input(id=name, classes=numbers[0], shape=tuple(numbers[1:]) or None)
    except ValidationError as error:
        raise refusal("wrong-type", f"{text!r:.60}: {error.errors()[0]['msg']}") from error


def add(
    spec: GraphSpec,
    shapes: Shapes,
    kind: str,
    words: Sequence[str],
    wish: Wish,
    selected: Sequence[str],
) -> tuple[GraphSpec, str]:
    """Add a layer or input where it is wanted; returns the new spec and its name.

    It reads what the wish says, or else what is selected. Where a loss needs labels and the graph
    has one input of labels, it reads those too.

    Raises:
        SpecError: what is typed behind the kind cannot be set.
    """
    if kind in INPUT_KINDS:
        item = new_input(spec, kind, words)
        new = edit.add_input(spec, item)
        return _placed(new, item.id, wish), item.id
    layer = new_layer(spec, kind, words)
    if wish.edge is not None:
        edge = wish.edge
        new = edit.insert_on_edge(spec, edge.reads, edge.reader, edge.place, layer)
        return _with_room(new, layer.id, edge), layer.id
    sources = [wish.source] if wish.source else [] if wish.alone else list(selected)
    if len(sources) > 1 and not layer.ports[-1].endswith("*"):
        sources = sources[: len(layer.ports)]
    new = edit.add_layer(spec, layer)
    for source in sources:
        new = _connected(new, shapes, source, layer.id)
    new = _with_labels(new, layer.id)
    if wish.port is not None:
        new = edit.connect(new, layer.id, *wish.port)
    return _placed(new, layer.id, wish), layer.id


def _could_take(cls: type[Layer], tensor: Any) -> Iterator[bool]:
    example = cls.examples()[0].layer
    for place in range(slots(example)):
        yield fits(example, place, tensor)


def _rank(choice: Choice, word: str) -> int | None:
    kind = choice.kind
    if kind == word:
        return 0
    if kind.startswith(word):
        return 1
    if any(part.startswith(word) for part in kind.split("_")):
        return 2
    if word in kind:
        return 3
    if _scattered(word, kind):
        return 4
    if choice.group.casefold().startswith(word):
        return 5
    return 6 if len(word) > 3 and word in choice.doc.casefold() else None


def _scattered(word: str, kind: str) -> bool:
    letters = iter(kind)
    return word[0] == kind[0] and all(letter in letters for letter in word)


def _connected(spec: GraphSpec, shapes: Shapes, source: str, target: str) -> GraphSpec:
    """Connect to the first port that is empty and fits, or the first one that is empty."""
    layer = spec.by_id[target]
    said = verdicts(spec, shapes, source)
    free = [
        place
        for place in places(layer)
        if place >= len(layer.inputs) or layer.inputs[place] == UNCONNECTED
    ]
    fitting = [place for place in free if not said[target, place]]
    possible = [place for place in free if not said[target, place] or FORCE in said[target, place]]
    best = fitting or possible
    return edit.connect(spec, source, target, best[0]) if best else spec


def _with_labels(spec: GraphSpec, name: str) -> GraphSpec:
    layer = spec.by_id[name]
    if not layer.is_loss:
        return spec
    labels = [item.id for item in spec.inputs if item.classes is not None]
    for place, port in enumerate(layer.ports):
        empty = place >= len(layer.inputs) or layer.inputs[place] == UNCONNECTED
        if port in layer.label_ports and empty and len(labels) == 1:
            spec = edit.connect(spec, labels[0], name, place)
    return spec


def _placed(spec: GraphSpec, name: str, wish: Wish) -> GraphSpec:
    known = dict(spec.layout)
    if wish.at is None:
        return edit.move(spec, place_near(spec, known).items())
    x, y = wish.at[0] - metrics.NODE_WIDTH / 2, wish.at[1] - metrics.NODE_HEIGHT / 2
    grid = metrics.GRID
    return edit.move(spec, [(name, (round(x / grid) * grid, round(y / grid) * grid))])


def _with_room(spec: GraphSpec, name: str, edge: EdgePicture) -> GraphSpec:
    """Put a layer below what it reads, and push down what is behind it as far as needed."""
    known = dict(spec.layout)
    if edge.reads not in known or edge.reader not in known:
        return spec
    y = known[edge.reads][1] + DOWN
    missing = y + DOWN - known[edge.reader][1]
    moves = {name: (known[edge.reader][0], y)}
    if missing > 0:
        behind = below(spec, name)
        moves |= {
            key: (at[0], at[1] + missing)
            for key, at in known.items()
            if key in behind and at[1] >= y - metrics.GRID
        }
    else:
        moves[name] = (known[edge.reader][0], (known[edge.reads][1] + known[edge.reader][1]) / 2)
    return edit.move(spec, moves.items())
