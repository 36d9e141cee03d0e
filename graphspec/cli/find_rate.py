"""``graphspec find-rate``."""

from __future__ import annotations

from rich.table import Table

from graphspec.cli.engine import EngineOptions
from graphspec.cli.opening import open_network
from graphspec.cli.output import ACCENT, out, say
from graphspec.cli.pictures import Examples, Outputs, give
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import DataError, OptionError
from graphspec.inspect.learning_rate import RateCurve, find_rate_range, losses_after_one_step
from graphspec.inspect.pictures.rates import RatePicture
from graphspec.train.evaluate import evaluate_batches

# A table of more would be read by nobody; the file has them all.
_ROWS = 15


def find_rate(
    name: str,
    *,
    data: str | None = None,
    one_step: bool = False,
    low: float | None = None,
    high: float = 10.0,
    steps: int = 100,
    examples: Examples = 500,
    output: Outputs = (),
    choice: EngineOptions = AS_BEFORE,
    json: bool = False,
) -> None:
    """Try learning rates, and draw the loss over them.

    The rate rises by the same factor with every batch, from --low to --high, and the running mean
    of the training loss is drawn (Smith 2015). A tenth of the rate with the lowest loss is a good
    peak for one_cycle and cyclic. Nothing is written but the picture.

    Parameters
    ----------
    name
        A network file or model; or a run, with its trained weights.
    data
        Another data set than the one that the settings name.
    one_step
        Make one plain step from the same weights with each rate instead, ten times larger each
        time (CS231n notes, Optimization 1, effect of step size).
    low
        The first rate; by default 1e-6, or 1e-10 with --one-step.
    high
        The last rate.
    steps
        How many batches are taken.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default rates.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    first = low if low is not None else 1e-10 if one_step else 1e-6
    if not 0 < first < high or steps < 2 or examples < 1:
        raise OptionError(
            f"the rate cannot rise from {first:g} to {high:g} in {steps} steps on {examples} "
            "examples: give 0 < low < high, at least 2 steps and an example"
        )
    opened = open_network(name, data, choice=choice)
    start = None
    if one_step:
        feeds = opened.examples(examples)
        start = evaluate_batches(opened.executable, [feeds]).loss
        curve = losses_after_one_step(opened.executable, feeds, _powers(first, high))
        title = f"{opened.name}: loss after one step"
    else:
        try:
            curve = find_rate_range(
                opened.executable, opened.data, opened.config, low=first, high=high, steps=steps
            )
        except ValueError as error:
            raise DataError(str(error)) from error
        title = f"{opened.name}: loss while the learning rate rises"
    picture = RatePicture(curve, title, start, dots=one_step)
    give(picture, output, "rates.svg", json=json)
    if json:
        return
    out.print(_table(curve))
    if start is not None:
        say(f"before the step: {start:.6g}; lowest with a rate of {curve.lowest:.3g}")
    elif curve.lowest == curve.rates[-1]:
        say(f"the loss still falls at {curve.lowest:.3g}: give a larger --high, or more --steps")
    else:
        say(f"lowest at {curve.lowest:.3g}; a tenth of it, {curve.lowest / 10:.2g}, is a safe peak")


def _powers(low: float, high: float) -> tuple[float, ...]:
    """Tenfold rates from ``low`` on, up to ``high``."""
    rates = [low]
    while rates[-1] * 10 <= high * (1 + 1e-9):
        rates.append(float(f"{rates[-1] * 10:.12g}"))
    return tuple(rates)


def _table(curve: RateCurve) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("learning rate", justify="right")
    table.add_column("loss", justify="right")
    every = max(1, -(-len(curve.rates) // _ROWS))
    for i, (rate, loss) in enumerate(zip(curve.rates, curve.losses, strict=True)):
        if i % every == 0 or rate == curve.lowest:
            style = ACCENT if rate == curve.lowest else ""
            table.add_row(f"{rate:.2e}", f"{loss:.6g}", style=style)
    return table
