"""The sets that come with graphspec: digits, fashion-mini and spiral."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graphspec.data.budget import DEFAULT_BUDGET, Budget
from graphspec.data.dataset import Dataset
from graphspec.data.safe_io import read_npz
from graphspec.errors import DataError

SETS = Path(__file__).parent / "sets"
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DIGITS_SOURCE = "E. Alpaydin, C. Kaynak (1998), UCI Machine Learning Repository, 10.24432/C50P49"
FASHION_SOURCE = "H. Xiao, K. Rasul, R. Vollgraf (2017), github.com/zalandoresearch/fashion-mnist"
SPIRAL_SOURCE = "made from a seed, as in the CS231n notes (neural networks case study)"


def load_digits(*, held_out: int = 0, budget: Budget = DEFAULT_BUDGET) -> Dataset:
    """1,797 real handwritten digits: uint8 (N, 1, 8, 8) with values 0 to 16, ten classes.

    The order is scikit-learn's. The last ``held_out`` become the test part: with 797, the first
    1,000 train, which is the division that figures for this set are often given for.

    Raises:
        DataError: ``held_out`` leaves nothing to train on.
    """
    arrays = read_npz(SETS / "digits.npz", budget)
    x, y = arrays["x"][:, None], arrays["y"].astype(np.int64)
    if not 0 <= held_out < len(x):
        raise DataError(f"held_out is {held_out}; digits has {len(x)} examples, so use 0 to 1796.")
    kept = len(x) - held_out
    return Dataset(
        name="digits",
        x=x[:kept],
        y=y[:kept],
        classes=tuple("0123456789"),
        x_test=x[kept:] if held_out else None,
        y_test=y[kept:] if held_out else None,
        source=DIGITS_SOURCE,
        licence="CC BY 4.0",
    )


def load_fashion_mini(*, budget: Budget = DEFAULT_BUDGET) -> Dataset:
    """8,000 + 1,500 real images of clothes: uint8 (N, 1, 28, 28), ten balanced classes."""
    arrays = read_npz(SETS / "fashion-mini.npz", budget)
    return Dataset(
        name="fashion-mini",
        x=arrays["x"],
        y=arrays["y"].astype(np.int64),
        classes=FASHION_CLASSES,
        x_test=arrays["x_test"],
        y_test=arrays["y_test"].astype(np.int64),
        source=FASHION_SOURCE,
        licence="MIT, © 2017 Zalando SE",
    )


def load_spiral(*, n: int = 100, classes: int = 3, noise: float = 0.2, seed: int = 0) -> Dataset:
    """Intertwined arms in the plane: float64 (n · classes, 2), ``n`` points an arm.

    Arm j: r from 0 to 1 and t from 4j to 4(j + 1) in ``n`` even steps, t += noise · N(0, 1), and
    x = (r sin t, r cos t). The draws are those of ``numpy.random.seed(seed)`` and ``randn``, in
    the order of the notes, so that seed 0 gives the very points that their figures show.
    Source: CS231n notes, "Putting it together: minimal neural network case study".

    Raises:
        DataError: fewer than one point or two classes, or a negative noise.
    """
    if not (1 <= n <= 1_000_000 and 2 <= classes <= 1000 and 0 <= noise < np.inf):
        raise DataError(
            f"spiral cannot be made with n={n}, classes={classes}, noise={noise}: n is 1 to a "
            "million, classes 2 to 1000, noise not negative."
        )
    stream = np.random.RandomState(seed)
    arms = []
    for j in range(classes):
        r = np.linspace(0.0, 1, n)
        t = np.linspace(j * 4, (j + 1) * 4, n) + stream.randn(n) * noise
        arms.append(np.c_[r * np.sin(t), r * np.cos(t)])
    return Dataset(
        name="spiral",
        x=np.concatenate(arms),
        y=np.repeat(np.arange(classes), n),
        classes=tuple(f"arm {j}" for j in range(classes)),
        source=SPIRAL_SOURCE,
        licence="none needed",
    )
