"""What can be changed while a training runs besides the rate: penalties, and what is dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphspec import edit
from graphspec.engines.base import Executable
from graphspec.graph import GraphSpec
from graphspec.layers.drop_connect_linear import DropConnectLinear
from graphspec.layers.dropout import Dropout
from graphspec.plan import Plan, compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.penalties.elastic_net import ElasticNet
from graphspec.recipe.rules.base import UpdateRule
from graphspec.spelling import did_you_mean
from graphspec.train.agreement import number_repeats
from graphspec.train.control import SetDrop, SetPenalty

Load = Callable[[Plan], Executable]


def strengths_of(config: TrainConfig) -> dict[str, float]:
    """The strength of every penalty by the name that ``SetPenalty`` gives it."""
    found: dict[str, float] = {}
    for name, penalty in zip(_names(config), config.penalties, strict=True):
        for knob, field in _fields(name, penalty).items():
            found[knob] = getattr(penalty, field)
    return found


def with_strengths(config: TrainConfig, strengths: Mapping[str, float]) -> tuple[Penalty, ...]:
    """The penalties of some settings with other strengths."""
    changed: list[Penalty] = []
    for name, penalty in zip(_names(config), config.penalties, strict=True):
        update = {
            field: strengths[knob]
            for knob, field in _fields(name, penalty).items()
            if knob in strengths
        }
        changed.append(penalty.model_copy(update=update))
    return tuple(changed)


def drops_of(spec: GraphSpec) -> dict[str, float]:
    """What every layer drops whose share can be changed while training, by its id.

    Dropout that is not inverted is none of them: its evaluation depends on the share, and a
    network that is read from the run would be evaluated by the first one.
    """
    return {
        layer.id: layer.drop
        for layer in spec.layers
        if isinstance(layer, DropConnectLinear) or (isinstance(layer, Dropout) and layer.inverted)
    }


def with_drops(
    executable: Executable, drops: Mapping[str, float], config: TrainConfig, load: Load
) -> Executable:
    """The same network in the same state, whose layers drop other shares."""
    spec = executable.plan.spec
    for layer, drop in drops.items():
        spec = edit.set_field(spec, layer, "drop", drop)
    other = load(compile_graph(spec, init=config.init))
    other.restore(executable.state())
    return other


def why_not(
    command: SetPenalty | SetDrop, spec: GraphSpec, config: TrainConfig, load: Load | None
) -> str:
    """Why a change cannot be made; empty where it can."""
    if isinstance(command, SetPenalty):
        known = strengths_of(config)
        if command.name in known:
            return ""
        there = ", ".join(known) or "none"
        return f"the training has no penalty {command.name!r}; there are: {there}"
    known = drops_of(spec)
    if command.layer not in known:
        return (
            f"{command.layer!r} is no layer with inverted dropout"
            f"{did_you_mean(command.layer, list(known))}"
        )
    if not isinstance(config.update, UpdateRule) and command.drop > 0:
        return f"{config.update.kind} needs a loss that does not change by itself"
    return "" if load is not None else "this training cannot load its network anew"


def _names(config: TrainConfig) -> list[str]:
    return number_repeats([penalty.kind for penalty in config.penalties])


def _fields(name: str, penalty: Penalty) -> dict[str, str]:
    if isinstance(penalty, ElasticNet):
        return {f"{name}.l1": "l1", f"{name}.l2": "l2"}
    return {name: "strength"}
