"""Tests of the tests: every bug that is planted in a layer must be caught.

A bug is a small change to the layer's source, of the kind that is made by hand: a sign, a factor,
an axis, a forgotten stride. The derived checks run on the changed layer until one of them fails.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from graphspec.layers.base import Example, Layer
from graphspec.layers.catalog import BY_KIND
from tests.layers import checks
from tests.layers.sampling import samples

BUGS: dict[str, list[tuple[str, str]]] = {
    "linear": [
        ('y += params["bias"]', 'y -= params["bias"]'),
        ("dy.sum(axis=0)", "dy.mean(axis=0)"),
        ("dy.sum(axis=0)", "dy[0].copy()"),
        (".T @ dy}", ".T @ -dy}"),
        (".T @ dy}", ".T @ dy / len(x)}"),
        ('dy @ params["weight"].T', '2 * dy @ params["weight"].T'),
        ("return Backward((dx,), dparams)", "dy *= 2; return Backward((dx,), dparams)"),
    ],
    "relu": [
        ("np.maximum(xs[0], 0)", "np.maximum(xs[0], 0.3)"),
        ("(y > 0)", "(y >= 0)"),
        ("(y > 0)", "(y < 0)"),
        ("np.maximum(xs[0], 0)", "np.maximum(xs[0], 0, out=xs[0])"),
        ("np.maximum(xs[0], 0)", "np.maximum(xs[0], np.float64(0)).astype(float)"),
    ],
    "softmax_loss": [
        ("scores - scores.max(axis=1", "scores - scores.max(axis=0"),
        ("dscores[np.arange(len(label)), label] -= dy", "pass"),
        (
            "dscores[np.arange(len(label)), label] -= dy",
            "dscores[np.arange(len(label)), label] -= 1",
        ),
        ("probabilities * dy[:, None]", "probabilities * 1"),
        ("- shifted[", "+ shifted["),
        ("exponentials / total, label", "exponentials, label"),
    ],
    "conv2d": [
        ("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=(0, 2, 3)) / len(dy)"),
        ("dy.sum(axis=(0, 2, 3))", "dy[:, :, :-1].sum(axis=(0, 2, 3))"),
        ("dxp[at] += patches", "dxp[at] = patches"),
        ("dxp[at] += patches", "dxp[at] -= patches"),
        ("dw_row += dy_row", "dw_row = dy_row"),
        ("[:, :, ::sh, ::sw, ::dh, ::dw]", "[:, :, ::sw, ::sh, ::dh, ::dw]"),
        ("[:, :, ::sh, ::sw, ::dh, ::dw]", "[:, :, ::sh, ::sw, ::dw, ::dh]"),
        ("patches[:, i, j]", "patches[:, -1 - i, -1 - j]"),
        ('y_row += params["bias"][:, None]', "pass"),
    ],
}
CASES = [(kind, *bug) for kind, bugs in BUGS.items() for bug in bugs]


def plant(kind: type[Layer], right: str, wrong: str) -> type[Layer]:
    """Load the layer's file again with one place changed."""
    original = sys.modules[kind.__module__]
    source = Path(str(original.__file__)).read_text(encoding="utf-8")
    assert source.count(right) == 1, f"the file has changed: plant another bug than {right!r}"
    module = types.ModuleType(kind.__module__)
    module.__file__ = original.__file__
    # Pydantic looks annotations up in the module that is registered under the class's name.
    sys.modules[kind.__module__] = module
    try:
        exec(compile(source.replace(right, wrong), "planted", "exec"), vars(module))
    finally:
        sys.modules[kind.__module__] = original
    if "COLUMNS_AT_ONCE" in vars(module):
        module.COLUMNS_AT_ONCE = 200  # so that the small samples are computed in parts, too
    planted = getattr(module, kind.__name__)
    assert issubclass(planted, Layer)
    return planted


def derived(check: Callable[..., None], *arguments: object) -> Callable[[Example], None]:
    return lambda example: check(example, *arguments)


CHECKS = [
    derived(checks.check_shapes_and_types, 3, "float32", True),
    derived(checks.check_shapes_and_types, 3, "float64", False),
    derived(checks.check_inputs_kept, True),
    derived(checks.check_without_dx, True),
    derived(checks.check_saved_size),
    derived(checks.check_evaluation),
    derived(checks.check_gradients, True),
    derived(checks.check_gradients, False),
]


def is_caught(kind: type[Layer], planted: type[Layer]) -> bool:
    for layer, inputs in samples(kind):
        example = Example(planted.model_validate(layer.model_dump()), inputs)
        for check in CHECKS:
            try:
                check(example)
            except Exception:
                return True
    return False


@pytest.mark.parametrize(("kind", "right", "wrong"), CASES)
def test_a_planted_bug_is_caught(kind: str, right: str, wrong: str) -> None:
    assert is_caught(BY_KIND[kind], plant(BY_KIND[kind], right, wrong))


@pytest.mark.parametrize("kind", ["linear", "relu", "softmax_loss"])
def test_a_layer_without_a_bug_passes(kind: str) -> None:
    planted = plant(BY_KIND[kind], "\n\n\nclass ", "\n\n\n\nclass ")
    assert not is_caught(BY_KIND[kind], planted)
