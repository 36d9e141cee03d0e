"""Advice on the sizes of convolutional networks."""

from __future__ import annotations

from collections.abc import Iterator

from graphspec.errors import Problem
from graphspec.layers.base import Layer
from graphspec.layers.sliding import as_pair
from graphspec.lint.scene import NORMALISING, Scene, setting
from graphspec.record import kind_of

LARGEST, LARGEST_FIRST = 5, 7
"""Kernels that the notes have beyond the first convolution, and in it."""
SECTION = "Convolutional Networks, layer sizing patterns"
# The image's own side says nothing about what is halved behind them.
_RESIZING = ("pad2d", "crop2d")


def sides(scene: Scene) -> Iterator[Problem]:
    """Images whose sides cannot be halved as often as the network does."""
    jumps: dict[str, dict[str, tuple[int, int]]] = {}
    for item in scene.spec.inputs:
        if len(scene.shapes[item.id].shape) == 3:
            jumps[item.id] = {item.id: (1, 1)}
    for name in scene.order:
        layer = scene.spec.by_id[name]
        window = layer.window()
        if window is None or len(scene.shapes[name].shape) != 3 or kind_of(layer) in _RESIZING:
            continue
        reached: dict[str, tuple[int, int]] = {}
        for source in layer.inputs:
            for image, (down, right) in jumps.get(source, {}).items():
                before = reached.get(image, (1, 1))
                strides = window.stride
                reached[image] = (
                    max(before[0], down * strides[0]),
                    max(before[1], right * strides[1]),
                )
        jumps[name] = reached
    for item in scene.spec.inputs:
        ends = [found[item.id] for found in jumps.values() if item.id in found]
        if not ends:
            continue
        for axis, title in enumerate(("height", "width")):
            side, jump = scene.shapes[item.id].shape[axis + 1], max(end[axis] for end in ends)
            if side % jump:
                yield scene.advice(
                    "sizes-do-not-halve",
                    f"the {title} of {item.id}, {side}, is made {jump} times smaller on the way, "
                    f"and cannot be divided by {jump}: pixels at the edge are left out or padded. "
                    f"Sides such as 32, 64, 96, 224, 384 and 512 halve often ({SECTION})",
                    path=("inputs", item.id),
                    arithmetic=f"{side}/{jump} = {side / jump:.4g}",
                )


def convolutions(scene: Scene) -> Iterator[Problem]:
    """Even kernels, large ones, and strides."""
    images = {item.id for item in scene.spec.inputs}
    for layer in scene.kinds("conv2d"):
        kernel, stride = _pair(layer, "kernel"), _pair(layer, "stride")
        if kernel == stride:  # patches side by side: no overlap is wanted
            continue
        shown = "×".join(map(str, kernel))
        first = layer.inputs[0] in images
        if any(extent % 2 == 0 for extent in kernel):
            odd = tuple(extent + (extent % 2 == 0) for extent in kernel)
            yield scene.advice(
                "even-kernel",
                f"the kernel of {layer.id} is {shown}: an even one has no middle pixel, and no "
                f"equal padding keeps the size. Use 3 or 5 ({SECTION})",
                layer,
                at="kernel",
                fix=setting(f"{layer.id}.kernel", odd[0] if odd[0] == odd[1] else odd),
            )
        if max(kernel) > (LARGEST_FIRST if first else LARGEST):
            yield scene.advice(
                "large-kernel",
                f"the kernel of {layer.id} is {shown}: several 3×3 convolutions with relu between "
                "them see as much, with fewer weights and more non-linearity. Up to 7 is common "
                "in the first convolution alone (Convolutional Networks, layer patterns)",
                layer,
                at="kernel",
            )
        if max(stride) > 1 and not _normalised(scene, layer):
            yield scene.advice(
                "strided-convolution",
                f"{layer.id} moves by {max(stride)} pixels and has no normalisation behind it. "
                "Stride 1 works better in practice, and leaves the halving to the pools "
                f"({SECTION})",
                layer,
                at="stride",
            )


def _normalised(scene: Scene, layer: Layer) -> bool:
    readers = scene.readers.get(layer.id, [])
    return bool(readers) and all(kind_of(reader) in NORMALISING for reader in readers)


def borders(scene: Scene) -> Iterator[Problem]:
    """Convolutions that shrink the image, when there are several, and those that grow it."""
    shrinking = []
    for layer in scene.kinds("conv2d"):
        if _pair(layer, "stride") != (1, 1):
            continue
        before, after = scene.shapes[layer.inputs[0]].shape[1:], scene.shapes[layer.id].shape[1:]
        if any(new > old for new, old in zip(after, before, strict=True)):
            yield scene.advice(
                "padding-grows",
                f"{layer.id} pads more than half its kernel, so that positions at the edge see "
                f"zeros alone and the image grows. Pad (F − 1)/2 ({SECTION})",
                layer,
                at="pad",
                arithmetic=f"{_sides(before)} → {_sides(after)}",
                fix=setting(f"{layer.id}.pad", "same"),
            )
        elif before != after:
            shrinking.append((layer, f"{_sides(before)} → {_sides(after)}"))
    # One that spends the border, as LeNet's second, does little harm.
    for layer, arithmetic in shrinking if len(shrinking) > 1 else ():
        yield scene.advice(
            "padding-lost",
            f"{layer.id} makes the image smaller, as {len(shrinking)} convolutions here do: what "
            "is at the border is washed away. Pad (F − 1)/2, and let the pools do the halving "
            f"({SECTION})",
            layer,
            at="pad",
            arithmetic=arithmetic,
            fix=setting(f"{layer.id}.pad", "same"),
        )


def pools(scene: Scene) -> Iterator[Problem]:
    """Pools other than 2/2 and 3/2, unless they take the whole image or keep its size."""
    for layer in scene.kinds("max_pool2d", "avg_pool2d", "lp_pool2d", "stochastic_pool2d"):
        kernel, stride = _pair(layer, "kernel"), _pair(layer, "stride", "kernel")
        whole = scene.shapes[layer.inputs[0]].shape[1:]
        if kernel == whole or stride == (1, 1):
            continue
        if max(kernel) > 3 or max(stride) > 2:
            yield scene.advice(
                "lossy-pool",
                f"{layer.id} keeps one number of {kernel[0] * kernel[1]}, in steps of "
                f"{max(stride)}: that is too lossy. Common are 2×2 and 3×3 in steps of 2 "
                f"({SECTION})",
                layer,
                at="kernel",
                fix=setting(f"{layer.id}.kernel", 2) if kernel == stride else None,
            )


def _pair(layer: Layer, name: str, otherwise: str = "") -> tuple[int, int]:
    value = getattr(layer, name)
    return as_pair(getattr(layer, otherwise) if value is None else value)


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
