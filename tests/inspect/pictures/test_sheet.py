"""Files of pictures: what their endings say, and the same bytes every time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graphspec.errors import DataError
from graphspec.inspect.learning_rate import RateCurve
from graphspec.inspect.pictures.rates import RatePicture

PICTURE = RatePicture(RateCurve((1e-3, 1e-2, 1e-1), (2.0, 1.0, float("inf"))), "a curve")


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "json", "npz"])
def test_the_same_picture_has_the_same_bytes(tmp_path: Path, ending: str) -> None:
    first, second = (PICTURE.save(tmp_path / f"{name}.{ending}") for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    begins = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "json": b"{", "npz": b"PK"}
    assert first.read_bytes().startswith(begins[ending])


def test_its_numbers_are_written_exactly(tmp_path: Path) -> None:
    found = json.loads(PICTURE.save(tmp_path / "a.json").read_text())
    assert found == {
        "rate": [1e-3, 1e-2, 1e-1], "loss": [2.0, 1.0, None], "lowest": 1e-2, "start": None,
    }  # fmt: skip
    with np.load(PICTURE.save(tmp_path / "a.npz")) as arrays:
        np.testing.assert_array_equal(arrays["loss"], [2.0, 1.0, np.inf])


def test_a_users_own_style_changes_nothing(tmp_path: Path) -> None:
    import matplotlib as mpl

    plain = PICTURE.save(tmp_path / "a.svg").read_bytes()
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "black"}):
        assert PICTURE.save(tmp_path / "b.svg").read_bytes() == plain
        assert mpl.rcParams["lines.linewidth"] == 9


def test_a_name_that_does_not_say_what_to_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"end it in \.svg"):
        PICTURE.save(tmp_path / "a.doc")
    with pytest.raises(DataError, match="cannot write"):
        PICTURE.save(tmp_path / "nowhere" / "a.svg")


def test_matplotlib_is_imported_when_a_picture_is_drawn() -> None:
    code = (
        "import sys; import graphspec.inspect.pictures.rates, graphspec.cli.landscape; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
