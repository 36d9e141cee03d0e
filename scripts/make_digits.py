"""Make the handwritten digits that ship with graphspec out of scikit-learn's copy of them.

Writes ``graphspec/data/sets/digits.npz``: x uint8 (1797, 8, 8) with values 0 to 16, y uint8, in
the order of scikit-learn. Needs scikit-learn, which graphspec itself does not.

    python scripts/make_digits.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from graphspec.atomic import writing

TARGET = Path(__file__).parents[1] / "graphspec" / "data" / "sets" / "digits.npz"


def main() -> None:
    """Write the archive."""
    digits = load_digits()
    with writing(TARGET) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, x=digits.images.astype(np.uint8), y=digits.target.astype(np.uint8)
        )
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
