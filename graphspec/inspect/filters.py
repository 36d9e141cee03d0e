"""The weights of a layer as images, and how noisy these are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array, Executable
from graphspec.errors import Problem, SpecError
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.linear import Linear
from graphspec.record import kind_of

# Above a quarter of the sampling rate in either direction: ripples of fewer than 4 pixels.
_HIGH = 0.25


@dataclass(frozen=True, eq=False)
class Filters:
    """A layer's weights as images (F, C, h, w): filters, or the templates of a linear layer.

    ``norms`` (F,) are their L2 norms; ``noise`` (F,) the share of their energy, without the mean,
    in ripples of fewer than 4 pixels: about a half to three quarters for random numbers, and
    little for the smooth filters of a trained first layer. NaN where they are too small to tell
    (below 4×4, where there is no longer ripple), or constant.
    """

    layer: str
    images: Array
    norms: Array
    noise: Array


def layer_filters(executable: Executable, layer: str) -> Filters:
    """The weights of a convolution, or of a linear layer that reads an image, as images.

    Raises:
        SpecError: there is no such layer, or its weights are no images.

    Source: CS231n notes, Linear classification (templates), and Visualizing what ConvNets learn:
    noisy filters show a network that was not trained long enough, or overfits.
    """
    node = executable.plan.by_id.get(layer)
    if node is None:
        raise _refusal(executable, layer, f"there is no layer {layer!r} in this network")
    weights = executable.weights()
    if isinstance(node.layer, Conv2d):
        images = weights[f"{layer}.weight"]
    elif isinstance(node.layer, Linear) and len(node.sources[0].shape) == 3:
        images = weights[f"{layer}.weight"].T.reshape(-1, *node.sources[0].shape)
    else:
        kind = kind_of(node.layer)
        raise _refusal(executable, layer, f"{layer!r} is a {kind}, and its weights are no images")
    flat = images.reshape(len(images), -1).astype(np.float64)
    return Filters(layer, images, np.linalg.norm(flat, axis=1), noise_scores(images))


def drawable_layers(executable: Executable) -> tuple[str, ...]:
    """The layers that ``layer_filters`` takes, in running order."""
    return tuple(
        node.id
        for node in executable.plan.nodes
        if isinstance(node.layer, Conv2d)
        or (isinstance(node.layer, Linear) and len(node.sources[0].shape) == 3)
    )


def noise_scores(images: Array) -> Array:
    """The share of energy in ripples of fewer than 4 pixels, for images (F, C, h, w); see above."""
    height, width = images.shape[2:]
    if min(height, width) < 4:
        return np.full(len(images), np.nan)
    centred = images.astype(np.float64)
    centred = centred - centred.mean(axis=(2, 3), keepdims=True)
    energy = np.abs(np.fft.fft2(centred)) ** 2
    rows, columns = np.abs(np.fft.fftfreq(height)), np.abs(np.fft.fftfreq(width))
    high = (rows[:, None] > _HIGH) | (columns[None, :] > _HIGH)
    total = energy.sum(axis=(1, 2, 3))
    # What is left of a constant is rounding, whose spectrum says nothing.
    flat = total <= np.finfo(np.float64).eps * np.square(images, dtype=np.float64).sum((1, 2, 3))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flat, np.nan, energy[:, :, high].sum(axis=(1, 2)) / total)


def _refusal(executable: Executable, layer: str, message: str) -> SpecError:
    known = drawable_layers(executable)
    more = f". There are {', '.join(known)}" if known else ", nor are any others here"
    return SpecError([Problem("unknown-output", message + more, layer=layer)])
