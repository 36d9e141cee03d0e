"""Images in other light."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.augment.base import Array, ImageAugmentation

Strength = Annotated[float, Field(ge=0, le=1)]
_LUMA = (0.299, 0.587, 0.114)


class ColourJitter(ImageAugmentation):
    """Changes the brightness, the contrast and the saturation of every image at random.

    With factors f uniform in 1 − strength … 1 + strength, in this order: x ← f·x; x ← m + f·(x − m)
    with m the image's mean grey; x ← g + f·(x − g) with g each pixel's grey. Grey is
    0.299 R + 0.587 G + 0.114 B of three channels, else their mean; an image of one channel has no
    saturation. Values are not clipped.

    Source: Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image
    Classification; greys by ITU-R BT.601.
    """

    kind: Literal["colour_jitter"] = "colour_jitter"
    """The name of this augmentation."""
    brightness: Strength = 0.2
    """How far the factor of the brightness is from 1 at most."""
    contrast: Strength = 0.2
    """How far the factor of the contrast is from 1 at most."""
    saturation: Strength = 0.2
    """How far the factor of the saturation is from 1 at most."""

    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """Each image with three factors of its own."""
        strengths = np.array([self.brightness, self.contrast, self.saturation])
        factors = 1 + strengths[:, None] * rng.uniform(-1, 1, (3, len(x)))
        light, contrast, saturation = factors.astype(x.dtype)[..., None, None, None]
        y = light * x
        mean = _grey(y).mean(axis=(2, 3), keepdims=True)
        y = mean + contrast * (y - mean)
        grey = _grey(y)
        jittered: Array = grey + saturation * (y - grey)
        return jittered


def _grey(x: Array) -> Array:
    """(N, C, H, W) → (N, 1, H, W)."""
    channels = x.shape[1]
    shares = np.array(_LUMA if channels == 3 else [1 / channels] * channels, x.dtype)
    grey: Array = np.einsum("nchw,c->nhw", x, shares)[:, None]
    return grey
