"""``graphspec train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from graphspec.api import settings as merged_settings
from graphspec.cli.engine import EngineOptions
from graphspec.cli.files import read_spec
from graphspec.cli.output import err, problem_text
from graphspec.cli.settings import apply_settings, takes_settings
from graphspec.cli.watch import watch
from graphspec.edit import set_value
from graphspec.engines.checking import find_problems
from graphspec.engines.choosing import AS_BEFORE
from graphspec.train.session import create_run, load_named


@takes_settings
def train(
    file: str,
    *,
    run: Path | None = None,
    choice: EngineOptions = AS_BEFORE,
    rate: float | None = None,
    set: Annotated[tuple[str, ...], Parameter(name="--set", show_default=False)] = (),
    json: bool = False,
    quiet: bool = False,
    **settings: Any,
) -> int:
    """Train a network file; progress is shown live.

    Ctrl+C finishes the step, saves and says how to go on; a second one stops at once.

    Parameters
    ----------
    file
        A network file, or the name of a shipped model.
    run
        The folder to write to; by default a new one in ./runs (or in $GRAPHSPEC_RUNS).
    rate
        The learning rate: short for --set training.update.rate=….
    set
        A change of the network, such as conv1.filters=32 or training.split.validation=0.2; may be
        given many times.
    json
        Print the events as JSON lines instead of the progress.
    quiet
        Print nothing but errors.
    """
    spec = apply_settings(read_spec(file, set), settings)
    if rate is not None:
        spec = set_value(spec, "training.update.rate", rate)
    for problem in find_problems(spec):
        if not problem.is_error and not (quiet or json):
            err.print(problem_text(problem))
    config = merged_settings(spec)
    # Read first: a mistyped name would leave an empty run, and that would be the latest one.
    data = load_named(config)
    made = create_run(
        spec,
        config,
        run,
        engine=choice.engine,
        threads=choice.threads,
        accuracy=choice.accuracy or "fast",
        data=data,
    )
    return watch(made, shown="json" if json else "nothing" if quiet else "progress", data=data)
