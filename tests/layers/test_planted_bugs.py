"""Tests of the tests: every bug that is planted in a layer must be caught.

A bug is a small change to the layer's source, of the kind that is made by hand: a sign, a factor,
an axis, a forgotten stride. The derived checks run on the changed layer until one complains.
(They hold forward and backward against each other; that forward is right is for the golden numbers
and the oracles.) A layer that crashes has not been caught: nobody needs a check to see that.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from graphspec.layers.base import Example, Layer
from graphspec.layers.catalog import BY_KIND
from tests.layers import (
    bugs_in_gates,
    bugs_in_losses,
    bugs_in_norms,
    bugs_in_sequences,
    bugs_in_shapes,
    checks,
)
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
    "sliding": [
        ("slice(k * d, k * d + (count - 1) * s + 1, s)", "slice(k, k + (count - 1) * s + 1, s)"),
        ("(i, j), self.dilation", "(j, i), self.dilation"),
    ],
    "max_pool2d": [
        ("won = switches == i * width + j", "won = switches >= i * width + j"),
        ("won = switches == i * width + j", "won = switches == i + j"),
        ("dxp[at] += dy * won", "dxp[at] = dy * won"),
        ("any(s < k", "all(s < k"),
        ("return Backward((sliding.crop(dxp),))", "return Backward((-sliding.crop(dxp),))"),
        ("(switches, x.shape[2:])", "(switches.astype(float), x.shape[2:])"),
    ],
    "avg_pool2d": [
        ("dxp[at] += share", "dxp[at] = share"),
        ("share = dy / self._counts(sliding).astype(dy.dtype)", "share = dy"),
        ("y /= self._counts(sliding).astype(x.dtype)", "y /= sliding.kernel[0] ** 2"),
    ],
    "global_avg_pool2d": [
        ("dy / (shape[2] * shape[3])", "dy / shape[2] ** 2"),
        ("dy / (shape[2] * shape[3])", "dy"),
    ],
    "relu": [
        ("np.maximum(x, 0)", "np.maximum(x, 0.3)"),
        ("(y > 0)", "(y >= 0)"),
        ("(y > 0)", "(y < 0)"),
        ("np.maximum(x, 0)", "np.maximum(x, 0, out=x)"),
        ("np.maximum(x, 0)", "np.maximum(x, 0).astype(float)"),
    ],
    "leaky_relu": [
        ("np.where(x > 0, dy, self.slope * dy)", "np.where(x > 0, dy, 0)"),
        ("np.where(x > 0, dy, self.slope * dy)", "np.where(x < 0, dy, self.slope * dy)"),
        ("np.where(x > 0, dy, self.slope * dy)", "np.where(x > 0, dy, 0.01 * dy)"),
    ],
    "sigmoid": [
        ("dy * (1 - y) * y\n", "dy * (1 - y)\n"),
        ("dy * (1 - y) * y\n", "dy * (1 - y) ** 2 * y\n"),
    ],
    "tanh": [
        ("1 - y * y)", "1 - y)"),
        ("1 - y * y)", "1 + y * y)"),
    ],
    "softmax": [
        ("(dy * y).sum", "dy.sum"),
        ("y * (dy - ", "(dy - "),
        ("(dy * y).sum(axis=self.axis + 1", "(dy * y).sum(axis=1"),
    ],
    "dropout": [
        ("else dy * mask", "else dy * (mask != 0)"),
        ("not mode.training or", ""),
        ("else dy * mask", "else dy"),
    ],
    "batch_norm": [
        ("dx = dy - normal * (dscale / m)", "dx = dy - normal * dscale"),
        ("dx -= (dshift / m)", "dx += (dshift / m)"),
        ("if training:", "if True:"),
        ("if training:", "if False:"),
        ("m = dy.size // len(dshift)", "m = len(dy)"),
        ("(dy * normal).sum(axis=axes)", "(dy * normal).mean(axis=axes)"),
        ("centred = x - mean.reshape(column)", "centred = x; centred -= mean.reshape(column)"),
        ('params["scale"] * inverse', "inverse"),
    ],
    "add": [("(dy,) * count", "(dy / count,) * count")],
    "multiply": [
        ("(*saved[:i], *saved[i + 1 :])", "saved[:i]"),
        ("y = xs[0] * xs[1]", "y = xs[0]; y *= xs[1]"),
    ],
    "concat": [("tuple(np.split(", "tuple(np.split(2 * ")],
    "reshape": [("dy.reshape(shape)", "dy.reshape(shape, order='F')")],
    **bugs_in_losses.BUGS,
    **bugs_in_gates.BUGS,
    **bugs_in_norms.BUGS,
    **bugs_in_shapes.BUGS,
    **bugs_in_sequences.BUGS,
}
SHOWN_BY = {"sliding": "conv2d", "normalising": "group_norm", "regressing": "l2_loss"}
"""For a file that several layers share: one that shows its bugs."""
MODULES = ["sliding", "pooling", "normalising", "regressing"]
"""Files that layers import, in the order in which they import each other."""
CASES = [(file, *bug) for file, bugs in BUGS.items() for bug in bugs]


def plant(kind: str, file: str, right: str, wrong: str) -> type[Layer]:
    """Load a layer, and the files that it shares with others, with one place of one changed."""
    package = "graphspec.layers"
    names = [f"{package}.{name}" for name in (*MODULES, kind)]
    originals = {name: importlib.import_module(name) for name in names}
    try:
        for name in names:
            module = types.ModuleType(name)
            module.__file__ = originals[name].__file__
            source = Path(str(module.__file__)).read_text(encoding="utf-8")
            if name == f"{package}.{file}":
                assert source.count(right) == 1, f"plant another bug than {right!r} in {file}"
                source = source.replace(right, wrong)
            # Pydantic looks annotations up in the module that is registered under the name.
            sys.modules[name] = module
            exec(compile(source, name, "exec"), vars(module))
    finally:
        sys.modules.update(originals)
    if "COLUMNS_AT_ONCE" in vars(module):
        module.COLUMNS_AT_ONCE = 200  # so that the small samples are computed in parts, too
    planted = getattr(module, BY_KIND[kind].__name__)
    assert issubclass(planted, Layer)
    return planted


def derived(check: Callable[..., None], *arguments: object) -> Callable[[Example], None]:
    return lambda example: check(example, *arguments)


CHECKS = [
    derived(checks.check_gradients, True),
    derived(checks.check_shapes_and_types, 3, "float32", True),
    derived(checks.check_inputs_kept, True),
    derived(checks.check_without_dx, True),
    derived(checks.check_saved_size),
    derived(checks.check_evaluation),
    derived(checks.check_gradients, False),
]


def is_caught(kind: str, planted: type[Layer]) -> bool:
    for layer, inputs in samples(BY_KIND[kind]):
        example = Example(planted.model_validate(layer.model_dump()), inputs)
        for check in CHECKS:
            try:
                check(example)
            except AssertionError:
                return True
            except Exception:
                continue  # what crashes here may give wrong numbers elsewhere
    return False


@pytest.mark.parametrize(("file", "right", "wrong"), CASES)
def test_a_planted_bug_is_caught(file: str, right: str, wrong: str) -> None:
    kind = SHOWN_BY.get(file, file)
    assert is_caught(kind, plant(kind, file, right, wrong))


@pytest.mark.parametrize("kind", ["linear", "softmax_loss"])
def test_a_layer_without_a_bug_passes(kind: str) -> None:
    assert not is_caught(kind, plant(kind, kind, "\n\n\nclass ", "\n\n\n\nclass "))


def test_there_are_bugs_for_every_kind_with_a_backward_of_its_own() -> None:
    assert set(BY_KIND) - set(BUGS) == {"flatten", "group_norm", "instance_norm"}
    assert len(CASES) >= 50
