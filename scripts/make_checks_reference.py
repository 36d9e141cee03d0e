"""Make docs/checks.md: every problem that a check can find, with an example and its fixes.

The examples are the documents of tests/corpus/checks, one a code; what is printed below each is
what the check says of it today.
"""

from __future__ import annotations

from pathlib import Path

from graphspec import document
from graphspec.check import find_problems
from graphspec.errors import Problem

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "corpus" / "checks"
BUDGET = 8 * 10**9

SECTIONS: dict[str, tuple[str, ...]] = {
    "Wiring": (
        "duplicate-id", "unknown-input", "missing-input", "extra-input", "cycle",
    ),
    "Outputs, losses and use": (
        "no-layers", "no-outputs", "unknown-output", "duplicate-output", "loss-as-output",
        "unused-layer", "unused-input", "no-loss",
    ),
    "Shapes": (
        "float-expected", "label-expected", "one-label-expected", "window-too-large",
        "window-remainder", "rank", "groups", "shapes-differ", "concat-extent", "axis",
        "reshape-size", "scores-per-class", "scores-per-label", "two-classes", "class-weights",
        "one-value", "out-of-range",
    ),
    "Sizes": ("too-much-memory", "hessian-too-large"),
    "Training": (
        "data-shape", "data-classes", "no-example-input", "too-many-answers", "images-expected",
        "whole-labels", "no-accuracy",
        "nothing-to-train", "warm-up-too-long", "decayed-twice", "unknown-layer",
        "full-batch-only", "steady-loss-only", "not-with-this-rule",
    ),
}  # fmt: skip

HEAD = """# What a check finds

`graphspec check FILE` and `graphspec.find_problems(spec)` list every problem of a document at
once. Each has a code that keeps its meaning between versions, a path into the document, the
arithmetic where there is any, and, where an edit would help, fixes: `fix.apply(spec)` gives a new
spec without that problem. `graphspec check --fix` applies them.

An **error** keeps a graph from being compiled; a **warning** is shown and blocks nothing. What is
wrong with the JSON itself is told in [the document](document.md). A layer whose inputs are wrong
has no shape, and the layers behind it are not told of again.

Memory is compared with 80 % of the machine's; here with 8 GB.
"""


def page() -> str:
    """The text of docs/checks.md."""
    parts = [HEAD]
    for title, codes in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(code) for code in codes]
    return "".join(parts)


def _entry(code: str) -> str:
    path = EXAMPLES / f"{code}.json"
    spec = document.load(path)
    problems = [item for item in find_problems(spec, budget=BUDGET) if item.code == code]
    said = "\n\n".join(_said(problem) for problem in problems)
    text = path.read_text(encoding="utf-8").rstrip()
    kind = problems[0].severity.capitalize()
    return f"\n### {code}\n\n{kind}.\n\n```{{code-block}} json\n{text}\n```\n\n{said}\n"


def _said(problem: Problem) -> str:
    lines = [f"```text\n{problem}\n```"]
    if problem.fixes:
        lines += ["", "Fixes:", ""]
        lines += [f"- {fix.label}" for fix in problem.fixes]
    return "\n".join(lines)
