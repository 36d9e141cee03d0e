"""What is wrong with a network or its training, check by check, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import numpy as np

from graphspec.engines.base import Engine
from graphspec.errors import NonFiniteError
from graphspec.inspect.by_heart import RATES, STEPS, learn_by_heart
from graphspec.inspect.finding import NAMED, Finding
from graphspec.inspect.probe import Probe
from graphspec.inspect.unit_checks import check_units
from graphspec.plan import Plan
from graphspec.recipe.config import TrainConfig
from graphspec.record import kind_of
from graphspec.train.evaluate import evaluate_batches
from graphspec.train.events import Failed
from graphspec.train.feeding import SplitName, TrainingData
from graphspec.train.history import History

FAR_FROM_CHANCE = 2.0
"""How many times the loss at chance the first loss may be, or the other way round.

The notes want "the loss you expect at chance" (Neural Networks 3, sanity checks); scores that have
a variance of 1 at first, as He's weights give them, raise ln 10 to 2.8.
"""
RATIO, RATIO_LOW, RATIO_HIGH = 1e-3, 1e-4, 1e-2
"""‖Δw‖/‖w‖: "somewhere around 1e-3" (Neural Networks 3), and ten times less and more."""
GAP = 0.1
"""The gap between training and validation accuracy that counts as overfitting (Neural Networks 3,
train/val accuracy, which gives no number)."""
GAP_OF_LOSSES = 2.0
"""The same without classes: the validation loss over the training loss."""
EXAMPLES = 1000
"""Examples over which activations, losses and accuracies are measured."""
# The share of the progress that all checks before the last one are given.
_BEFORE = 0.3
_UNTRAINED = "nothing has been trained: this is the network with its first weights"
CHECKS = (
    "first loss",
    "update ratio",
    "dead units",
    "saturation",
    "not a number",
    "train and validation",
    "twenty examples",
)
"""What is examined, in this order."""


def examine(
    probe: Probe,
    data: TrainingData,
    config: TrainConfig,
    engine: Engine,
    history: History | None = None,
    *,
    by_heart: bool = True,
    progress: Callable[[float], object] = lambda _: None,
) -> Iterator[Finding]:
    """Examine a run, or a network with its first weights; one finding for each of ``CHECKS``.

    Args:
        probe: the network with the weights to be looked at, which stay as they are.
        data: what it is trained on.
        config: the settings of its training.
        engine: loads copies with first weights.
        history: of the run; without it what needs a training cannot be told.
        by_heart: whether to try the last check, which takes by far the longest.
        progress: is called with the share that is done; what it raises ends the examination.

    Raises:
        EngineError, FeedError: the engine cannot run the network, or the data is not its own.

    Source: CS231n notes, Neural Networks 1 (dead and saturated units) and 3 (sanity checks, ratio
    of updates to weights, train/val accuracy).
    """
    progress(0.0)
    yield _first_loss(probe.plan, data, config, engine, history)
    progress(_BEFORE / 4)
    yield _updates(probe.plan, history)
    progress(_BEFORE / 3)
    yield from check_units(
        probe,
        data.parts["train"][0][:EXAMPLES],
        lambda share: progress(_BEFORE * (2 + share) / 6),
    )
    progress(_BEFORE / 2)
    yield _not_a_number(probe.plan, history)
    yield _gap(probe, data, history)
    progress(_BEFORE)
    if by_heart:
        yield _twenty(
            probe.plan,
            data,
            config,
            engine,
            lambda share: progress(_BEFORE + (1 - _BEFORE) * share),
        )
    else:
        yield Finding(
            "twenty examples", "unknown", "it was not tried", "Try it with a minute to spare."
        )
    progress(1.0)


# --- The first loss --------------------------------------------------------------------------


def _first_loss(
    plan: Plan, data: TrainingData, config: TrainConfig, engine: Engine, history: History | None
) -> Finding:
    chances = {
        name: chance
        for name in plan.losses
        if (chance := plan.by_id[name].layer.chance_loss(*plan.by_id[name].sources)) is not None
    }
    if not chances:
        names = ", ".join(plan.losses) or "a network without a loss"
        return Finding(
            "first loss",
            "unknown",
            f"the loss at chance depends on the data, for {names}",
            "Compare the first loss with that of always answering the mean of the targets.",
            plan.losses,
        )
    first = _logged_losses(plan, history) or _measured_losses(plan, data, config, engine)
    told, far = [], {}
    for name, chance in chances.items():
        loss = first[name]
        told.append(f"{name}: first loss {loss:.4g}, at chance {_chance(chance)}")
        if not chance / FAR_FROM_CHANCE <= loss <= chance * FAR_FROM_CHANCE:
            far[name] = loss > chance
            told[-1] += f": {loss / chance:.3g} times as large"
    if not far:
        return Finding("first loss", "good", "; ".join(told), layers=tuple(chances))
    if all(far.values()):
        advice = (
            "The first scores are too large: scale or centre the data, or start with smaller "
            "weights, so that the network begins by knowing nothing."
        )
    else:
        advice = (
            "It knows more than chance before it has learnt: look whether the answer is among the "
            "inputs, or nearly all examples have one class."
        )
    return Finding("first loss", "bad", "; ".join(told), advice, tuple(far))


def _logged_losses(plan: Plan, history: History | None) -> dict[str, float]:
    """The data losses of a run's first step, where it was logged."""
    found: dict[str, float] = {}
    if history is None:
        return found
    for name in plan.losses:
        curve = history.series.get(f"train/loss.{name}")
        if curve is None and len(plan.losses) == 1:
            curve = history.series.get("train/loss")
        if curve is None or curve.steps[0] != 1:
            return {}
        found[name] = float(curve.values[0])
    return found


