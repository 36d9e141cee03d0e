"""``graphspec gradcheck``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from graphspec.api import Checkpoint
from graphspec.cli.failure import FAILED
from graphspec.cli.files import read_spec
from graphspec.cli.opening import Opened, names_data, open_network, random_feeds
from graphspec.cli.output import out, print_json, say
from graphspec.cli.pictures import Outputs
from graphspec.cli.waiting import waiting
from graphspec.engines.base import Executable, Feeds, Step
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import DataError
from graphspec.inspect.gradient_check import (
    STEP,
    GradientReport,
    ParamCheck,
    StepSweep,
    check_gradients,
    sweep_steps,
    worst,
)
from graphspec.inspect.landscape import loss_here
from graphspec.inspect.pictures.sheet import as_json
from graphspec.inspect.pictures.step_sweep import SweepPicture
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.rules.base import UpdateRule

_STYLES = {
    "good": "bold green",
    "ok": "green",
    "high": "yellow",
    "suspicious": "bold yellow",
    "wrong": "bold red",
}
_MEANS = {
    "good": "the gradients agree",
    "ok": "usually fine for a loss with kinks",
    "high": "too far apart for a loss without kinks",
    "suspicious": "far apart: look at the layers of these parameters",
    "wrong": "the gradient is probably wrong",
}


def gradcheck(
    name: str,
    *,
    data: str | None = None,
    h: float = STEP,
    samples: int = 5,
    few: Annotated[int, Parameter(name="--examples")] = 2,
    noise: Literal["off", "fixed"] = "off",
    burn_in: int = 0,
    sweep: bool = False,
    checkpoint: Checkpoint = "best",
    seed: int = 0,
    output: Outputs = (),
    json: bool = False,
) -> int:
    """Compare a network's gradients with centred differences, in double precision.

    Some numbers of every parameter are checked, for the data loss and for the penalties apart.
    Differences that a crossed kink explains are counted, and are no fault. The exit code is 3 when
    a gradient is probably wrong.

    Parameters
    ----------
    name
        A network file or model, with its first weights; or a run, with its trained ones.
    data
        Another data set than the one that the settings name; without any, standard normal numbers
        and random labels are taken.
    h
        The step of the differences.
    samples
        How many numbers of each parameter, drawn at random.
    few
        On how many training examples: with each one there are more kinks to cross.
    noise
        "off" keeps all that dropout would drop; "fixed" drops the same on both sides.
    burn_in
        Train so many steps first: at the very beginning gradients can agree by chance.
    sweep
        Also try steps from 1e-3 to 1e-10, and draw the error over them.
    checkpoint
        Which weights of the run: "best", "latest", or the step of a checkpoint.
    seed
        Of the choice of numbers.
    output
        With --sweep, where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers
        (.json, .npz); by default gradcheck.svg. May be given several times.
    json
        Print the report as JSON.
    """
    if few < 1 or burn_in < 0:
        raise DataError(
            f"it takes at least 1 example and no negative burn-in, not {few}, {burn_in}"
        )
    executable, feeds, penalties, burned = _ready(name, data, few, burn_in, checkpoint, seed)
    training = noise == "fixed"
    found = None
    options: dict[str, Any] = {"samples": samples, "training": training, "seed": seed}
    with waiting("checking", json=json) as progress:
        report = check_gradients(
            executable, feeds, penalties=penalties, h=h, progress=progress, **options
        )
    if sweep:
        with waiting("trying steps", json=json) as progress:
            found = sweep_steps(executable, feeds, progress=progress, **options)
    if found is not None:
        _draw(found, executable.plan.spec.name, output, json)
    if json:
        print_json(_told(report, burned, found))
    else:
        _show(report, burned, found)
    return FAILED if report.verdict == "wrong" else 0


def _ready(
    name: str, data: str | None, few: int, burn_in: int, checkpoint: Checkpoint, seed: int
) -> tuple[Executable, Feeds, tuple[Penalty, ...], tuple[float, float] | None]:
    """The network, what it is fed, its penalties, and the losses around the burn-in."""
    if names_data(name, data):
        opened = open_network(name, data, checkpoint=checkpoint, dtype="float64")
        burned = _burn_in(opened, burn_in) if burn_in else None
        return opened.executable, opened.examples(few), opened.config.penalties, burned
    if burn_in:
        raise DataError("a burn-in takes data to train on: give --data, or set training.data")
    spec = read_spec(name)
    executable = NumpyEngine("float64").load(compile_graph(spec), seed=seed)
    penalties = spec.training.penalties if spec.training is not None else ()
    return executable, random_feeds(spec, few, seed), penalties, None


def _burn_in(opened: Opened, steps: int) -> tuple[float, float]:
    """Some steps as training makes them; the loss on the first examples before and after."""
    config, loader = opened.config, opened.data.loader(opened.config)
    rule = config.update
    if not isinstance(rule, UpdateRule):
        raise DataError(
            f"a burn-in takes steps on batches, and {rule.kind} works on all examples. Train the "
            "network for some steps, and check its run"
        )
    measured = opened.batches(config.batch)
    before = loss_here(opened.executable, measured, config.penalties).total
    for i in range(steps):
        step = Step(i, rule.rate, config.penalties, config.clip_norm, config.constraints)
        feeds = opened.data.feeds(loader.next_batch())
        opened.executable.train_step(feeds, rule, step)
    return before, loss_here(opened.executable, measured, config.penalties).total


def _draw(found: StepSweep, name: str, output: Outputs, json: bool) -> None:
    picture = SweepPicture(found, f"{name}: gradient check over the step")
    for file in output or (() if json else (Path("gradcheck.svg"),)):
        picture.save(file)
        if not json:
            say(f"wrote {file}")


def _told(
    report: GradientReport, burned: tuple[float, float] | None, found: StepSweep | None
) -> dict[str, Any]:
    told = report.to_json()
    told["burn_in"] = None if burned is None else {"before": burned[0], "after": burned[1]}
    told["sweep"] = (
        None
        if found is None
        else {"h": list(found.steps), "error": list(found.errors), "best": found.best}
    )
    result: dict[str, Any] = as_json(told)
    return result


def _show(
    report: GradientReport, burned: tuple[float, float] | None, found: StepSweep | None
) -> None:
    if burned is not None:
        say(f"burn-in: the loss went from {burned[0]:.6g} to {burned[1]:.6g}")
    for title, checks in (("data loss", report.data), ("penalties", report.penalty)):
        if checks:
            out.print(_table(title, checks))
    if report.kinked:
        say(f"layers with kinks: {', '.join(report.kinked)}")
    if found is not None:
        say(f"best step {found.best:.0e}, with an error of {min(found.errors):.1e}")
    verdict = report.verdict
    say(Text.assemble((verdict, _STYLES[verdict]), f": {_MEANS[verdict]}"))


def _table(title: str, checks: tuple[ParamCheck, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    total = worst(checks)
    table.add_column(title, "all")
    table.add_column("verdict", Text(total, style=_STYLES[total]))
    for column in ("worst error", "checked", "at kinks", "in rounding"):
        table.add_column(column, justify="right")
    for check in checks:
        error = f"{check.error:.1e}" if math.isfinite(check.error) else "not a number"
        counts = [check.count("kink"), check.count("rounding")]
        table.add_row(
            check.name,
            Text(check.verdict, style=_STYLES[check.verdict]),
            error,
            str(len(check.samples)),
            *(str(count or "") for count in counts),
        )
    return table
