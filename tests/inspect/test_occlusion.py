from __future__ import annotations

import numpy as np
import pytest

from graphspec.errors import DataError
from graphspec.inspect.occlusion import occlude, occlusion_map, read_fill
from tests.inspect.looking import probe

SCORES = {"id": "scores", "kind": "linear", "units": 3}


def one_patch_reader(rows: slice, columns: slice, shape=(2, 12, 10)):
    """Class 1 is the brightness of one patch; the other classes do not look."""
    weight = np.zeros((3, *shape))
    weight[1, :, rows, columns] = 1.0
    return probe(
        SCORES, shape=shape, scores__weight=weight.reshape(3, -1).T, scores__bias=np.zeros(3)
    )


def test_R05_the_minimum_is_at_the_patch_that_the_model_reads():
    reader = one_patch_reader(slice(6, 9), slice(3, 6))
    image = np.full((2, 12, 10), 0.4)
    found = occlusion_map(reader, image, size=3, fill=0.0)
    assert found.covered.shape == (3, (12 - 3) // 1 + 1, (10 - 3) // 1 + 1)
    row, column = np.unravel_index(found.covered[1].argmin(), found.covered[1].shape)
    assert (found.tops[row], found.lefts[column]) == (6, 3)
    assert found.drop(1).max() == found.whole[1] - found.covered[1, row, column]
    # Where the occluder misses the patch, nothing changes.
    assert found.covered[1, 0, 0] == found.whole[1]
    np.testing.assert_allclose(found.covered.sum(axis=0), 1.0, rtol=1e-12)


def test_R05_every_position_is_what_covering_by_hand_gives():
    rng = np.random.default_rng(0)
    reader = probe(SCORES, shape=(1, 9, 8))
    image = rng.normal(size=(1, 9, 8))
    found = occlusion_map(reader, image, size=(4, 3), stride=(2, 3), batch=5)
    assert found.covered.shape[1:] == ((9 - 4) // 2 + 1, (8 - 3) // 3 + 1)
    for r, top in enumerate(found.tops):
        for c, left in enumerate(found.lefts):
            covered = image.copy()
            covered[:, top : top + 4, left : left + 3] = image.mean()
            np.testing.assert_allclose(
                found.covered[:, r, c], reader.probabilities(covered[None])[0], rtol=1e-12
            )


def test_log_odds_move_where_probabilities_hardly_do():
    reader = one_patch_reader(slice(0, 2), slice(0, 2), shape=(1, 6, 6))
    found = occlusion_map(reader, np.full((1, 6, 6), 5.0), size=2, fill=0.0)
    assert found.whole[1] > 0.99999
    # Covered, the three scores are equal: log-odds fall from 20 − ln 2 to −ln 2.
    assert found.log_odds_drop(1)[0, 0] == pytest.approx(20.0, abs=1e-6)


def test_it_fills_up_and_may_be_left():
    reader = probe(SCORES, shape=(1, 6, 6))
    shares = []
    for found in occlude(reader, np.ones((1, 6, 6)), size=2, batch=10):
        shares.append(found.done)
        assert np.isnan(found.covered).any() == (found.done < 1)
    assert shares == [10 / 25, 20 / 25, 1.0]


@pytest.mark.parametrize(
    ("image", "size", "stride"),
    [(np.ones((1, 6, 6)), 7, 1), (np.ones((1, 6, 6)), 2, 0), (np.ones(36), 2, 1)],
)
def test_what_does_not_fit_is_refused(image, size, stride):
    with pytest.raises(DataError):
        occlusion_map(probe(SCORES, shape=(1, 6, 6)), image, size=size, stride=stride)


def test_each_channel_may_have_a_value_of_its_own():
    rng = np.random.default_rng(1)
    reader = probe(SCORES, shape=(3, 6, 6))
    image = rng.normal(size=(3, 6, 6))
    found = occlusion_map(reader, image, size=3, stride=3, fill=(1.0, -2.0, 0.5))
    covered = image.copy()
    covered[:, 3:6, 0:3] = np.array([1.0, -2.0, 0.5])[:, None, None]
    np.testing.assert_allclose(
        found.covered[:, 1, 0], reader.probabilities(covered[None])[0], rtol=1e-12
    )
    with pytest.raises(DataError, match="2 values are given for covered pixels of 3 channels"):
        occlusion_map(reader, image, size=3, fill=(1.0, 2.0))


def test_bytes_may_be_covered_with_what_no_byte_is():
    reader = probe(SCORES, shape=(1, 6, 6))
    image = np.arange(36, dtype=np.uint8).reshape(1, 6, 6)
    found = occlusion_map(reader, image, size=6, fill=-3.5)
    wanted = reader.probabilities(np.full((1, 1, 6, 6), -3.5))
    np.testing.assert_allclose(found.covered[:, 0, 0], wanted[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "channels", "values"),
    [("0.5", 1, (0.5,)), ("-3", 3, (-3.0,)), ("255, 128,0", 3, (255.0, 128.0, 0.0))],
)
def test_a_fill_is_read(text, channels, values):
    assert read_fill(text, channels) == values


@pytest.mark.parametrize("text", ["", "red", "1,2", "nan", "1,2,3,4", "1;2;3"])
def test_what_is_no_fill_is_refused(text):
    with pytest.raises(DataError, match="or 3 with commas between them"):
        read_fill(text, 3)