def _measured_losses(
    plan: Plan, data: TrainingData, config: TrainConfig, engine: Engine
) -> Mapping[str, float]:
    """The same of the first weights, on examples as training takes them."""
    executable = engine.load(plan, seed=config.seed)
    feeds = next(data.batches("train"))
    values = executable.run(feeds, outputs=plan.losses, training=True).values
    return {name: float(value.mean(dtype=np.float64)) for name, value in values.items()}


def _chance(loss: float) -> str:
    classes = math.exp(loss) if loss < 20 else 0.0
    whole = round(classes)
    if whole > 1 and abs(classes - whole) < 1e-6 * whole:
        return f"ln {whole:,} = {loss:.4g}"
    return f"{loss:.4g}"


# --- Updates ---------------------------------------------------------------------------------


def _updates(plan: Plan, history: History | None) -> Finding:
    if history is None:
        return Finding("update ratio", "unknown", _UNTRAINED, "Train it for an epoch.")
    high, low, told = {}, {}, {}
    for name, param in plan.params.items():
        curve = history.series.get(f"update_ratio/{name}")
        # Biases begin at zero, so that theirs is large however good the rate is.
        if curve is None or not param.decay:
            continue
        told[name] = middle = float(np.median(curve.values))
        # At the end of a training updates are small with good reason.
        if middle > RATIO_HIGH:
            high[name] = middle
        elif curve.values.max() < RATIO_LOW:
            low[name] = middle
    if not told:
        return Finding(
            "update ratio",
            "unknown",
            "no evaluation has noted ‖Δw‖/‖w‖ yet",
            "Hold examples out with split.validation, and train until they are evaluated.",
        )
    bad = high or low
    shown = sorted(bad or told, key=lambda name: -abs(math.log10((told[name] or 1e-30) / RATIO)))
    words = [
        f"{name} {told[name]:.2g} ({told[name] / RATIO:.2g} times {RATIO:g})"
        for name in shown[:NAMED]
    ]
    more = f", and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    measured = f"‖Δw‖/‖w‖ of an update, the median: {', '.join(words)}{more}"
    if not bad:
        return Finding("update ratio", "good", measured, params=tuple(told))
    advice = (
        f"The learning rate is too high: each update throws more than {RATIO_HIGH:.0%} of the "
        "weights about. Take a tenth of it."
        if high
        else f"The learning rate is too low, or no gradient arrives: no update moved more than "
        f"{RATIO_LOW:.2%} of the weights. Take ten times the rate, and look at the gradients."
    )
    layers = tuple(dict.fromkeys(name.rpartition(".")[0] for name in bad))
    return Finding("update ratio", "bad", measured, advice, layers, tuple(bad))


# --- Not a number ----------------------------------------------------------------------------


