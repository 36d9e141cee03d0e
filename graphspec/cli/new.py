"""``graphspec new``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from graphspec import document, zoo
from graphspec.classic.bias_trick import use_bias_trick
from graphspec.cli.failure import UNREADABLE
from graphspec.cli.output import err, out, say
from graphspec.engines.checking import find_problems
from graphspec.errors import Problem, SpecError
from graphspec.layers.linear import Linear
from graphspec.pattern import expand
from graphspec.summary import summarise


def new(
    pattern: str | None = None,
    *,
    template: str | None = None,
    list_templates: Annotated[bool, Parameter(name="--list", negative="")] = False,
    input: Annotated[str, Parameter(name="--input")] = "3,32,32",
    classes: int = 10,
    bias_trick: bool = False,
    name: str | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    force: bool = False,
) -> int:
    """Write a network file from a pattern of the course notes, or from a model that ships.

    Example: graphspec new "INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*1 -> FC"
    --input 3,32,32 --classes 10 -o net.json

    Example: graphspec new --template regularised_net -o net.json

    Parameters
    ----------
    pattern
        Layers joined by arrows; [ … ]*N repeats.
    template
        The model to start from, with its training block, in place of a pattern.
    list_templates
        Show the models that there are, and write nothing.
    input
        The input's shape, channels first: 3,32,32 or 784.
    classes
        How many classes the scores have.
    bias_trick
        Give every linear layer its biases as one more row of its weights, for an input of 1.
    name
        The network's name; by default the file's.
    output
        The file to write; without it the document goes to standard output.
    force
        Write over an existing file.
    """
    if list_templates:
        for model in zoo.names():
            say(f"{model:<18}{zoo.about(model)}")
        return 0
    title = name or (output.stem if output else "untitled")
    if (pattern is None) == (template is None):
        problem = Problem(
            "pattern-or-template",
            "give a pattern such as 'INPUT -> FC', or --template and a model's name (--list shows "
            "them); one of the two",
        )
        raise SpecError([problem])
    if template is not None:
        spec = zoo.load(template).model_copy(update={"name": title})
    else:
        spec = expand(pattern or "", _shape(input), classes, name=title)
    for layer in spec.layers if bias_trick else ():
        if isinstance(layer, Linear) and layer.bias:
            spec = use_bias_trick(spec, layer.id)
    errors = [problem for problem in find_problems(spec) if problem.is_error]
    if errors:
        raise SpecError(errors)
    if output is None:
        out.file.write(document.dumps(spec))
        return 0
    if output.exists() and not force:
        err.print(f"{output} exists. Take another name, or pass --force to write over it.")
        return UNREADABLE
    document.save(spec, output)
    total = summarise(spec)
    say(f"Wrote {output}: {len(spec.layers)} layers, {total.params:,} parameters.")
    say(f"Next: graphspec summary {output}")
    return 0


def _shape(text: str) -> tuple[int, ...]:
    """Read ``3,32,32``.

    Raises:
        SpecError: it is no list of whole numbers (code ``bad-shape``).
    """
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise SpecError(
            [Problem("bad-shape", f"--input takes whole numbers such as 3,32,32; got {text!r}")]
        )
    return tuple(int(part) for part in parts)
