"""What a graph is for: its outputs and losses, and the layers that neither needs."""

from __future__ import annotations

from collections.abc import Iterator

from graphspec.check.wiring import Wiring
from graphspec.errors import Problem
from graphspec.graph import GraphSpec
from graphspec.spelling import Speller

_BROKEN = {"unknown-input", "missing-input", "unknown-output"}


def use_problems(spec: GraphSpec, wiring: Wiring) -> list[Problem]:
    """Say which outputs and losses are missing, and what nothing needs."""
    problems = [*_output_problems(spec, wiring), *_loss_problems(spec)]
    # While an edge is missing, what stood behind it looks unused: one slip would be told twice.
    if _BROKEN.isdisjoint(problem.code for problem in [*wiring.problems, *problems]):
        problems += _unused(spec, wiring)
    return problems


def _output_problems(spec: GraphSpec, wiring: Wiring) -> Iterator[Problem]:
    if not spec.outputs and spec.layers:
        has_loss = any(layer.is_loss for layer in spec.layers)
        yield Problem(
            "no-outputs",
            "the graph has no outputs: it can be trained, but gives no predictions and no accuracy"
            if has_loss
            else "the graph has no outputs and no loss, so there is nothing to compute",
            ("outputs",),
            severity="warning" if has_loss else "error",
        )
    speller: Speller | None = None
    seen: set[str] = set()
    for k, name in enumerate(spec.outputs):
        number = wiring.names.get(name)
        if number is None:
            speller = speller or Speller(layer.id for layer in spec.layers)
            near = speller.nearest(name)
            yield Problem(
                "unknown-output",
                f"there is no layer {name!r}" + (f". Did you mean {near!r}?" if near else ""),
                ("outputs", k),
            )
        elif number < 0:
            yield Problem(
                "unknown-output",
                f"{name!r} is an input of the graph; outputs are layers",
                ("outputs", k),
            )
        elif name in seen:
            yield Problem(
                "duplicate-output", f"{name!r} stands among the outputs twice", ("outputs", k)
            )
        elif spec.layers[number].is_loss:
            yield Problem(
                "loss-as-output",
                f"{name!r} is a loss: as an output it makes every prediction need its label. "
                "Losses are computed in training without being outputs",
                ("outputs", k),
                layer=name,
                severity="warning",
            )
        seen.add(name)


def _loss_problems(spec: GraphSpec) -> Iterator[Problem]:
    if not spec.layers:
        yield Problem("no-layers", "the graph has no layers", ("layers",))
    elif spec.training is not None and not any(layer.is_loss for layer in spec.layers):
        yield Problem(
            "no-loss",
            "there is a training block but no loss layer, so there is nothing to minimise. "
            "Add a loss, such as softmax_loss, that reads the scores and the label",
            ("training",),
        )


def _unused(spec: GraphSpec, wiring: Wiring) -> Iterator[Problem]:
    """Go back from the outputs and losses; what is not met on the way has no use."""
    roots = [wiring.names[name] for name in spec.outputs]
    roots += [i for i, layer in enumerate(spec.layers) if layer.is_loss]
    if not roots:
        return
    met: set[int] = set()
    while roots:
        number = roots.pop()
        if number not in met:
            met.add(number)
            if number >= 0:
                roots += [source for source in wiring.sources[number] if source is not None]
    for k, item in enumerate(spec.inputs):
        if -1 - k not in met:
            yield Problem(
                "unused-input",
                f"no output and no loss needs the input {item.id!r}",
                ("inputs", item.id),
                severity="warning",
            )
    for i, layer in enumerate(spec.layers):
        if i not in met:
            yield Problem(
                "unused-layer",
                f"no output and no loss needs this layer; {layer.id!r} is never computed",
                ("layers", i),
                layer=layer.id,
                severity="warning",
            )
