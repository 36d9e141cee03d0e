from __future__ import annotations

import numpy as np
import pytest

from graphspec.errors import SpecError
from graphspec.inspect.top_patches import top_patches
from graphspec.summary import summarise
from tests.inspect.looking import probe

CONV = {"id": "conv", "kind": "conv2d", "filters": 4, "kernel": 3, "pad": 1}
POOL = {"id": "pool", "kind": "max_pool2d", "kernel": 2}
SCORES = {"id": "scores", "kind": "linear", "units": 3}
IMAGES = np.random.default_rng(1).normal(size=(50, 2, 8, 10))


def test_R03_the_top_nine_are_those_of_trying_all():
    network = probe(CONV, POOL, SCORES, shape=(2, 8, 10))
    maps = network.values(IMAGES, ["pool"])["pool"][:, 2]
    best = maps.reshape(50, -1).max(axis=1)
    order = sorted(range(50), key=lambda i: -best[i])[:9]
    found = top_patches(network, IMAGES, "pool", 2, batch=8)
    assert [patch.example for patch in found] == order
    for patch in found:
        assert patch.value == maps[patch.example][patch.place] == best[patch.example]


def test_R03_the_box_has_the_size_of_the_receptive_field_and_decides_the_answer():
    network = probe(CONV, POOL, SCORES, shape=(2, 8, 10))
    field = {row.id: row.field for row in summarise(network.plan.spec).rows}["pool"]
    assert field is not None
    seen_whole = 0
    for patch in top_patches(network, IMAGES, "pool", 1, count=20):
        assert patch.box is not None
        top, left, bottom, right = patch.box
        assert bottom - top <= field.size[0]
        assert right - left <= field.size[1]
        seen_whole += (bottom - top, right - left) == field.size
        alone = np.zeros((1, 2, 8, 10))
        alone[..., top:bottom, left:right] = IMAGES[patch.example, :, top:bottom, left:right]
        value = network.values(alone, ["pool"])["pool"][0, 1][patch.place]
        assert value == pytest.approx(patch.value, rel=1e-12)
    assert seen_whole > 0


def test_a_unit_that_sees_everything_has_the_whole_image():
    network = probe(CONV, POOL, SCORES, shape=(2, 8, 10))
    patch = top_patches(network, IMAGES, "scores", 0, count=1)[0]
    assert (patch.place, patch.box) == ((), (0, 0, 8, 10))


def test_a_unit_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match="has 4 units, 0 to 3"):
        top_patches(probe(CONV, SCORES, shape=(2, 8, 10)), IMAGES, "conv", 4)
