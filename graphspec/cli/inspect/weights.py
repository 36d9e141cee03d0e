"""``graphspec inspect weights``."""

from __future__ import annotations

import numpy as np

from graphspec.api import Checkpoint
from graphspec.cli.inspect.opened import open_look
from graphspec.cli.output import say
from graphspec.cli.pictures import Outputs, give
from graphspec.errors import DataError
from graphspec.inspect.filters import drawable_layers, layer_filters
from graphspec.inspect.pictures.tiles import Tiles, in_colour
from graphspec.train.evaluate import find_class_scores


def weights_command(
    name: str,
    layer: str | None = None,
    *,
    channel: int | None = None,
    data: str | None = None,
    checkpoint: Checkpoint = "best",
    output: Outputs = (),
    json: bool = False,
) -> None:
    """The filters of a layer as images: in colour where it reads colours, else by channel.

    A linear layer that reads an image shows the template of each class. Smooth filters are
    those of a network that has learnt; noise is the share of their energy in ripples of fewer
    than 4 pixels.

    Parameters
    ----------
    name
        A run (folder, name, or "latest"); or a network file or model, with its first weights.
    layer
        A conv2d, or a linear layer that reads an image; by default the first there is.
    channel
        Which channel of the input to draw; by default all three as colours, else the first.
    data
        Another data set than the one that the settings name.
    checkpoint
        Which weights of the run: "best", "latest", or the step of a checkpoint.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default weights.png. May be given several times.
    json
        Print the numbers as JSON.
    """
    look = open_look(name, data, checkpoint)
    drawable = drawable_layers(look.probe.executable)
    if layer is None and not drawable:
        raise DataError("no layer of this network has weights that are images")
    found = layer_filters(look.probe.executable, drawable[0] if layer is None else layer)
    channels = found.images.shape[1]
    if channel is not None and not 0 <= channel < channels:
        raise DataError(f"{found.layer} reads {channels} channels, and there is no {channel}")
    colours = channels == 3 and channel is None
    images = in_colour(found.images) if colours else found.images[:, channel or 0]
    part = "" if channels == 1 or colours else f", channel {channel or 0} of {channels}"
    pair = find_class_scores(look.probe.plan)
    templates = pair is not None and pair.per_class and pair.scores == found.layer
    names = tuple(look.probe.class_name(i) if templates else str(i) for i in range(len(images)))
    title = f"{look.name}: weights of {found.layer}{part}"
    picture = Tiles(images, title, names, centred=not colours)
    give(picture, output, "weights.png", json=json)
    if not json:
        say(
            f"{len(images)} filters; norms {found.norms.min():.3g} to {found.norms.max():.3g}"
            + (f"; noise {np.nanmean(found.noise):.0%}" if np.isfinite(found.noise).any() else "")
        )
