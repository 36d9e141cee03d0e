"""What the window offers at its start, and tells at a mishap: work and trainings left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from graphspec.errors import RunError
from graphspec_gui.banner import Banner
from graphspec_gui.document import StudioDocument
from graphspec_gui.text_dialog import TextDialog

if TYPE_CHECKING:
    from graphspec.train.rundir import Run
    from graphspec_gui.window import MainWindow

_LEFT = {
    "new": "has not made a step.",
    "running": "is still being trained.",
    "finished": "has finished.",
    "stopped": "was stopped.",
    "failed": "has failed.",
    "interrupted": "was interrupted.",
    "newer": "has gone on in a newer version of graphspec: update this one.",
}


def offer_left_behind(window: MainWindow) -> None:
    """Offer what a crash left unsaved."""
    left = window.journal.left_behind()
    if aside := window.journal.aside:
        what = "a document" if len(aside) == 1 else f"{len(aside)} documents"
        words = (
            f"The app ended without saving {what}, and what it kept of it cannot be read: it is "
            f"damaged, or of a newer version of graphspec. Nothing was deleted; it is in "
            f"{aside[0].parent}"
        )
        window.say(Banner(words, {"Close": None}, window))
    if not left:
        window.journal.clear_left_behind()
        return
    names = ", ".join(item.path.name if item.path else item.spec.name for item in left)
    words = f"The app ended without saving {names}. Your work was kept."

    def bring_back() -> None:
        for item in left:
            tab = window.files.tab_of(item.path) if item.path is not None else None
            if tab is None or tab.document.modified:
                # Two apps may have died over one file: each has its work in a tab.
                document = StudioDocument(item.spec, item.path)
                document.undo_stack.resetClean()
                tab = window.add(document, item.on_disk)
                window.journal.note(tab.key, item)
            else:
                # Its file was opened meanwhile: what was edited goes there, as a step of undo.
                tab.on_disk = item.on_disk
                tab.document.apply(item.spec, "Bring back unsaved work")
                window.bring_to_front(tab)
            if item.draft is not None:
                tab.document.set_draft(item.draft)
                window.show_dock("json_dock")
        # The new entries are on the disk before the old ones go.
        if window.journal.wait():
            window.journal.clear_left_behind()
        window.files.look_at_disk()

    window.say(
        Banner(
            words,
            {"Throw it away": window.journal.clear_left_behind, "Open it": bring_back},
            window,
        )
    )


def offer_left_running(window: MainWindow) -> None:
    """Offer the run of a training that was left to go on without the app."""
    path, window.settings.left_running = window.settings.left_running, None
    if path is None:
        return
    # Imported when it is used: the window is up before that.
    from graphspec.train.rundir import Run

    choices: dict[str, Callable[[], object] | None] = {}
    try:
        run = Run(path)
        status = run.status
    except (RunError, OSError):
        told = "is no longer where it was."
    else:
        told = _LEFT[status]
        choices["Show it"] = lambda: window.files.open(path)
        if status == "running" and sys.platform != "win32":
            choices["Take it over"] = lambda: _pick_up(window, run, window.training.take_over)
        elif status not in ("running", "finished", "newer"):
            choices["Go on with it"] = lambda: _pick_up(window, run, window.training.go_on)
    choices["Close"] = None
    words = f"{path.name}, which you left running, {told}"
    window.say(Banner(words, choices, window, notice=True))


def _pick_up(window: MainWindow, run: Run, how: Callable[[Run], object]) -> None:
    window.files.open(run.path)
    window.show_dock("training_dock")
    how(run)


def tell_mishap(window: MainWindow, text: str) -> None:
    """Tell of a defect of the app itself."""
    words = "Something went wrong in the app. Your edits are kept; save them when you can."
    show = "Show details"
    lead = "Please report this text to the authors of graphspec:"

    def details() -> None:
        TextDialog("What went wrong", lead, text, window).open()

    window.say(Banner(words, {show: details, "Close": None}, window, stay=(show,)))
