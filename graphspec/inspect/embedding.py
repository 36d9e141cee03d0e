"""Codes of examples laid out in the plane, so that near ones in the code are near on the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from graphspec.engines.base import Array
from graphspec.errors import DataError, EngineError


@dataclass(frozen=True, eq=False)
class Embedding:
    """Points (N, 2), one for each example, and the perplexity that they were laid out with."""

    points: Array
    perplexity: float


def embed(codes: Array, *, perplexity: float = 30.0, seed: int = 0) -> Embedding:
    """Lay out codes by t-SNE, begun from their first two principal components.

    Args:
        codes: (N, …), such as the values of the last hidden layer.
        perplexity: about how many neighbours each example is kept near to; fewer than N.
        seed: what the layout is drawn from. The same codes and seed give the same points on one
            machine.

    Raises:
        DataError: there are too few examples for the perplexity.
        EngineError: scikit-learn is not installed.

    Source: van der Maaten and Hinton 2008, Visualizing Data using t-SNE; CS231n notes, Visualizing
    what ConvNets learn.
    """
    flat = np.asarray(codes, np.float64).reshape(len(codes), -1)
    if not 1 <= perplexity < len(flat):
        raise DataError(
            f"{len(flat)} examples are too few for a perplexity of {perplexity:g}: it has to be at "
            "least 1 and below their number. Take more examples, or a lower perplexity"
        )
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise EngineError(
            "t-SNE needs scikit-learn, which is not installed: "
            "pip install 'graphspec-studio[analysis]'"
        ) from error
    layout = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    # Its threads fight over the cores: with two, it took eight times as long as with one.
    with threadpool_limits(1):
        return Embedding(np.asarray(layout.fit_transform(flat)), perplexity)


def neighbour_purity(points: Array, labels: Array, *, k: int = 10) -> float:
    """The share of each point's k nearest that have its own label, on average.

    Raises:
        DataError: there are no k other points.
    """
    if not 0 < k < len(points):
        raise DataError(f"{len(points)} points have no {k} neighbours each: take a lower k")
    squares = np.square(points).sum(axis=1)
    distances = squares[:, None] + squares[None] - 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
    return float((labels[nearest] == labels[:, None]).mean())
