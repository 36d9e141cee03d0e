"""``graphspec explain``."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from graphspec.cli.files import read_spec
from graphspec.cli.output import ACCENT, out, print_json, say
from graphspec.engines.choosing import Accuracy, threads_here, why_not_jit
from graphspec.errors import EngineError, OptionError
from graphspec.plan import compile_graph
from graphspec.quantities import si, size
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.base import UpdateRule

_SIDE_BY_SIDE = 140
"""Columns of a terminal from which names and reasons stand beside each other."""


def explain(
    file: str,
    *,
    batch: int | None = None,
    threads: int | None = None,
    accuracy: Accuracy = "fast",
    evaluation: bool = False,
    profile: bool = False,
    json: bool = False,
) -> None:
    """Show what the fast engine makes of a network: every operation, in the order it is run.

    Parameters
    ----------
    file
        A network file, or the name of a shipped model.
    batch
        How many examples a step has; by default what the file says.
    threads
        How many threads there are; by default all cores.
    accuracy
        "fast" (errors of a layer to 2e-5 of its largest value) or "accurate" (2e-6).
    evaluation
        Show an evaluation instead of a training step.
    profile
        Run each operation, and show its time and its share of the processor's measured peak.
    json
        Print JSON.
    """
    if reason := why_not_jit("float32"):
        raise EngineError(f"there is nothing to explain, as networks run through numpy: {reason}")
    from graphspec.engines.jit.explaining import Line
    from graphspec.engines.jit.explaining import explain as lowered

    spec = read_spec(file)
    config = spec.training or TrainConfig()
    if batch is None:
        batch = config.batch
    if batch < 1:
        raise OptionError(f"a step has at least one example, not {batch}: give --batch 1 or more")
    rule = config.update
    found = lowered(
        compile_graph(spec),
        batch=batch,
        threads=threads_here(threads),
        accuracy=accuracy,
        training=not evaluation,
        rule=rule if isinstance(rule, UpdateRule) else None,
        profile=profile,
    )
    if json:
        print_json(found.to_json())
        return

    def timed(line: Line) -> tuple[str, ...]:
        if line.seconds is None:
            return ()
        share = "" if line.share is None else f"{line.share:.0%}"
        return f"{line.seconds * 1e3:.3f} ms", share

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.title = f"{spec.name}, {batch} examples, {found.threads} threads"
    table.title_justify = "left"
    wide = out.width >= _SIDE_BY_SIDE
    for title in ("layers", "operation", "how") if wide else ("layers, operation, how",):
        table.add_column(title, overflow="fold")
    table.add_column("stored", style="dim")
    for title in ("moves", "flops", *(("time", "of peak") if profile else ())):
        table.add_column(title, justify="right", no_wrap=True)
    stage = ""
    for line in found.lines:
        if line.stage != stage:
            stage = line.stage
            table.add_row(Text(stage, style=ACCENT))
        how = ": ".join(part for part in (line.algorithm, line.why) if part)
        words = (_fused(line.layers), line.operation, how)
        table.add_row(
            *(words if wide else (_stacked(*words),)),
            line.layout,
            size(line.bytes),
            si(line.flops) if line.flops else "",
            *timed(line),
        )
    out.print(table)
    say(
        f"{size(found.total)} in all: values take turns in {size(found.passing)} "
        f"({size(found.apart)} if each had its own), weights {size(found.weights)}, "
        f"gradients {size(found.gradients)}, the rule's memory {size(found.update_state)}, "
        f"data {size(found.data)}, code {size(found.code)}"
        + (f", kept {size(found.kept)}" if found.kept else "")
        + (f", layers without kernels {size(found.by_numpy)}" if found.by_numpy else "")
    )
    if found.peak is not None:
        done = sum(line.flops for line in found.lines)
        say(
            f"{found.seconds * 1e3:.2f} ms in all, {batch / found.seconds:,.0f} examples a second, "
            f"{done / found.seconds / found.peak:.0%} of the measured peak of "
            f"{found.peak / 1e9:.0f} GF/s"
        )


def _fused(layers: tuple[str, ...]) -> str:
    """``stage1.conv1 + conv1_relu``: what is fused is in the group of the first, as a rule."""
    if not layers:
        return "all"
    first, *others = layers
    group = first[: first.rfind(".") + 1]
    return " + ".join((first, *(other.removeprefix(group) for other in others)))


def _stacked(layers: str, operation: str, how: str) -> Text:
    """One below the other, for narrow terminals."""
    return Text.assemble(layers, *((f"\n{part}", "dim") for part in (operation, how) if part))
