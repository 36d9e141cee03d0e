"""Which layers have kernels: kind → lowering. All others run through their own numpy.

Each family has a file with its part, ``LOWERINGS``; a new file gets its line in ``catalog``. Where
two families name a kind, the later one counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphspec.engines.jit.lowering.site import Lowering

Catalog = Mapping[str, Lowering]


def catalog() -> Catalog:
    """Every lowering by kind."""
    from graphspec.engines.jit.lowering import (
        channelwise,
        conv,
        conv_transposed,
        linear,
        losses,
        moving,
        norm,
        pointwise,
        pooling,
        rows,
        set_norm,
    )

    families: tuple[Catalog, ...] = (
        pointwise.LOWERINGS,
        moving.LOWERINGS,
        linear.LOWERINGS,
        losses.LOWERINGS,
        pooling.LOWERINGS,
        conv.LOWERINGS,
        conv_transposed.LOWERINGS,
        norm.LOWERINGS,
        rows.LOWERINGS,
        set_norm.LOWERINGS,
        channelwise.LOWERINGS,
    )
    return {kind: lowering for family in families for kind, lowering in family.items()}
