"""Making images larger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.layers.sliding import Extents, as_pair, expect_image
from graphspec.tensor import TensorSpec


class Upsample2d(Layer):
    """Upsampling: images become larger by a whole factor, with nothing to learn.

    nearest: y[c, i, j] = x[c, ⌊i/R⌋, ⌊j/R⌋]; dx is the sum of dy over each pixel's copies.
    bilinear: y = A·x·Bᵀ for every channel, where row i of A mixes the two rows of x next to
    (i + ½)/R − ½ (pixels have their centres in the middle, as align_corners=False in PyTorch and
    half_pixel in ONNX); dx = Aᵀ·dy·B.

    x (N, C, H, W), y (N, C, R·H, R·W).
    Source: Long et al. 2015, Fully Convolutional Networks; ONNX operator Resize.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["upsample2d"] = "upsample2d"
    """The name of this layer's type."""
    factor: Extents = 2
    """R, how many times as large: one number, or [vertical, horizontal]."""
    mode: Literal["nearest", "bilinear"] = "nearest"
    """Whether pixels are repeated, or mixed with their neighbours."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Repeated, and mixed by different factors."""
        return (
            Example(cls(id="up", inputs=("x",)), (TensorSpec((2, 2, 3)),)),
            Example(
                cls(id="up", factor=(2, 3), mode="bilinear", inputs=("x",)),
                (TensorSpec((1, 3, 2)),),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (C, R·H, R·W)."""
        channels, height, width = expect_image(inputs[0])
        vertical, horizontal = as_pair(self.factor)
        return TensorSpec((channels, height * vertical, width * horizontal))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Every pixel R times in both directions, or A·x·Bᵀ."""
        (x,) = xs
        vertical, horizontal = as_pair(self.factor)
        if self.mode == "nearest":
            return Forward(x.repeat(vertical, axis=2).repeat(horizontal, axis=3), (x.shape,))
        a, b = self._mixers(x)
        return Forward(a @ x @ b.T, (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """The sum over each pixel's copies, or Aᵀ·dy·B."""
        (shape,) = saved
        if self.mode == "nearest":
            vertical, horizontal = as_pair(self.factor)
            copies = dy.reshape(*shape[:3], vertical, shape[3], horizontal)
            return Backward((copies.sum(axis=(3, 5)),))
        a, b = self._mixers(np.empty(shape, dy.dtype))
        return Backward((a.T @ dy @ b,))

    def macs(self, *inputs: TensorSpec) -> int:
        """Four for every number of the output where neighbours are mixed."""
        return 4 * self.infer(*inputs).size if self.mode == "bilinear" else 0

    def window(self) -> Window | None:
        """Neighbouring outputs see the same pixels: no whole stride from one to the next."""
        return None

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The images while they are larger in one direction alone, and the mixers."""
        channels, height, width = inputs[0].shape
        vertical, horizontal = as_pair(self.factor)
        mixers = vertical * height**2 + horizontal * width**2
        return batch * channels * vertical * height * width + mixers

    def _mixers(self, x: Array) -> tuple[Array, Array]:
        """A (R·H, H) and B (R·W, W), whose rows sum to one."""
        vertical, horizontal = as_pair(self.factor)
        return _mixer(x.shape[2], vertical, x.dtype), _mixer(x.shape[3], horizontal, x.dtype)


def _mixer(extent: int, factor: int, dtype: Any) -> Array:
    rows = np.arange(extent * factor)
    # Beyond the middle of the outermost pixels there is nothing to mix them with.
    place = np.maximum((rows + 0.5) / factor - 0.5, 0)
    low = place.astype(int)
    mixer = np.zeros((len(rows), extent), dtype)
    mixer[rows, low] = 1 - (place - low)
    mixer[rows, np.minimum(low + 1, extent - 1)] += place - low
    return mixer