def _not_a_number(plan: Plan, history: History | None) -> Finding:
    if history is None:
        return Finding("not a number", "unknown", _UNTRAINED, "Train it for an epoch.")
    ended = history.ended
    losses = history.series.get("train/loss")
    if not isinstance(ended, Failed):
        steps = 0 if history.last is None else history.last.step
        return Finding("not a number", "good", f"neither NaN nor infinity in {steps:,} steps")
    if ended.node is None:
        return Finding(
            "not a number",
            "unknown",
            f"the training ended with another error: {ended.message}",
            "Mend that first, and go on with the run.",
        )
    layer = plan.by_id.get(ended.node)
    kind = "" if layer is None else f", a {kind_of(layer.layer)}"
    measured = (
        f"step {ended.step:,}: the {ended.what} of {ended.node}{kind}, is the first that is not "
        "finite"
    )
    grew = False
    if losses is not None and len(losses):
        before = [float(value) for value in losses.values[-NAMED:]]
        grew = before[-1] > FAR_FROM_CHANCE * float(losses.values[0])
        measured += f"; the losses before: {', '.join(f'{loss:.3g}' for loss in before)}"
    advice = (
        "The loss grew before it broke: take a tenth of the learning rate, or set clip_norm."
        if grew
        else "The loss did not grow before: look at what this layer reads (a log or a division of "
        "zero, an exp of large numbers, data that is not scaled); else take a tenth of the rate."
    )
    return Finding("not a number", "bad", measured, advice, (ended.node,))


# --- Generalising ----------------------------------------------------------------------------


def _gap(probe: Probe, data: TrainingData, history: History | None) -> Finding:
    check = "train and validation"
    if history is None:
        return Finding(check, "unknown", _UNTRAINED, "Train it for an epoch.")
    if not any(snapshot.what == "checkpoint" for snapshot in history.snapshots):
        return Finding(
            check, "unknown", "the run has saved no checkpoint", "Let it come to its first one."
        )
    if "validation" not in data.parts:
        return Finding(
            check,
            "unknown",
            "no examples are held out",
            "Set split.validation: without it nobody knows whether it has learnt or memorised.",
        )
    splits: tuple[SplitName, ...] = ("train", "validation")
    batches = -(-EXAMPLES // data.batch)
    try:
        train, held = (
            evaluate_batches(probe.executable, islice(data.batches(split), batches))
            for split in splits
        )
    except NonFiniteError as error:
        advice = "Take an earlier checkpoint, and a tenth of the rate."
        return Finding(check, "bad", str(error), advice, (error.node,))
    if train.accuracy is not None and held.accuracy is not None:
        gap = train.accuracy - held.accuracy
        measured = (
            f"accuracy {train.accuracy:.1%} of {train.examples:,} training and "
            f"{held.accuracy:.1%} of {held.examples:,} validation examples: a gap of "
            f"{100 * gap:.1f} points (bad from {100 * GAP:.0f})"
        )
        bad = gap > GAP
    else:
        measured = (
            f"loss {train.loss:.4g} on training and {held.loss:.4g} on validation examples "
            f"(bad from {GAP_OF_LOSSES:g} times as large)"
        )
        bad = held.loss > GAP_OF_LOSSES * abs(train.loss)
    if not bad:
        return Finding(check, "good", measured)
    advice = "It overfits: stronger l2, more dropout, augmentation, or more data."
    return Finding(check, "bad", measured, advice)


# --- Twenty examples -------------------------------------------------------------------------


def _twenty(
    plan: Plan,
    data: TrainingData,
    config: TrainConfig,
    engine: Engine,
    progress: Callable[[float], object],
) -> Finding:
    check = "twenty examples"
    if not plan.losses:
        return Finding(check, "unknown", "the network has no loss to be trained by", "Add one.")
    found = learn_by_heart(plan.spec, data, config, engine, progress)
    advice = (
        "What cannot learn twenty examples by heart learns no more of them: look for a layer that "
        "loses the answer, weights that all start alike, labels that do not belong to their "
        "examples, and check the gradients."
    )
    if found is None:
        return Finding(check, "bad", "the loss was never finite", advice)
    if found.first <= 0:
        why = f"the loss began at {found.first:.4g}: it has no zero to come near to"
        return Finding(check, "unknown", why)
    right = "" if found.accuracy is None else f", {found.accuracy:.0%} right"
    told = f"loss {found.first:.4g} → {found.loss:.3g}{right}"
    if found.learnt:
        how = f"Adam with a rate of {found.rate:g}: {told} after {found.steps} steps"
        return Finding(check, "good", f"{found.examples} examples, {how}")
    rates = ", ".join(f"{rate:g}" for rate in RATES)
    how = f"{STEPS} steps of Adam with each of the rates {rates}: at best {told}"
    return Finding(check, "bad", f"{found.examples} examples, {how}", advice)
