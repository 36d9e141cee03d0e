"""``graphspec resume``."""

from __future__ import annotations

from typing import Any

from graphspec.api import settings
from graphspec.cli.engine import EngineOptions
from graphspec.cli.watch import watch
from graphspec.engines.choosing import AS_BEFORE
from graphspec.train.rundir import find_run


def resume(
    run: str = "latest",
    *,
    epochs: int | None = None,
    steps: int | None = None,
    choice: EngineOptions = AS_BEFORE,
    json: bool = False,
    quiet: bool = False,
) -> int:
    """Go on with a run that was stopped or killed, from its newest checkpoint.

    On the same machine, versions and threads the result has the bits of a training that was never
    interrupted; where that cannot be promised, it says so.

    Parameters
    ----------
    run
        The run's folder, its name, or "latest".
    epochs
        Train up to this many epochs in all.
    steps
        Train up to this many updates in all.
    json
        Print the events as JSON lines instead of the progress.
    quiet
        Print nothing but errors.
    """
    found = find_run(run)
    changes: dict[str, Any] = {"epochs": epochs, "steps": steps}
    given = {name: value for name, value in changes.items() if value is not None}
    config = None
    if epochs is not None:
        # A number of steps would go before the epochs that are asked for here.
        given = {"steps": None, **given}
    if given:
        config = settings(found.spec.model_copy(update={"training": found.config}), **given)
    return watch(
        found,
        shown="json" if json else "nothing" if quiet else "progress",
        config=config,
        choice=choice,
    )
