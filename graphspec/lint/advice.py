"""All rules, and the call that asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from graphspec.check import analyse
from graphspec.check.analysis import FIXED_AT_ONCE
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.lint import neurons, settings, windows
from graphspec.lint.scene import Scene
from graphspec.spelling import did_you_mean

Rule = Callable[[Scene], Iterator[Problem]]

RULES: dict[Rule, tuple[str, ...]] = {
    neurons.squashing: ("hidden-sigmoid", "hidden-tanh"),
    neurons.scores: ("activation-before-loss", "activation-twice"),
    neurons.collapsing: ("no-activation",),
    neurons.starts: ("same-start",),
    neurons.biases: ("bias-before-norm",),
    neurons.regression: ("prefer-bins", "dropout-before-l2"),
    neurons.margins: ("margin",),
    neurons.naming: ("layer-count",),
    windows.sides: ("sizes-do-not-halve",),
    windows.convolutions: ("even-kernel", "large-kernel", "strided-convolution"),
    windows.borders: ("padding-lost", "padding-grows"),
    windows.pools: ("lossy-pool",),
    settings.raw_pixels: ("raw-pixels",),
    settings.unregularised: ("no-regularisation",),
    settings.high_rate: ("high-rate",),
    settings.judging: ("no-validation", "not-shuffled"),
}
"""Each rule with the codes of its advice."""
CODES: tuple[str, ...] = tuple(code for codes in RULES.values() for code in codes)


def find_advice(spec: GraphSpec, *, silence: Iterable[str] = ()) -> tuple[Problem, ...]:
    """What the CS231n notes would do otherwise; a network without it may well be right.

    Every piece is a ``Problem`` of severity "advice": it has a code, the reason with the section
    of the notes, a place, and a fix where an edit would follow it.

    Args:
        spec: the graph.
        silence: codes that are not wanted.

    Raises:
        SpecError: the graph has errors (it carries them), or a code is unknown.
    """
    silent = set(silence)
    for code in sorted(silent.difference(CODES)):
        hint = did_you_mean(code, CODES) or f". There are {', '.join(CODES)}"
        raise SpecError([Problem("unknown-advice", f"no advice has the code {code!r}{hint}")])
    scene = Scene.of(spec)
    found = [
        problem
        for rule, codes in RULES.items()
        if not silent.issuperset(codes)
        for problem in rule(scene)
        if problem.code not in silent
    ]
    found.sort(key=_place)
    return tuple(
        problem if i < FIXED_AT_ONCE and _all_work(spec, problem) else replace(problem, fixes=())
        for i, problem in enumerate(found)
    )


def _all_work(spec: GraphSpec, problem: Problem) -> bool:
    """Whether no fix brings an error."""
    try:
        return not any(analyse(fix.apply(spec)).errors for fix in problem.fixes)
    except SpecError:
        return False


def _place(problem: Problem) -> tuple[str, int]:
    section, *rest = problem.path
    return str(section), rest[0] if rest and isinstance(rest[0], int) else 0
