"""L2 in both of its forms."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.recipe.penalties.l2 import L2


def test_the_notes_example() -> None:
    full = L2(strength=1.0, half=False)
    assert full.value(np.array([1.0, 0, 0, 0])) == 1
    assert full.value(np.full(4, 0.25)) == 0.25


@pytest.mark.parametrize(("half", "factor"), [(True, 1.0), (False, 2.0)])
def test_the_gradient_is_exact(half: bool, factor: float) -> None:
    w = np.random.default_rng(0).normal(size=(3, 4))
    dw = np.zeros_like(w)
    L2(strength=0.3, half=half).add_gradient(w, dw)
    assert (dw == factor * 0.3 * w).all()
