"""Lowering of the losses of classifiers and regressions."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, Literal

import numpy as np

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import regression
from graphspec.engines.jit.kernels.losses import Hinge, Softmax, chunks
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.plan import Node

Target = Literal["class", "smoothed", "shares"]
_WHY: dict[Target, str] = {
    "class": "labels are classes, all of one weight",
    "smoothed": "classes have weights, or labels are smoothed",
    "shares": "labels are shares of every class",
}


@cache
def _softmax_routines(target: Target) -> tuple[Routine, Routine]:
    loss = Softmax(target)
    return (
        Routine(f"softmax_loss_{target}", loss.forward),
        Routine(f"softmax_loss_{target}_back", loss.backward),
    )


@cache
def _hinge_routines(squared: bool, one_vs_all: bool) -> tuple[Routine, Routine]:
    loss = Hinge(squared, one_vs_all)
    name = f"hinge_loss{'_squared' if squared else ''}{'_all' if one_vs_all else ''}"
    return Routine(name, loss.forward), Routine(f"{name}_back", loss.backward)


def _softmax(at: Site) -> Backward:
    (scores, label), layer = at.xs, at.layer
    n, c = scores.shape
    target = _target(layer, label)
    forward, back = _softmax_routines(target)
    w = scores
    if target != "class":
        w = at.constant("class weights", np.array(layer.class_weights or (1.0,) * c))
    p = at.new("probabilities", scores.shape)
    # q = w·(a·t + b)
    sizes = (n, c, 1 - float(layer.smoothing), float(layer.smoothing) / c)
    at.emit(
        forward,
        (scores, label, w, p, at.y, *sizes),
        chunks=chunks(n),
        reads=(scores, label, w),
        writes=(p, at.y),
        why=_WHY[target],
        flops=20 * n * c,
    )

    def backward() -> None:
        dy, df = at.dy, at.dx(0)
        at.emit(
            back,
            (p, label, w, dy, df, *sizes),
            chunks=chunks(n),
            reads=(p, label, w, dy),
            writes=(df,),
            why=_WHY[target],
            flops=2 * n * c,
        )

    return backward


def _target(layer: Any, label: Value) -> Target:
    if len(label.shape) == 2:
        return "shares"
    return "class" if layer.class_weights is None and not layer.smoothing else "smoothed"


def _hinge(at: Site) -> Backward:
    (scores, label), layer = at.xs, at.layer
    forward, back = _hinge_routines(layer.squared, layer.one_vs_all)
    n, c = scores.shape
    sizes = (n, c, float(layer.margin))
    at.emit(
        forward,
        (scores, label, at.y, *sizes),
        chunks=chunks(n),
        reads=(scores, label),
        writes=(at.y,),
        flops=4 * n * c,
    )

    def backward() -> None:
        dy, df = at.dy, at.dx(0)
        at.emit(
            back,
            (scores, label, dy, df, *sizes),
            chunks=chunks(n),
            reads=(scores, label, dy),
            writes=(df,),
            flops=4 * n * c,
        )

    return backward


@cache
def _regression_routine(squared: bool, way: Literal["", "back", "back_both"]) -> Routine:
    kernel = (
        partial(regression.backward_kernel, squared, way == "back_both")
        if way
        else partial(regression.forward_kernel, squared)
    )
    return Routine("_".join(filter(None, ("l2_loss" if squared else "l1_loss", way))), kernel)


def _regression(at: Site) -> Backward:
    (f, target), squared = at.xs, at.layer.kind == "l2_loss"
    n, m = at.batch, f.size // at.batch
    at.emit(
        _regression_routine(squared, ""),
        (f, target, at.y, m),
        chunks=n,
        reads=(f, target),
        writes=(at.y,),
        flops=3 * f.size,
    )

    def backward() -> None:
        dy, df = at.dy, at.dx(0)
        dt = (at.dx(1),) if at.wants(1) else ()
        at.emit(
            _regression_routine(squared, "back_both" if dt else "back"),
            (f, target, dy, df, m, *dt),
            chunks=n,
            reads=(f, target, dy),
            writes=(df, *dt),
            why="the target is computed" if dt else "the target is data",
            flops=3 * f.size,
        )

    return backward


def _reads_fed_labels(node: Node, call: Call) -> bool:
    """Labels that a layer computes would lie in the environment, as whole numbers."""
    return node.layer.inputs[1] in call.fed


LOWERINGS: dict[str, Lowering] = {
    "softmax_loss": Lowering(_softmax, accepts=_reads_fed_labels),
    "hinge_loss": Lowering(_hinge, accepts=_reads_fed_labels),
    "l2_loss": Lowering(_regression),
    "l1_loss": Lowering(_regression),
}
