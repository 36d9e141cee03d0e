"""The words of a pattern, and what they stand for when nothing more is said."""

from __future__ import annotations

from typing import Any

UNITS = {
    "CONV": "conv2d",
    "POOL": "max_pool2d",
    "AVGPOOL": "avg_pool2d",
    "GAP": "global_avg_pool2d",
    "FC": "linear",
    "RELU": "relu",
    "LEAKYRELU": "leaky_relu",
    "SIGMOID": "sigmoid",
    "TANH": "tanh",
    "NORM": "batch_norm",
    "DROPOUT": "dropout",
}
"""What a pattern can name, and the kind of layer that it is."""

NAMES = {kind: name for name, kind in UNITS.items()}
POOLS = ("max_pool2d", "avg_pool2d")
FIRST_FILTERS = 32
HIDDEN_UNITS = 256


def defaults(kind: str, pools: int, options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a layer: what the options say, and the rest by the rules above."""
    if kind == "conv2d":
        kernel = options.get("kernel", 3)
        odd = isinstance(kernel, int) and kernel % 2 == 1
        defaults: dict[str, Any] = {
            # Beyond 2³⁰ the doubling would leave the range of the field.
            "filters": FIRST_FILTERS * 2 ** min(pools, 25),
            "kernel": kernel,
            "pad": kernel // 2 if odd else "same",
        }
        if options.get("stride", 1) != 1:
            defaults["rounding"] = "floor"
        return defaults | options
    if kind in POOLS:
        return {"kernel": 2} | options
    if kind == "linear":
        return {"units": HIDDEN_UNITS} | options
    return options
