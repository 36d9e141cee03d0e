"""``graphspec lint``."""

from __future__ import annotations

from graphspec.cli.files import read_spec
from graphspec.cli.output import out, print_json, problem_text, say
from graphspec.lint import depth, find_advice


def lint(file: str, *, silence: str = "", json: bool = False) -> None:
    """Advice on a network that can be run: what the course notes would do otherwise, and why.

    Advice is never an error, and a network without any may well be right.

    Parameters
    ----------
    file
        A network file, or the name of a shipped model.
    silence
        Codes of advice that is not wanted, with commas.
    json
        Print JSON.
    """
    spec = read_spec(file)
    silent = [word.strip() for word in silence.split(",") if word.strip()]
    advice = find_advice(spec, silence=silent)
    layers = depth(spec)
    if json:
        print_json({"layers": layers, "advice": [problem.to_json() for problem in advice]})
        return
    for problem in advice:
        out.print(problem_text(problem))
    count = "no advice" if not advice else f"{len(advice)} pieces of advice"
    if len(advice) == 1:
        count = "1 piece of advice"
    say(f"{spec.name} ({layers}-layer, the input not counted): {count}")
