"""Write the reference of the training block from its catalogs: a page, a section a catalog.

Every word on it comes from the docstrings and fields of the entries' own files. Run it through
``scripts/write_generated.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from make_layer_reference import doc, fields_table, summary

from graphspec.initialisers.catalog import INITIALISERS
from graphspec.recipe.augment.catalog import AUGMENTATIONS
from graphspec.recipe.average import Ema
from graphspec.recipe.config import EarlyStopping, SplitConfig, TrainConfig
from graphspec.recipe.constraints.catalog import CONSTRAINTS
from graphspec.recipe.penalties.catalog import PENALTIES
from graphspec.recipe.preprocess.catalog import PREPROCESS_STEPS
from graphspec.recipe.rules.catalog import RULES, WHOLE_RULES
from graphspec.recipe.schedules.catalog import SCHEDULES
from graphspec.record import Record

SECTIONS: tuple[tuple[str, str, Sequence[type[Record]]], ...] = (
    ("Update rules", "`update`: how a gradient changes a weight.", RULES),
    (
        "Rules of the whole loss",
        "`update`, for rules that compare losses at several places: they take all training "
        "examples in every step.",
        WHOLE_RULES,
    ),
    ("Schedules", "`schedule`: how the learning rate changes.", SCHEDULES),
    ("Penalties", "`penalties`: terms of the loss that depend on the weights alone.", PENALTIES),
    ("Constraints", "`constraints`: what weights are brought back to after a step.", CONSTRAINTS),
    ("Augmentations", "`augment`: random changes of the training images.", AUGMENTATIONS),
    (
        "Preprocessing",
        "`preprocess`: what is done to every example; fitted on the training split.",
        PREPROCESS_STEPS,
    ),
    ("Initialisers", "`init`, here or in a layer: how the weights start.", INITIALISERS),
)


def page() -> str:
    """The text of the page."""
    lines = ["# The training block", "", *_body(TrainConfig), *fields_table(TrainConfig), ""]
    parts: dict[str, type[Record]] = {
        "split": SplitConfig,
        "average": Ema,
        "early_stopping": EarlyStopping,
    }
    for title, part in parts.items():
        lines += [f"## {title}", "", *_body(part), *fields_table(part), ""]
    for title, about, kinds in SECTIONS:
        lines += [f"## {title}", "", about, ""]
        for kind in kinds:
            lines += [f"### {kind.model_fields['kind'].default}", "", *_body(kind)]
            lines += [*fields_table(kind), ""]
    return "\n".join(lines)


def _body(kind: type[Record]) -> list[str]:
    """The docstring: its first sentence as text, the rest as it stands, with its formulas."""
    rest = "\n\n".join(doc(kind).split("\n\n")[1:])
    return [summary(kind), "", *(["```text", rest, "```", ""] if rest else [])]
