"""Augmentations: what they do to an image, and that they touch nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.recipe.augment.base import Augmentation, ImageAugmentation
from graphspec.recipe.augment.catalog import AUGMENTATIONS
from graphspec.recipe.augment.colour_jitter import ColourJitter
from graphspec.recipe.augment.cutout import Cutout
from graphspec.recipe.augment.mixup import Mixup
from graphspec.recipe.augment.random_crop import RandomCrop
from graphspec.recipe.augment.random_flip import RandomFlip
from graphspec.recipe.augment.rotation import Rotation


def images(n: int = 200, c: int = 3, h: int = 6, w: int = 8) -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 2, (n, c, h, w))


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_shape_type_and_the_given_images_stay(
    kind: type[Augmentation], dtype: str, channels: int
) -> None:
    x = images(5, channels).astype(dtype)
    answers = np.eye(5, dtype=dtype)
    before = x.copy()
    y, changed = kind().change(x, answers, rng())
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert (changed.shape, changed.dtype) == (answers.shape, answers.dtype)
    assert (x == before).all()
    assert (answers == np.eye(5)).all()
    assert not np.shares_memory(x, y)
    again, _ = kind().change(x, answers, rng())
    np.testing.assert_array_equal(again, y)


@pytest.mark.parametrize("kind", [kind for kind in AUGMENTATIONS if kind is not Mixup])
def test_every_image_is_changed_in_its_own_way(kind: type[ImageAugmentation]) -> None:
    x = np.repeat(images(1), 64, axis=0)
    y = kind().apply(x, rng())
    assert len({image.tobytes() for image in y}) >= 2
    assert (kind().apply(x, rng(2)) != y).any()


@pytest.mark.parametrize(("direction", "axis"), [("horizontal", 3), ("vertical", 2)])
def test_flip_mirrors_about_half_of_the_images(direction: str, axis: int) -> None:
    x = images(1000)
    y = RandomFlip(direction=direction).apply(x, rng())  # type: ignore[arg-type]
    mirrored = (y == np.flip(x, axis)).all(axis=(1, 2, 3))
    kept = (y == x).all(axis=(1, 2, 3))
    assert (mirrored ^ kept).all()
    assert 440 < mirrored.sum() < 560
    assert (RandomFlip(chance=1).apply(x, rng()) == np.flip(x, 3)).all()


def test_crop_shifts_by_at_most_the_pad() -> None:
    x = images(300, 2, 5, 7)
    y = RandomCrop(pad=2, fill=-1).apply(x, rng())
    seen = set()
    for image, shifted in zip(x, y, strict=True):
        padded = np.pad(image, ((0, 0), (2, 2), (2, 2)), constant_values=-1)
        places = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if (padded[:, i : i + 5, j : j + 7] == shifted).all()
        ]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) == 25


def test_rotation_by_right_angles_is_exact() -> None:
    x = images(1, 2, 5, 5)

    class Right(np.random.Generator):
        def uniform(self, low: float, high: float, size: int) -> np.ndarray:  # type: ignore[override]
            assert (low, high) == (-90, 90)
            return np.full(size, high)

    y = Rotation(degrees=90).apply(x, Right(np.random.PCG64(0)))
    np.testing.assert_allclose(y, np.rot90(x, axes=(2, 3)), atol=1e-12)


def test_rotation_keeps_what_is_round_and_fills_the_corners() -> None:
    down, across = np.mgrid[-20:21, -20:21]
    disc = np.exp(-(down**2 + across**2) / 50.0)[None, None]
    y = Rotation(degrees=180, fill=0).apply(np.repeat(disc, 20, axis=0), rng())
    np.testing.assert_allclose(y, np.repeat(disc, 20, axis=0), atol=0.01)
    plain = Rotation(degrees=45, fill=-1).apply(np.ones((50, 1, 9, 9)), rng())
    assert plain[:, :, 4, 4] == pytest.approx(1)
    assert plain.min() >= -1
    assert plain[:, :, 0, 0].min() == -1


def test_jitter_scales_blends_with_the_mean_and_blends_with_grey() -> None:
    x = images(500)
    grey_of = np.array([0.299, 0.587, 0.114])
    brighter = ColourJitter(brightness=0.3, contrast=0, saturation=0).apply(x, rng())
    ratio = brighter / x
    np.testing.assert_allclose(ratio, ratio[:, :1, :1, :1] * np.ones_like(x), rtol=1e-12)
    assert 0.7 <= ratio.min() < 0.71
    assert 1.29 < ratio.max() <= 1.3
    contrasted = ColourJitter(brightness=0, contrast=0.3, saturation=0).apply(x, rng())
    means = np.einsum("nchw,c->n", x, grey_of) / 48
    factor = (contrasted - means[:, None, None, None]) / (x - means[:, None, None, None])
    np.testing.assert_allclose(factor, factor[:, :1, :1, :1] * np.ones_like(x), rtol=1e-6)
    faded = ColourJitter(brightness=0, contrast=0, saturation=1).apply(x, rng())
    np.testing.assert_allclose(
        np.einsum("nchw,c->nhw", faded, grey_of), np.einsum("nchw,c->nhw", x, grey_of), rtol=1e-12
    )
    assert np.ptp(faded, axis=1).mean(axis=(1, 2)).min() < 0.05
    one_channel = images(9, 1)
    same = ColourJitter(brightness=0, contrast=0, saturation=1).apply(one_channel, rng())
    np.testing.assert_allclose(same, one_channel, rtol=1e-12)


def test_cutout_covers_one_square_that_may_stick_out() -> None:
    x = images(400, 3, 9, 9)
    y = Cutout(size=4, fill=7).apply(x, rng())
    covered = (y == 7).all(axis=1)
    assert (
        y[~np.repeat(covered[:, None], 3, axis=1)] == x[~np.repeat(covered[:, None], 3, 1)]
    ).all()
    sizes = set()
    for mask in covered:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask.sum() == len(rows) * len(columns)
        assert (np.diff(rows) == 1).all()
        assert (np.diff(columns) == 1).all()
        sizes |= {len(rows), len(columns)}
    assert sizes == {2, 3, 4}


def test_mixup_blends_examples_and_answers_in_the_same_share() -> None:
    n = 400
    # Each example is told by its own axis, so that the shares can be read off.
    x, y = Mixup(alpha=0.5).change(np.eye(n), np.eye(n)[::-1] * 3, rng())
    np.testing.assert_allclose(y, 3 * x[:, ::-1])
    np.testing.assert_allclose(x.sum(axis=1), 1)
    assert ((x > 0).sum(axis=1) <= 2).all()
    shares = np.diag(x)[(np.diag(x) < 1)]
    assert len(shares) > 0.9 * n
    # Beta(α, α) has the mean 1/2 and the variance 1/(4(2α + 1)).
    assert shares.mean() == pytest.approx(0.5, abs=0.06)
    assert shares.var() == pytest.approx(1 / 8, abs=0.02)
    one, _ = Mixup().change(np.ones((1, 2)), np.ones((1, 1)), rng())
    assert one.tolist() == [[1, 1]]
