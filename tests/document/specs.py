"""Random specs whose every field is valid; nothing is said of their wiring."""

from __future__ import annotations

from hypothesis import strategies as st

from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.sgd import Sgd

EXAMPLES = [example.layer for layer in BY_KIND.values() for example in layer.examples()]

parts = st.text("abcdefgXYZ0189_-", min_size=1, max_size=6)
names = st.builds(
    ".".join,
    st.lists(parts, min_size=1, max_size=3).map(lambda found: ["n" + found[0], *found[1:]]),
)
printable = st.text(max_size=20).filter(str.isprintable)
extents = st.integers(1, 2**31 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
inputs = st.one_of(
    st.builds(Input, id=names, shape=st.lists(extents, max_size=8).map(tuple)),
    st.builds(Input, id=names, classes=extents),
    st.builds(Input, id=names, shape=st.just((4, 4)), classes=extents),
)
training = st.builds(
    TrainConfig,
    data=st.none() | printable,
    batch=st.integers(1, 2**62),
    update=st.builds(Sgd, rate=st.floats(1e-300, 1e3)),
    seed=st.integers(0, 2**62),
)


@st.composite
def layers(draw: st.DrawFn, name: str) -> Layer:
    layer = draw(st.sampled_from(EXAMPLES))
    sources = tuple(draw(st.lists(names, max_size=3)))
    return type(layer).model_validate({**dict(layer), "id": name, "inputs": sources})


@st.composite
def specs(draw: st.DrawFn) -> GraphSpec:
    ids = draw(st.lists(names, max_size=5))
    return GraphSpec(
        name=draw(printable),
        inputs=tuple(draw(st.lists(inputs, max_size=3, unique_by=lambda item: item.id))),
        layers=tuple(draw(layers(name)) for name in ids),
        outputs=tuple(draw(st.lists(names, max_size=2))),
        training=draw(st.none() | training),
        layout=tuple(
            draw(
                st.lists(
                    st.tuples(names, st.tuples(numbers, numbers)),
                    max_size=3,
                    unique_by=lambda item: item[0],
                )
            )
        ),
    )
