"""The weights of a dense layer as a matrix, and how much of it a random one would have too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from graphspec.engines.base import Array, Executable
from graphspec.errors import Problem, SpecError
from graphspec.inspect.filters import drawable_layers, portions
from graphspec.layers.drop_connect_linear import DropConnectLinear
from graphspec.layers.linear import Linear
from graphspec.plan import Node
from graphspec.record import kind_of

# The eigenvalues of a larger square are no matter of a moment.
_LARGEST = 1024
# The share of the time that is given to the norms, where there is a noise too.
_FOR_NORMS = 0.25


@dataclass(frozen=True, eq=False)
class WeightMatrix:
    """A dense layer's weights (M, D): a row for each unit, a column for each number it reads.

    ``norms`` (M,) are the L2 norms of the rows. ``noise`` is what ``spectral_noise`` says.
    Of many numbers both take a while: they are NaN until they are known; ``done`` is the share.
    """

    layer: str
    matrix: Array
    norms: Array
    noise: float
    done: float = 1.0


def layer_matrix(
    executable: Executable, layer: str, progress: Callable[[float], object] = lambda _: None
) -> WeightMatrix:
    """The weights of a dense layer, whatever it reads.

    Args:
        executable: the network.
        layer: the id of the layer.
        progress: is called with the share that is done; what it raises ends it.

    Raises:
        SpecError: there is no such layer, or it is of another kind.
    """
    for found in matrix_so_far(executable, layer):
        progress(found.done)
    return found


def matrix_so_far(executable: Executable, layer: str) -> Iterator[WeightMatrix]:
    """The same, first without norms and noise where these take a while, and last with them.

    Raises:
        SpecError: as for ``layer_matrix``, at the first of them.
    """
    node = executable.plan.by_id.get(layer)
    if node is None or not _is_dense(node):
        what = "there is no such layer" if node is None else f"it is a {kind_of(node.layer)}"
        raise SpecError(
            [
                Problem(
                    "unknown-output",
                    f"{layer!r} has no matrix of weights: {what}, and linear and "
                    "drop_connect_linear have one",
                    layer=layer,
                )
            ]
        )
    matrix = executable.weights()[f"{layer}.weight"].T
    parts = portions(len(matrix), matrix.shape[1])
    slow = len(parts) > 1
    found = WeightMatrix(layer, matrix, np.full(len(matrix), np.nan), np.nan, 0.0)
    if slow:
        yield found
    norms = np.empty(len(matrix))
    most = _FOR_NORMS if min(matrix.shape) <= _LARGEST else 1.0
    for i, part in enumerate(parts, 1):
        norms[part] = np.linalg.norm(matrix[part].astype(np.float64), axis=1)
        if slow:
            yield replace(found, done=most * i / len(parts))
    found = replace(found, norms=norms)
    for done, noise in _noise_so_far(matrix):
        if slow or done == 1.0:
            yield replace(found, noise=noise, done=most + (1 - most) * done)


def matrix_layers(executable: Executable) -> tuple[str, ...]:
    """The dense layers whose weights are no images, in running order."""
    drawn = drawable_layers(executable)
    return tuple(n.id for n in executable.plan.nodes if _is_dense(n) and n.id not in drawn)


def spectral_noise(matrix: Array) -> float:
    """The share of a matrix's energy that looks random: 1 before training, less as it learns.

    What a layer has learnt stands out in a few directions. noise = Σ s² over the singular values
    s < ω(β)·median(s), divided by Σ s², with β the shorter side by the longer one and ω(β) =
    0.56β³ − 0.95β² + 1.82β + 1.43. NaN where a side is below 3, where both are above 1,024, for
    zeros, and where a number is not finite.

    Source: Gavish and Donoho 2014, The Optimal Hard Threshold for Singular Values is 4/√3.
    """
    *_, (_, found) = _noise_so_far(matrix)
    return found


def _noise_so_far(matrix: Array) -> Iterator[tuple[float, float]]:
    """The share that is done, and the noise: NaN until that is 1."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    short, long = wide.shape
    if short < 3 or short > _LARGEST or not np.isfinite(matrix).all():
        yield 1.0, np.nan
        return
    square = np.zeros((short, short))
    parts = portions(long, short)
    # The eigenvalues take about as long as the square of a matrix four times as long as it.
    of_square = long / (long + 4 * short)
    for i, part in enumerate(parts, 1):
        exact = wide[:, part].astype(np.float64)
        square += exact @ exact.T
        yield of_square * i / len(parts), np.nan
    energy = np.maximum(np.linalg.eigvalsh(square), 0.0)
    if energy.sum() == 0:
        yield 1.0, np.nan
        return
    beta = short / long
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    random = energy < omega**2 * np.median(np.sqrt(energy)) ** 2
    yield 1.0, float(energy[random].sum() / energy.sum())


def _is_dense(node: Node) -> bool:
    return isinstance(node.layer, Linear | DropConnectLinear)
