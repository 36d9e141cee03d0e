"""Real targets cut into classes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from graphspec.data.dataset import Array, Dataset
from graphspec.errors import DataError

Binning = Literal["count", "width"]


def bin_targets(data: Dataset, bins: int, binning: Binning = "count") -> Dataset:
    """The same examples with the bin that their target falls into as the class.

    Bins of equal ``count`` hold about as many examples each: their edges are quantiles. Bins of
    equal ``width`` cut the range from the least to the greatest target evenly. A bin holds its
    lower edge. The edges come from the examples that are divided for training and validation; the
    test part that the set comes with is binned by the same ones.

    Source: CS231n notes, Neural Networks 2, loss functions, regression: a softmax over bins is
    easier to optimise than a squared loss, and says how sure it is.

    Raises:
        DataError: the targets are classes already, or several numbers an example; or so many bins
            would leave some empty.
    """
    if data.classes or data.y.shape[1] != 1:
        what = "classes already" if data.classes else f"{data.y.shape[1]} numbers an example"
        raise DataError(
            f"data set {data.name!r} cannot be binned: its targets are {what}, and binning takes "
            "one number an example. Of whole numbers in a table the reader makes classes unless "
            "its option target is 'number'."
        )
    if binning not in get_args(Binning) or isinstance(bins, bool) or not isinstance(bins, int):
        raise DataError(
            f"cannot make bins={bins!r} by binning={binning!r}: bins is a whole number, and "
            "binning 'count' or 'width'."
        )
    y = data.y[:, 0].astype(np.float64)
    if not 2 <= bins <= len(y):
        raise DataError(f"{bins} bins cannot be made of {len(y)} examples; use 2 to {len(y)}.")
    if binning == "width":
        edges = np.linspace(y.min(), y.max(), bins + 1)[1:-1]
    else:
        edges = np.quantile(y, np.arange(1, bins) / bins)
    classes = _place(data.y, edges)
    counts = np.bincount(classes, minlength=bins)
    if not counts.all():
        raise DataError(
            f"{bins} bins of equal {binning} leave {int((counts == 0).sum())} of them empty in "
            f"{data.name!r}, whose targets have {len(np.unique(y)):,} different values. "
            "Use fewer bins."
        )
    shown = [f"{edge:.4g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(shown)]
    names = (f"below {shown[0]}", *between, f"{shown[-1]} or more")
    y_test = None if data.y_test is None else _place(data.y_test, edges)
    return replace(data, y=classes, y_test=y_test, classes=names)


def _place(y: Array, edges: Array) -> Array:
    return np.searchsorted(edges, y[:, 0].astype(np.float64), side="right").astype(np.int64)
