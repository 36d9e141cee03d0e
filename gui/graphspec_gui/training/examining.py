"""The action that examines the run in front, or the network before it is trained."""

from __future__ import annotations

from collections.abc import Sequence

from graphspec_gui.actions import StudioAction
from graphspec_gui.panel import Panel
from graphspec_gui.runs.shown import ShownRuns

BROKEN = "The network has problems: the Problems dock lists them, with fixes."


class ExamineAction(StudioAction):
    """Opens the examination of what is in front.

    Args:
        runs: the runs that are shown.
        panel: knows the document in front.
    """

    def __init__(self, runs: ShownRuns, panel: Panel) -> None:
        super().__init__(
            "training.examine",
            "Examine…",
            self._open,
            panel,
            icon="mdi6.stethoscope",
            tip="Say what is wrong with the run in front, or with a network before it is trained",
        )
        self._runs, self._panel = runs, panel

    def weigh(self) -> None:
        """Say whether there is something to be examined, and why not."""
        document = self._panel.document
        if self._runs.current is not None:
            self.allow(None)
        elif document is None:
            self.allow("No run and no network is open.")
        elif document.analysis.spec is document.spec and document.analysis.count("error"):
            self.allow(BROKEN)
        elif not document.spec.layers:
            self.allow("The network has no layers.")
        elif document.spec.training is None or document.spec.training.data is None:
            self.allow("Choose a data set in the Training dock (Ctrl+T).")
        else:
            self.allow(None)

    def _open(self) -> None:
        from graphspec_gui.examination import ExaminationDialog

        shown, document = self._runs.current, self._panel.document
        window = self._panel.window()
        if shown is not None:
            ExaminationDialog(shown.run, self._select, window).show()
        elif document is not None:
            ExaminationDialog(document.settled(), self._select, window).show()

    def _select(self, layers: Sequence[str]) -> None:
        """Select layers in the document in front, those that it has, and bring them into sight."""
        document = self._panel.document
        if document is not None:
            document.reveal(layers[0])
            document.select(layers)
