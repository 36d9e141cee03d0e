"""Make the small real image set that ships with graphspec out of the whole Fashion-MNIST.

Takes 800 training and 150 test images of each class, chosen by a fixed seed and kept in their
original order, from the four idx files (Debian: ``apt install dataset-fashion-mnist``), and
writes ``graphspec/data/sets/fashion-mini.npz``. The arrays are the same on every system; the
bytes of the archive may differ with the version of zlib.

    python scripts/make_fashion_mini.py [FOLDER]
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphspec.atomic import writing
from graphspec.data.readers.idx import load_idx_folder

SEED = 231
TRAIN_PER_CLASS, TEST_PER_CLASS = 800, 150
TARGET = Path(__file__).parents[1] / "graphspec" / "data" / "sets" / "fashion-mini.npz"


def choose(
    labels: npt.NDArray[np.int64], count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """``count`` positions of every class, in the order of the whole set."""
    chosen = [
        rng.choice(np.flatnonzero(labels == label), count, replace=False)
        for label in np.unique(labels)
    ]
    return np.sort(np.concatenate(chosen))


def main(folder: str = "/usr/share/datasets/fashion-mnist") -> None:
    """Read the whole set from ``folder`` and write the small one."""
    whole = load_idx_folder(Path(folder))
    if whole.x_test is None or whole.y_test is None:
        raise SystemExit(f"{folder} has no test files")
    rng = np.random.Generator(np.random.PCG64(SEED))
    train = choose(whole.y, TRAIN_PER_CLASS, rng)
    test = choose(whole.y_test, TEST_PER_CLASS, rng)
    arrays = {
        "x": whole.x[train],
        "y": whole.y[train].astype(np.uint8),
        "x_test": whole.x_test[test],
        "y_test": whole.y_test[test].astype(np.uint8),
    }
    # zipfile rather than savez_compressed, for the highest compression level; entries made by
    # name carry the fixed date of 1980, so that the same zlib gives the same bytes.
    with (
        writing(TARGET) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:2])
