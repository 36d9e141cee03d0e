"""``graphspec inspect weights``."""

from __future__ import annotations

import numpy as np

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import (
    CheckpointOption,
    DataOption,
    JsonOption,
    Look,
    Name,
    OutputOption,
    open_look,
)
from graphspec.cli.output import say
from graphspec.cli.pictures import Outputs, give
from graphspec.cli.waiting import waiting
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import DataError
from graphspec.inspect.filters import drawable_layers, layer_filters
from graphspec.inspect.pictures.matrix import MatrixPicture
from graphspec.inspect.pictures.tiles import Tiles, in_colour
from graphspec.inspect.weight_matrix import WeightMatrix, layer_matrix, matrix_layers
from graphspec.train.evaluate import find_class_scores


def weights_command(
    name: Name,
    layer: str | None = None,
    *,
    channel: int | None = None,
    data: DataOption = None,
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """The filters of a layer as images: in colour where it reads colours, else by channel.

    A linear layer that reads an image shows the template of each class. Smooth filters are
    those of a network that has learnt; noise is the share of their energy in ripples of fewer
    than 4 pixels. The weights of another dense layer are drawn as a matrix; its noise is the
    share of the energy that a random matrix would have too.

    Parameters
    ----------
    layer
        A conv2d or a dense layer; by default the first whose weights are images, else the first.
    channel
        Which channel of the input to draw; by default all three as colours, else the first.
    """
    look = open_look(name, data, checkpoint, choice=choice)
    executable = look.probe.executable
    drawable, others = drawable_layers(executable), matrix_layers(executable)
    if layer is None and not drawable + others:
        raise DataError("no layer of this network is a conv2d or a dense layer")
    layer = (drawable + others)[0] if layer is None else layer
    if layer in others:
        if channel is not None:
            raise DataError(f"{layer} reads no channels: its weights are no images")
        with waiting("norms and noise", json=json) as progress:
            matrix = layer_matrix(executable, layer, progress)
        _give_matrix(look, matrix, output, json=json)
        return
    with waiting("norms and noise", json=json) as progress:
        found = layer_filters(executable, layer, progress)
    channels = found.images.shape[1]
    if channel is not None and not 0 <= channel < channels:
        raise DataError(f"{found.layer} reads {channels} channels, and there is no {channel}")
    colours = channels == 3 and channel is None
    images = in_colour(found.images) if colours else found.images[:, channel or 0]
    part = "" if channels == 1 or colours else f", channel {channel or 0} of {channels}"
    names = _names(look, found.layer, len(images))
    title = f"{look.name}: weights of {found.layer}{part}"
    picture = Tiles(images, title, names, centred=not colours)
    give(picture, output, "weights.png", json=json)
    if not json:
        say(
            f"{len(images)} filters; norms {found.norms.min():.3g} to {found.norms.max():.3g}"
            + (f"; noise {np.nanmean(found.noise):.0%}" if np.isfinite(found.noise).any() else "")
        )


def _give_matrix(look: Look, found: WeightMatrix, output: Outputs, *, json: bool) -> None:
    rows, columns = found.matrix.shape
    names = _names(look, found.layer, rows)
    picture = MatrixPicture(found, f"{look.name}: weights of {found.layer}", names)
    give(picture, output, "weights.png", json=json)
    if not json:
        noise = f"; noise {found.noise:.0%}" if np.isfinite(found.noise) else ""
        spread = f"norms {found.norms.min():.3g} to {found.norms.max():.3g}"
        say(f"{rows} units that read {columns} numbers; {spread}{noise}")


def _names(look: Look, layer: str, count: int) -> tuple[str, ...]:
    pair = find_class_scores(look.probe.plan)
    templates = pair is not None and pair.per_class and pair.scores == layer
    return tuple(look.probe.class_name(i) if templates else str(i) for i in range(count))
