"""``graphspec runs show``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from graphspec.classic.results import read_results
from graphspec.cli.output import out, print_json, say
from graphspec.cli.progress import sparkline
from graphspec.quantities import duration
from graphspec.train.events import Changed, Evaluated, Failed, Started, Step
from graphspec.train.facts import facts_of
from graphspec.train.rundir import find_run

_WIDTH = 60


def show_command(run: str = "latest", *, json: bool = False) -> None:
    """Show one run: settings, progress, checkpoints.

    Parameters
    ----------
    run
        The run's folder, its name, or "latest".
    json
        Print JSON.
    """
    found = find_run(run)
    events = found.events
    shown: dict[str, Any] = asdict(facts_of(found)) | {
        "settings": found.config.model_dump(mode="json"),
        "environment": found.env,
        "checkpoints": [
            {"file": entry.file, "step": entry.step, "best": entry == found.best}
            for entry in found.checkpoints
        ],
        "evaluations": [e.model_dump(mode="json") for e in events if isinstance(e, Evaluated)],
        "changes": [e.model_dump(mode="json") for e in events if isinstance(e, Changed)],
        "sessions": [e.model_dump(mode="json") for e in events if isinstance(e, Started)],
        "failure": next((e.message for e in reversed(events) if isinstance(e, Failed)), None),
    }
    baseline = read_results(found)
    if baseline is not None:
        shown["results"] = baseline
        # What nothing was trained by says nothing.
        shown["settings"] = {
            name: shown["settings"][name] for name in ("data", "data_options", "split")
        }
    if json:
        print_json(shown)
        return
    for name in ("name", "path", "model", "data", "status", "epoch", "loss", "accuracy", "failure"):
        if shown[name] is not None:
            say(f"{name:12} {shown[name]}")
    if shown["best"] is not None:
        say(f"{'best':12} {shown['monitor']} {shown['best']:.6g}")
    if shown["starred"]:
        say(f"{'starred':12} ★")
    if shown["note"]:
        say(f"{'note':12} {shown['note']}")
    if shown["seconds"] is not None:
        say(f"{'time':12} {duration(shown['seconds'])}")
    measured = [event for event in events if isinstance(event, Step | Evaluated)]
    if measured and measured[-1].penalties:
        terms = (f"{name} {value:.4g}" for name, value in measured[-1].penalties.items())
        say(f"{'penalties':12} {', '.join(terms)}")
    losses = [event.loss for event in events if isinstance(event, Step)]
    if losses:
        say(f"{'train loss':12} {sparkline(losses, _WIDTH)}  {losses[0]:.4f} → {losses[-1]:.4f}")
    for entry in shown["checkpoints"]:
        mark = "  (best)" if entry["best"] else ""
        say(f"{'checkpoint':12} step {entry['step']:,}: {entry['file']}{mark}")
    if baseline is not None:
        for event in shown["evaluations"]:
            say(f"{event['split']:12} k = {event['step']}: {event['accuracy']:.2%}")
    for name, value in (shown["settings"] | (baseline or {})).items():
        out.print(f"  {name:20} {value}", style="dim", soft_wrap=True)
