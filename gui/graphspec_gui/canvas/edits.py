"""What the canvas does to a spec beyond the single edits of ``graphspec.edit``: all pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from graphspec import document, edit
from graphspec.edit.revise import free_among, layer_named, mentioned_ids, refusal, revise
from graphspec.errors import SpecError
from graphspec.graph import UNCONNECTED, GraphSpec, Position
from graphspec.layers.base import Layer
from graphspec_gui.canvas.placing import free_spot


def bypass(spec: GraphSpec, ids: Iterable[str]) -> GraphSpec:
    """Lead every reader of some layers past them, to what their first ports read.

    The layers stay, read by nobody, so that they can be put back by dropping them on an edge. A
    graph has no switched-off layers: what is drawn is what runs.

    Raises:
        SpecError: a layer reads nothing at its first port, or is a loss.
    """
    behind: dict[str, str] = {}
    for name in ids:
        layer = layer_named(spec, name)
        if layer.is_loss:
            raise refusal("no-bypass", f"{name!r} is a loss: nothing could stand in for it")
        if not layer.inputs or layer.inputs[0] == UNCONNECTED:
            raise refusal("no-bypass", f"{name!r} reads nothing that its readers could read")
        behind[name] = layer.inputs[0]
    readers = [
        (layer.id, place)
        for layer in spec.by_id.values()
        if layer.id not in behind
        for place, source in enumerate(layer.inputs)
        if source in behind
    ]
    leading = set(behind).intersection(spec.outputs)
    if not readers and not leading:
        raise refusal(
            "no-bypass",
            f"nothing reads {', '.join(map(repr, behind))}: it is out of the way already. Drop it "
            "on an edge to put it back",
        )
    new = spec
    for reader, place in readers:
        new = edit.connect(new, _past(spec.by_id[reader].inputs[place], behind), reader, place)
    if leading:
        outputs = [_past(name, behind) for name in spec.outputs]
        new = revise(new, outputs=dict.fromkeys(name for name in outputs if name in spec.by_id))
    return new


def put_on_edge(spec: GraphSpec, name: str, source: str, target: str, place: int) -> GraphSpec:
    """Let a layer that is there stand on an edge: it reads the source, the target reads it.

    Raises:
        SpecError: the edge would close a cycle.
    """
    return edit.connect(edit.connect(spec, source, name, 0), name, target, place)


def cut_out(spec: GraphSpec, ids: Collection[str]) -> str:
    """Some layers and inputs as the text of a document, for the clipboard."""
    layout = {name: position for name, position in spec.layout if name in ids}
    part = GraphSpec(
        name=spec.name,
        inputs=tuple(item for item in spec.inputs if item.id in ids),
        layers=tuple(layer for layer in spec.layers if layer.id in ids),
        outputs=tuple(name for name in spec.outputs if name in ids),
        layout=tuple(layout.items()),
    )
    return document.dumps(part)


def paste(
    spec: GraphSpec, text: str, at: Position | None = None
) -> tuple[GraphSpec, tuple[str, ...]]:
    """Add the layers and inputs of a document's text, under free names.

    What they read from outside they go on reading if there is something of that name here;
    otherwise the port is empty. Returns the new spec and the names of what was added.

    Args:
        spec: where to.
        text: a whole document, or what ``cut_out`` made.
        at: where the top left of it goes; None puts it beside where it was.

    Raises:
        SpecError: the text is no document.
    """
    part = document.loads(text, source="the clipboard")
    taken = mentioned_ids(spec)
    here = {*spec.input_by_id, *spec.by_id}
    names: dict[str, str] = {}
    for name in dict.fromkeys([*part.input_by_id, *part.by_id]):
        names[name] = free_among(taken, name)
        taken.add(names[name])
    new = spec
    for item in part.inputs:
        new = edit.add_input(new, item.model_copy(update={"id": names[item.id]}))
    layers: list[Layer] = list(new.layers)
    for layer in part.by_id.values():
        reads = tuple(
            names.get(source, source if source in here else UNCONNECTED) for source in layer.inputs
        )
        while reads and reads[-1] == UNCONNECTED:
            reads = reads[:-1]
        layers.append(layer.model_copy(update={"id": names[layer.id], "inputs": reads}))
    outputs = dict.fromkeys([*new.outputs, *(names[n] for n in part.outputs if n in part.by_id)])
    new = revise(new, layers=layers, outputs=outputs)
    return edit.move(new, _beside(spec, part, names, at).items()), tuple(names.values())


def set_outputs(spec: GraphSpec, ids: Iterable[str], *, on: bool) -> GraphSpec:
    """Make layers outputs of the graph, or have them be none.

    Raises:
        SpecError: one is no layer.
    """
    chosen = [layer_named(spec, name).id for name in ids]
    if on:
        return revise(spec, outputs=dict.fromkeys([*spec.outputs, *chosen]))
    return revise(spec, outputs=[name for name in spec.outputs if name not in chosen])


def works(spec: GraphSpec, text: str) -> bool:
    """Whether a text from the clipboard can be pasted."""
    if '"format"' not in text:
        return False
    try:
        paste(spec, text)
    except SpecError:
        return False
    return True


def _past(name: str, behind: Mapping[str, str]) -> str:
    seen: set[str] = set()
    while name in behind and name not in seen:
        seen.add(name)
        name = behind[name]
    return name


def _beside(
    spec: GraphSpec, part: GraphSpec, names: Mapping[str, str], at: Position | None
) -> dict[str, Position]:
    layout = dict(part.layout)
    if not layout:
        return {}
    left = min(x for x, _ in layout.values())
    top = min(y for _, y in layout.values())
    here = [position for _, position in spec.layout]
    x, y = at if at is not None else free_spot(here, (left, top))
    return {names[name]: (px - left + x, py - top + y) for name, (px, py) in layout.items()}
