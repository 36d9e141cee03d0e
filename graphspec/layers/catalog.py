"""Every layer, by its kind, and the type that a document's layers are read as.

To add a layer: write its file, named after its kind, and add the kind to ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Annotated, Any, Union

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from graphspec.layers.base import Layer

KINDS = (
    "linear",
    "conv2d",
    "max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "flatten",
    "append_one",
    "reshape",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softmax",
    "batch_norm",
    "dropout",
    "add",
    "multiply",
    "concat",
    "softmax_loss",
    "hinge_loss",
    "l2_loss",
    "cross_entropy_loss",
    "l1_loss",
    "binary_hinge_loss",
    "attribute_hinge_loss",
    "logistic_loss",
    "sum_loss",
    "subtract",
    "divide",
    "maximum",
    "reciprocal",
    "exp",
    "log",
    "square",
    "add_constant",
    "scale",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "hardswish",
    "prelu",
    "maxout",
    "gaussian_noise",
    "drop_connect_linear",
    "stochastic_pool2d",
    "lp_pool2d",
    "local_response_norm",
    "layer_norm",
    "group_norm",
    "instance_norm",
    "conv_transpose2d",
    "upsample2d",
    "pad2d",
    "crop2d",
    "slice",
    "permute",
    "matmul",
    "embedding",
    "reduce_sum",
    "reduce_mean",
    "reduce_max",
    "rnn",
    "lstm",
    "multi_head_attention",
    "hierarchical_softmax_loss",
    "structured_hinge_loss",
)


class _Catalog(Mapping[str, type[Layer]]):
    """The class of each kind, imported when it is first asked for.

    A model uses a handful of kinds, and making all their classes took half of the time in which
    a model file was opened: docs/decisions/0013.
    """

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(KINDS)

    @cached_property
    def _loaded(self) -> dict[str, type[Layer]]:
        return {}

    def __getitem__(self, kind: str) -> type[Layer]:
        found = self._loaded.get(kind)
        if found is None:
            if kind not in self._known:
                raise KeyError(kind)
            name = "".join(part.capitalize() for part in kind.split("_"))
            found = self._loaded[kind] = getattr(import_module(f"graphspec.layers.{kind}"), name)
        return found

    def __contains__(self, kind: object) -> bool:
        return kind in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


BY_KIND = _Catalog()


class _ByKind:
    """Reads a layer as the class that its ``kind`` names, with the errors of a pydantic union."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        union: Any = Union[tuple(BY_KIND.values())]  # noqa: UP007
        tagged: Any = Annotated[union, Field(discriminator="kind")]
        return handler(TypeAdapter(tagged).core_schema)


LayerSpec = Annotated[Layer, _ByKind()]
"""Any layer of the catalog, chosen by ``kind``."""


def _read(value: Any) -> Layer:
    if isinstance(value, Layer) and type(value) is BY_KIND.get(getattr(value, "kind", "")):
        return value
    if not isinstance(value, Mapping):
        raise PydanticKnownError("model_attributes_type")
    if "kind" not in value:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
    kind = value["kind"]
    if not isinstance(kind, str) or kind not in BY_KIND:
        raise PydanticKnownError(
            "union_tag_invalid",
            {
                "discriminator": "'kind'",
                "tag": str(kind),
                "expected_tags": ", ".join(map(repr, KINDS)),
            },
        )
    return BY_KIND[kind].model_validate(value)
