"""A run that cannot fit is refused before its folder is made or anything is allocated."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphspec as gs
from graphspec.errors import SizeError


def test_an_oversize_network_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    spec = gs.GraphSpec.model_validate(
        {
            "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
            "layers": [
                {"kind": "linear", "id": "wide", "units": 2**31 - 1, "inputs": ["image"]},
                {"kind": "relu", "id": "act", "inputs": ["wide"]},
                {"kind": "linear", "id": "scores", "units": 10, "inputs": ["act"]},
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
        }
    )
    with pytest.raises(SizeError, match="'wide' takes most"):
        gs.fit(spec, "digits", run=tmp_path / "run", batch=1)
    assert not (tmp_path / "run").exists()
