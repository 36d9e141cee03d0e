"""Random specs, wired well or badly, and random edits of them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from graphspec import edit
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input

FIELDS: dict[str, dict[str, object]] = {
    "relu": {},
    "conv2d": {"filters": 4, "kernel": 3, "pad": 1},
    "linear": {"units": 10},
    "flatten": {},
    "add": {},
    "concat": {},
    "softmax_loss": {},
    "max_pool2d": {"kernel": 2, "stride": 2},
}
NAMES = ["a", "b", "c1", "c2", "g.a", "g.b", "g.h.a", "g.h.b1", "h.a", "image", "label"]

names = st.sampled_from(NAMES)
kinds = st.sampled_from(list(FIELDS))


def make(kind: str, name: str, inputs: tuple[str, ...] = ()) -> Layer:
    return BY_KIND[kind].model_validate({"id": name, "inputs": inputs, **FIELDS[kind]})


@st.composite
def wild_specs(draw: st.DrawFn) -> GraphSpec:
    """Anything goes: unknown names, cycles, duplicates, ports left empty or too many."""
    layers = [
        make(kind, name, tuple(inputs))
        for name, kind, inputs in draw(
            st.lists(
                st.tuples(names, kinds, st.lists(st.sampled_from([*NAMES, "_"]), max_size=3)),
                max_size=7,
            )
        )
    ]
    return GraphSpec(
        name="wild",
        inputs=(Input(id="image", shape=(3, 8, 8)), Input(id="label", classes=10)),
        layers=tuple(layers),
        outputs=tuple(draw(st.lists(names, max_size=2))),
        layout=tuple((name, (float(i), 2.0)) for i, name in enumerate(draw(st.sets(names)))),
    )


@st.composite
def tidy_specs(draw: st.DrawFn) -> GraphSpec:
    """Distinct ids, no cycle, every port filled; the shapes always fit."""
    readable = ["image"]
    layers: list[Layer] = []
    ids = draw(st.lists(st.sampled_from(NAMES[:-2]), min_size=1, max_size=8, unique=True))
    for name in ids:
        kind = draw(st.sampled_from(["relu", "conv2d", "add"]))
        count = 2 if kind == "add" else 1
        inputs = tuple(draw(st.sampled_from(readable)) for _ in range(count))
        layer = make(kind, name, inputs)
        if kind == "conv2d":
            layer = layer.model_copy(update={"filters": 3})
        layers.append(layer)
        readable.append(name)
    return GraphSpec(
        inputs=(Input(id="image", shape=(3, 8, 8)),),
        layers=tuple(layers),
        outputs=(ids[-1],),
        layout=tuple(
            (name, (float(i), 1.0)) for i, name in enumerate(draw(st.sets(st.sampled_from(ids))))
        ),
    )


@st.composite
def edits(draw: st.DrawFn) -> Callable[[GraphSpec], GraphSpec]:
    """One edit; whether it makes sense is left to chance."""
    a, b, c = draw(names), draw(names), draw(names)
    some = draw(st.lists(names, max_size=3))
    port = draw(st.one_of(st.integers(-1, 3), st.sampled_from(["x", "xs", "xs[1]", "label", "?"])))
    layer = make(draw(kinds), a)
    value = draw(st.one_of(st.none(), st.integers(-1, 5), st.text(max_size=3), st.lists(names)))
    field = draw(
        st.sampled_from(["filters", "id", "kind", "inputs", "pad", "pads", "init.kind", ""])
    )
    path = draw(
        st.sampled_from(
            [
                "name",
                "training.batch",
                "training.update.rate",
                "layers[1].id",
                "outputs",
                "a.filters",
                "g.a.units",
                "x..y",
                "layers[9].pad",
            ]
        )
    )
    group = draw(st.sampled_from(["g", "new", "h", "1", ""]))
    return draw(
        st.sampled_from(
            [
                lambda spec: edit.add_layer(spec, layer, after=b),
                lambda spec: edit.add_layer(spec, layer),
                lambda spec: edit.remove_layers(spec, some),
                lambda spec: edit.remove_layers(spec, some, reconnect=False),
                lambda spec: edit.insert_on_edge(spec, b, c, port, layer),
                lambda spec: edit.connect(spec, a, b, port),
                lambda spec: edit.disconnect(spec, b, port),
                lambda spec: edit.rename(spec, a, b),
                lambda spec: edit.rename(spec, group, a),
                lambda spec: edit.duplicate(spec, some)[0],
                lambda spec: edit.group(spec, some, group),
                lambda spec: edit.ungroup(spec, group),
                lambda spec: edit.set_field(spec, a, field, value),
                lambda spec: edit.set_value(spec, path, value),
                lambda spec: edit.move(spec, [(a, (1.0, 2.0))]),
                lambda spec: edit.add_layer(spec, make("relu", edit.free_id(spec, a)), after=b),
            ]
        )
    )
