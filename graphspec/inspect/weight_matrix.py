"""The weights of a dense layer as a matrix, and how much of it a random one would have too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array, Executable
from graphspec.errors import Problem, SpecError
from graphspec.inspect.filters import drawable_layers
from graphspec.layers.drop_connect_linear import DropConnectLinear
from graphspec.layers.linear import Linear
from graphspec.plan import Node
from graphspec.record import kind_of

# The eigenvalues of a larger square are no matter of a moment.
_LARGEST = 1024


@dataclass(frozen=True, eq=False)
class WeightMatrix:
    """A dense layer's weights (M, D): a row for each unit, a column for each number it reads.

    ``norms`` (M,) are the L2 norms of the rows. ``noise`` is what ``spectral_noise`` says.
    """

    layer: str
    matrix: Array
    norms: Array
    noise: float


def layer_matrix(executable: Executable, layer: str) -> WeightMatrix:
    """The weights of a dense layer, whatever it reads.

    Raises:
        SpecError: there is no such layer, or it is of another kind.
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
    exact = matrix.astype(np.float64)
    return WeightMatrix(layer, matrix, np.linalg.norm(exact, axis=1), spectral_noise(exact))


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
    short, long = sorted(matrix.shape)
    if short < 3 or short > _LARGEST or not np.isfinite(matrix).all():
        return float("nan")
    wide = matrix if matrix.shape[0] == short else matrix.T
    wide = wide.astype(np.float64)
    energy = np.maximum(np.linalg.eigvalsh(wide @ wide.T), 0.0)
    if energy.sum() == 0:
        return float("nan")
    beta = short / long
    omega = 0.56 * beta**3 - 0.95 * beta**2 + 1.82 * beta + 1.43
    random = energy < omega**2 * np.median(np.sqrt(energy)) ** 2
    return float(energy[random].sum() / energy.sum())


def _is_dense(node: Node) -> bool:
    return isinstance(node.layer, Linear | DropConnectLinear)
