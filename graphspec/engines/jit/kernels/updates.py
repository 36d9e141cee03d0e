"""How a gradient changes a weight: the update rules, each with one pass over its memory.

    w, slots ← rule(keep·w, clip·dw, slots)        e.g. momentum: v ← μ·v − rate·g,  w ← w + v

``keep`` is for decay apart from the gradient (1 where there is none), ``clip`` for gradients that
are too long. The formula of each rule stands with it in ``graphspec/recipe/rules``.

Memory: the weight w, its gradient dw, and the rule's slots lie in arrays of the same shape, each in
one piece; a chunk is ``CHUNK`` numbers of each::

    w      ├──── chunk 0 ────┼──── chunk 1 ────┼── … ──┤       read and written
    dw     ├──── chunk 0 ────┼──── chunk 1 ────┼── … ──┤       read
    slots  ├──── chunk 0 ────┼──── chunk 1 ────┼── … ──┤       read and written, each of them

Args: w, dw, the slots, n, clip, keep, and the rule's own numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphspec.engines.jit.builder import Kernel, Value, fma, select, sqrt

CHUNK = 8192

Change = Callable[..., tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's kernel.

    ``change(w, g, slots, numbers)`` gives the new weight and the new slots; ``own`` gives the
    numbers of a step from the rule, the rate and the number of the step.
    """

    slots: tuple[str, ...]
    count: int
    change: Change
    own: Callable[[Any, float, int], tuple[float, ...]]

    def numbers(
        self, rule: Any, rate: float, step: int, clip: float, decays: bool
    ) -> tuple[float, ...]:
        """All numbers of a step, in the order of the arguments."""
        decay = getattr(rule, "weight_decay", 0.0) if decays else 0.0
        return (clip, 1 - rate * decay, *self.own(rule, rate, step))

    @property
    def arguments(self) -> int:
        """How many numbers there are."""
        return 2 + self.count


Values = list[Value]


def _sgd(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (rate,) = numbers
    return (w - g * rate,)


def _momentum(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (v,), (rate, mu) = slots, numbers
    v = v * mu - g * rate
    return w + v, v


def _nesterov(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (v,), (rate, mu) = slots, numbers
    step = g * rate
    v = v * mu - step
    return w - step + v * mu, v


def _adagrad(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (cache,), (rate, eps) = slots, numbers
    cache = fma(g, g, cache)
    return w - g * rate / (sqrt(cache) + eps), cache


def _rmsprop(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (cache,), (rate, decay, rest, eps) = slots, numbers
    cache = cache * decay + g * g * rest
    return w - g * rate / (sqrt(cache) + eps), cache


def _adadelta(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (v, u), (rate, rho, rest, eps) = slots, numbers
    v = v * rho + g * g * rest
    change = g / sqrt(v + eps) * sqrt(u + eps)
    return w - change * rate, v, u * rho + change * change * rest


def _adam(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (m, v), (beta1, rest1, beta2, rest2, eps, share, root) = slots, numbers
    v = v * beta2 + g * g * rest2
    m = m * beta1 + g * rest1
    # ``share`` is rate/(1 − β₁ᵗ), ``root`` 1/√(1 − β₂ᵗ).
    return w - m / (sqrt(v) * root + eps) * share, m, v


def _lion(w: Value, g: Value, slots: Values, numbers: Values) -> tuple[Value, ...]:
    (m,), (rate, beta1, rest1, beta2, rest2) = slots, numbers
    mean = m * beta1 + g * rest1
    sign = select(mean > 0.0, rate, select(mean < 0.0, -rate, 0.0))
    return w - sign, m * beta2 + g * rest2


def _numbers_of_adam(rule: Any, rate: float, step: int) -> tuple[float, ...]:
    first = second = 1.0
    if rule.bias_correction:
        first, second = 1 - rule.beta1 ** (step + 1), 1 - rule.beta2 ** (step + 1)
    means = (rule.beta1, 1 - rule.beta1, rule.beta2, 1 - rule.beta2)
    return (*means, rule.eps, rate / first, second**-0.5)


def _fields(*names: str) -> Callable[[Any, float, int], tuple[float, ...]]:
    """The rate and fields of the rule; ``1-name`` gives what a share leaves."""
    return partial(_read, names)


def _read(names: tuple[str, ...], rule: Any, rate: float, step: int) -> tuple[float, ...]:
    numbers = [rate]
    for name in names:
        value = float(getattr(rule, name.removeprefix("1-")))
        numbers.append(1 - value if name.startswith("1-") else value)
    return tuple(numbers)


_ADAM = Rule(("m", "v"), 7, _adam, _numbers_of_adam)
UPDATES: dict[str, Rule] = {
    "sgd": Rule((), 1, _sgd, _fields()),
    "momentum": Rule(("velocity",), 2, _momentum, _fields("momentum")),
    "nesterov": Rule(("velocity",), 2, _nesterov, _fields("momentum")),
    "adagrad": Rule(("cache",), 2, _adagrad, _fields("eps")),
    "rmsprop": Rule(("cache",), 4, _rmsprop, _fields("decay", "1-decay", "eps")),
    "adadelta": Rule(("v", "u"), 4, _adadelta, _fields("rho", "1-rho", "eps")),
    "adam": _ADAM,
    "adamw": _ADAM,
    "lion": Rule(("m",), 5, _lion, _fields("beta1", "1-beta1", "beta2", "1-beta2")),
}
"""By kind of rule."""


def emit(kind: str, k: Kernel) -> None:
    """The kernel of a rule."""
    rule = UPDATES[kind]
    w, dw = k.pointer(), k.pointer()
    memory = [k.pointer() for _ in rule.slots]
    n, clip, keep = k.size(), k.scalar().spread(), k.scalar().spread()
    numbers = [k.scalar().spread() for _ in range(rule.count)]
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n), 2):
            slots = [slot.load(i, lanes) for slot in memory]
            new, *kept = rule.change(
                w.load(i, lanes) * keep, dw.load(i, lanes) * clip, slots, numbers
            )
            w.store(new, i, lanes)
            for slot, value in zip(memory, kept, strict=True):
                slot.store(value, i, lanes)
