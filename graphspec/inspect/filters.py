"""The weights of a layer as images, and how noisy these are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from graphspec.engines.base import Array, Executable
from graphspec.errors import Problem, SpecError
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.linear import Linear
from graphspec.record import kind_of

# Numbers that are looked at in one go, a tenth of a second or so.
_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class Filters:
    """A layer's weights as images (F, C, h, w): filters, or the templates of a linear layer.

    ``norms`` (F,) are their L2 norms; ``noise`` (F,) the share of their energy, without the mean,
    in ripples of fewer than 4 pixels: about a half to three quarters for random numbers, and
    little for the smooth filters of a trained first layer. NaN where they are too small to tell
    (below 4×4, where there is no longer ripple), or constant. Of many numbers both take a while:
    until ``done``, the share of it, is 1, they are NaN for the images that are still to come.
    """

    layer: str
    images: Array
    norms: Array
    noise: Array
    done: float = 1.0


def layer_filters(
    executable: Executable, layer: str, progress: Callable[[float], object] = lambda _: None
) -> Filters:
    """The weights of a convolution, or of a linear layer that reads an image, as images.

    Args:
        executable: the network.
        layer: the id of the layer.
        progress: is called with the share that is done; what it raises ends it.

    Raises:
        SpecError: there is no such layer, or its weights are no images.

    Source: CS231n notes, Linear classification (templates), and Visualizing what ConvNets learn:
    noisy filters show a network that was not trained long enough, or overfits.
    """
    for found in filters_so_far(executable, layer):
        progress(found.done)
    return found


def filters_so_far(executable: Executable, layer: str) -> Iterator[Filters]:
    """The same, first without norms and noise where these take a while; then as they come in.

    Raises:
        SpecError: as for ``layer_filters``, at the first of them.
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
    parts = portions(len(images), images[0].size)
    unknown = np.full(len(images), np.nan)
    found = Filters(layer, images, unknown, unknown, 0.0)
    if len(parts) > 1:
        yield found
    for part in parts:
        some = images[part]
        norms, noise = found.norms.copy(), found.noise.copy()
        norms[part] = np.linalg.norm(some.reshape(len(some), -1).astype(np.float64), axis=1)
        noise[part] = noise_scores(some)
        found = replace(
            found, norms=norms, noise=noise, done=min(part.stop, len(images)) / len(images)
        )
        yield found


def portions(length: int, width: int) -> list[slice]:
    """Where a side of a matrix (length, width) is cut, so that a part is looked at in one go."""
    count = max(1, _AT_ONCE // width)
    return [slice(start, start + count) for start in range(0, length, count)]


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
    low = _low_waves(height).T @ (centred @ _low_waves(width))
    total, smooth = (np.square(part).sum(axis=(1, 2, 3)) for part in (centred, low))
    # What is left of a constant is rounding, whose spectrum says nothing.
    flat = total <= np.finfo(np.float64).eps * np.square(images, dtype=np.float64).sum((1, 2, 3))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flat, np.nan, np.maximum(total - smooth, 0.0) / total)


def _low_waves(length: int) -> Array:
    """The waves of 4 pixels and more, as columns of length 1 that are orthogonal (length, K)."""
    frequencies = np.arange(length // 4 + 1)
    angles = 2 * np.pi * np.outer(np.arange(length), frequencies) / length
    waves = np.concatenate([np.cos(angles), np.sin(angles[:, 1:])], axis=1)
    return np.asarray(waves / np.linalg.norm(waves, axis=0))


def _refusal(executable: Executable, layer: str, message: str) -> SpecError:
    known = drawable_layers(executable)
    more = f". There are {', '.join(known)}" if known else ", nor are any others here"
    return SpecError([Problem("unknown-output", message + more, layer=layer)])
