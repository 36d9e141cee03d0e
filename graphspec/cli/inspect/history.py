"""``graphspec inspect history``."""

from __future__ import annotations

from graphspec.cli.inspect.opened import SplitOption, open_look
from graphspec.cli.output import say
from graphspec.cli.pictures import Outputs, give
from graphspec.inspect.over_time import checkpoint_histograms, layer_histograms
from graphspec.inspect.pictures.over_time import HistoryPicture


def history_command(
    name: str,
    layer: str,
    *,
    data: str | None = None,
    split: SplitOption = "validation",
    count: int = 64,
    output: Outputs = (),
    json: bool = False,
) -> None:
    """How activations, gradients and weights of a layer spread out, for each checkpoint kept.

    Parameters
    ----------
    name
        A run (folder, name, or "latest"); or a network file or model, with its first weights.
    layer
        The layer's id.
    data
        Another data set than the one that the settings name.
    split
        Where examples are taken from.
    count
        How many examples are taken, the first ones.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default history.png. May be given several times.
    json
        Print the numbers as JSON.
    """
    look = open_look(name, data, "latest")
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
