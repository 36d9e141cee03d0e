"""``graphspec moments``."""

from __future__ import annotations

import math

import numpy as np
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from graphspec.cli.files import json_or_text, read_spec
from graphspec.cli.opening import names_data, open_network, random_feeds
from graphspec.cli.output import out
from graphspec.cli.pictures import Examples, Outputs, give
from graphspec.errors import OptionError
from graphspec.graph import GraphSpec
from graphspec.initialisers.base import Initialiser
from graphspec.initialisers.catalog import INITIALISERS, InitialiserSpec
from graphspec.inspect.activation_moments import compare_initialisers
from graphspec.inspect.pictures.moments import MomentsPicture
from graphspec.record import kind_of

USUAL = ("he", "glorot", "lecun", '{"kind": "normal", "std": 0.01}')


def moments(
    name: str,
    *,
    data: str | None = None,
    init: tuple[str, ...] = USUAL,
    keep: bool = False,
    examples: Examples = 128,
    seed: int = 0,
    output: Outputs = (),
    json: bool = False,
) -> None:
    """How large the numbers become on their way through a network, per initialiser.

    The second moment of what every layer gives, mean(y²), before any training. In a healthy network
    it neither vanishes nor explodes with depth.

    Parameters
    ----------
    name
        A network file, or the name of a shipped model.
    data
        What to feed it; by default the data set of its settings, or standard normal numbers where
        it names none.
    init
        An initialiser by its kind (he), or as JSON; may be given many times.
    keep
        Leave the initialisers of layers that name one; by default all are replaced.
    seed
        Of the weights.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default moments.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    spec, feeds = _fed(name, data, examples, seed)
    if not keep:
        spec = _open_starts(spec)
    found = compare_initialisers(spec, feeds, dict(map(_initialiser, init)), seed=seed)
    floats = [array for array in feeds.values() if array.dtype.kind == "f"]
    start = float(np.mean(np.square(floats[0], dtype=np.float64))) if floats else None
    picture = MomentsPicture(found, f"{spec.name}: second moment of every layer's output", start)
    give(picture, output, "moments.svg", json=json)
    if not json:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("layer")
        for column in found:
            table.add_column(column, justify="right")
        for layer in next(iter(found.values())):
            table.add_row(layer, *(_shown(row[layer]) for row in found.values()))
        out.print(table)


def _shown(moment: float) -> str:
    return f"{moment:.3e}" if math.isfinite(moment) else "not finite"


def _initialiser(text: str) -> tuple[str, Initialiser]:
    value = json_or_text(text)
    try:
        init = TypeAdapter[Initialiser](InitialiserSpec).validate_python(value)
    except ValidationError as error:
        kinds = [kind_of(kind) for kind in INITIALISERS]
        found = error.errors()[0]
        where = "".join(f"{part}: " for part in found["loc"] if part not in kinds)
        why = "" if found["type"] == "union_tag_invalid" else f" ({where}{found['msg']})"
        raise OptionError(
            f"--init {text!r} is no initialiser: give one of {', '.join(kinds)}, or JSON such as "
            f'{{"kind": "normal", "std": 0.01}}{why}'
        ) from error
    fields = init.model_dump(include=init.model_fields_set - {"kind"})
    shown = " ".join(f"{key} {item}" for key, item in fields.items())
    kind = str(init.model_dump()["kind"])
    return f"{kind} {shown}".strip(), init


def _open_starts(spec: GraphSpec) -> GraphSpec:
    layers = tuple(
        layer.model_copy(update={"init": None}) if "init" in type(layer).model_fields else layer
        for layer in spec.layers
    )
    return spec.model_copy(update={"layers": layers})


def _fed(
    name: str, data: str | None, examples: int, seed: int
) -> tuple[GraphSpec, dict[str, np.ndarray]]:
    if examples < 1:
        raise OptionError(f"--examples is {examples}; it needs at least 1")
    spec = read_spec(name)
    if names_data(name, data):
        return spec, open_network(name, data, dtype="float64").examples(examples)
    return spec, random_feeds(spec, examples, seed)
