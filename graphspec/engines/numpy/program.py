"""What one kind of call computes: the layers that it needs, and how far its gradients go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.plan import Node, Plan
from graphspec.tensor import TensorSpec


class Computes(Protocol):
    """What computes a layer: the layer itself, or what an engine has in its place."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """As ``Layer.forward``."""

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """As ``Layer.backward``."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One layer in a program.

    ``frees`` are the values that nothing reads after it. ``backward`` says whether a gradient
    passes through it, and ``need_dx`` whether that goes on to its inputs. ``trained`` maps the
    local names of its trained parameters to the full ones.
    """

    id: str
    layer: Computes
    sources: tuple[str, ...]
    frees: tuple[str, ...]
    backward: bool
    need_dx: bool
    trained: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """The operations of one kind of call, in running order, and the inputs that they read.

    ``tapped`` are the values whose gradient is asked for.
    """

    inputs: Mapping[str, TensorSpec]
    operations: tuple[Operation, ...]
    losses: tuple[str, ...]
    tapped: frozenset[str]


def make_program(
    plan: Plan,
    keep: Collection[str],
    *,
    losses: Sequence[str] = (),
    tapped: Collection[str] = (),
    train: bool = False,
    faster: Mapping[str, Computes] = MappingProxyType({}),
) -> Program:
    """Restrict a plan to what a call needs, forward and backward.

    Args:
        plan: what there is.
        keep: the values that the call returns.
        losses: the losses whose gradient is taken; none for a forward pass alone.
        tapped: the values whose gradient the call returns.
        train: whether it returns the gradients of the parameters.
        faster: by id, what computes in place of a layer.

    Raises:
        SpecError: a name is not in the plan.
    """
    part = plan.restrict((*keep, *losses, *tapped))
    kept = {*keep, *losses}
    wanted = {name for name in tapped if name in part.inputs}
    reaching = _reaching(part, losses)
    operations = []
    for i, node in enumerate(part.nodes):
        sources = node.layer.inputs
        need_dx = any(source in wanted for source in sources)
        trained = {
            local: f"{node.id}.{local}" for local, param in node.params.items() if param.trained
        }
        if need_dx or (train and trained) or node.id in tapped:
            wanted.add(node.id)
        operations.append(
            Operation(
                id=node.id,
                layer=faster.get(node.id, node.layer),
                sources=sources,
                frees=_freed_by(part, i, node, kept),
                # A gradient that is tapped here and goes no further needs no backward.
                backward=node.id in reaching and (need_dx or (train and bool(trained))),
                need_dx=need_dx,
                trained=trained if train else {},
            )
        )
    return Program(part.inputs, tuple(operations), tuple(losses), frozenset(tapped))


def _reaching(plan: Plan, losses: Sequence[str]) -> set[str]:
    """The values that a loss depends on, the losses among them."""
    found = set(losses)
    for node in reversed(plan.nodes):
        if node.id in found:
            found.update(node.layer.inputs)
    return found


def _freed_by(plan: Plan, i: int, node: Node, kept: Collection[str]) -> tuple[str, ...]:
    last = plan.last_use
    done = [name for name in dict.fromkeys(node.layer.inputs) if last[name] == i]
    if last[node.id] < 0:
        done.append(node.id)
    return tuple(name for name in done if name not in kept)
