"""Make docs/lint.md: every piece of advice, with an example and its fix.

The examples are the documents of tests/corpus/lint, one a code; what is printed below each is
what the lint says of it today.
"""

from __future__ import annotations

from pathlib import Path

from graphspec import document
from graphspec.lint import find_advice

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "corpus" / "lint"

SECTIONS: dict[str, tuple[str, ...]] = {
    "Activations and scores": (
        "hidden-sigmoid", "hidden-tanh", "no-activation", "activation-before-loss",
        "activation-twice",
    ),
    "Starts and biases": ("same-start", "bias-before-norm"),
    "Losses": ("prefer-bins", "dropout-before-l2", "margin"),
    "Sizes of convolutional networks": (
        "sizes-do-not-halve", "even-kernel", "large-kernel", "strided-convolution",
        "padding-lost", "padding-grows", "lossy-pool",
    ),
    "Training": ("raw-pixels", "no-regularisation", "high-rate", "no-validation", "not-shuffled"),
    "Names": ("layer-count",),
}  # fmt: skip

HEAD = """# Advice

`graphspec lint FILE` and `graphspec.lint.find_advice(spec)` say what the course notes would do
otherwise on a network that can be run, and why. Advice is never an error, and a network without
any may well be right: VGG, ResNet and LeNet get none, AlexNet gets some. Each piece has a code
that keeps its meaning between versions; `--silence CODE,CODE` (in Python `silence=`) leaves
codes out. Where an edit would follow the advice it is offered as a fix: `fix.apply(spec)`.

What keeps a network from being run is told by the [check](checks.md).
"""


def page() -> str:
    """The text of docs/lint.md."""
    parts = [HEAD]
    for title, codes in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(code) for code in codes]
    return "".join(parts)


def _entry(code: str) -> str:
    path = EXAMPLES / f"{code}.json"
    text = path.read_text(encoding="utf-8").rstrip()
    parts = [f"\n### {code}\n\n```{{code-block}} json\n{text}\n```\n"]
    for problem in find_advice(document.load(path)):
        parts.append(f"\n```text\n{problem}\n```\n")
        parts += [f"\nFix: {fix.label}\n" for fix in problem.fixes]
    return "".join(parts)
