"""``graphspec inspect history``."""

from __future__ import annotations

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import (
    DataOption,
    JsonOption,
    Name,
    OutputOption,
    SplitOption,
    open_look,
)
from graphspec.cli.output import say
from graphspec.cli.pictures import give
from graphspec.engines.choosing import AS_BEFORE
from graphspec.inspect.over_time import checkpoint_histograms, layer_histograms
from graphspec.inspect.pictures.over_time import HistoryPicture


def history_command(
    name: Name,
    layer: str,
    *,
    data: DataOption = None,
    split: SplitOption = "validation",
    count: int = 64,
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """How activations, gradients and weights of a layer spread out, for each checkpoint kept.

    Parameters
    ----------
    layer
        The layer's id.
    count
        How many examples are taken, the first ones.
    """
    look = open_look(name, data, "latest", choice=choice)
    x, y = look.examples(split, count)
    feeds = look.opened.data.binding.feeds(look.probe.pipeline.apply(x, look.probe.dtype), y)
    if look.opened.run is None:
        moments = {0: layer_histograms(look.probe.executable, feeds, layer)}
    else:
        moments = dict(checkpoint_histograms(look.opened.run, look.probe, feeds, layer))
    give(HistoryPicture(f"{look.name}: {layer}", moments), output, "history.png", json=json)
    if not json:
        for step, moment in sorted(moments.items()):
            edges = moment.values.edges
            say(f"step {step:,}: activations from {edges[0]:.3g} to {edges[-1]:.3g}")
