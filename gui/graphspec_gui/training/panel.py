"""The training dock: start and steer a training, see how far it is, and set how it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from graphspec import edit
from graphspec.errors import SpecError
from graphspec.recipe.config import TrainConfig
from graphspec.train.history import History
from graphspec.train.lock import holder_of
from graphspec_gui.actions import StudioAction
from graphspec_gui.banner import Banner
from graphspec_gui.forms.record_form import Path
from graphspec_gui.panel import Panel
from graphspec_gui.progress_bar import ProgressBar
from graphspec_gui.theme import space, theme
from graphspec_gui.training.controller import TrainingController
from graphspec_gui.training.examining import BROKEN, ExamineAction
from graphspec_gui.training.live import LiveSettings
from graphspec_gui.training.machine import Load, MachineForm
from graphspec_gui.training.progress import Progress, measure, words_of
from graphspec_gui.training.settings_form import Section, SettingsForm
from graphspec_gui.training.standing import standing

FACTS = ("epoch", "loss", "accuracy", "speed", "time left", "processor", "memory")
SOON, READ = 200, 1_000
"""Milliseconds until it is told that something happened, and that there are other numbers."""
WEIGHED = 1_000
"""Milliseconds over which the load of the processor is measured."""
TYPING = 1.0
"""Seconds: edits of one field that follow each other faster are one step of undo."""
_NOTHING = "No network is open."
_EMPTY = "Open a network, or make a new one: it is trained from here."
_IDLE = "Nothing is being trained."


class TrainingPanel(Panel):
    """Trains the document in front, and edits its training block.

    Args:
        training: the window's training.
        say: shows a banner across the window.
        parent: the dock.
    """

    def __init__(
        self,
        training: TrainingController,
        say: Callable[[Banner], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.training = training
        self._say = say
        self.setMinimumWidth(space(40))
        self._last_edit = ("", 0.0)
        self._typed = 0
        self._make_actions()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_controls())
        rule = QFrame(self)
        rule.setProperty("rule", True)
        column.addWidget(rule)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = self._page = QWidget(self._scroll)
        page.setObjectName("page")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(space(2), space(2), space(1.5), space(2))
        self.next = QLabel("The next run", page)
        self.next.setFont(theme().font("strong"))
        self.next.hide()
        inside.addWidget(self.next)
        self.form = SettingsForm(page)
        self.form.setObjectName("training_form")
        self.form.edited.connect(self._edited)
        self.form.fix_wanted.connect(self._mend)
        inside.addWidget(self.form)
        self.form.sections["This computer"] = Section("This computer", MachineForm, page)
        inside.addSpacing(space(1))
        inside.addWidget(self.form.sections["This computer"])
        inside.addStretch(1)
        self._scroll.setWidget(page)
        column.addWidget(self._scroll, 1)
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._told.timeout.connect(self._tell)
        training.changed.connect(self._later)
        training.advanced.connect(lambda: self._later(READ))
        training.runs.current_changed.connect(self._later)
        self._weigher, self._load = Load(), ("", "")
        self._weigh = QTimer(self)
        self._weigh.setInterval(WEIGHED)
        self._weigh.timeout.connect(self._look_at_load)
        self._weigh.start()
        self._told_of: Banner | None = None
        self._tell()

    @property
    def machine(self) -> MachineForm:
        """How this computer trains."""
        form = self.form.sections["This computer"].inside
        assert isinstance(form, MachineForm)
        return form

    def touch(self) -> None:
        """Also say what can be done now: the menu has the actions while the dock is hidden."""
        super().touch()
        self._allow()

    def refresh(self) -> None:
        """Show the settings of the document in front."""
        document = self.document
        self._page.setVisible(document is not None)
        self._tell()
        if document is None:
            return
        config = document.spec.training or TrainConfig()
        self.form.set_values(config.model_dump(mode="json"))
        if document.analysis.spec is document.spec:
            places: dict[Path, tuple[Any, ...]] = {}
            for problem in document.analysis.problems:
                if problem.path[:1] == ("training",):
                    where = tuple(problem.path[1:])
                    places[where] = (*places.get(where, ()), problem)
            self.form.show_problems(places)

    def _make_actions(self) -> None:
        training = self.training
        self.start = StudioAction(
            "training.start", "Train", self._start, self, icon="mdi6.play", keys=("Ctrl+Return",)
        )
        self.pause = StudioAction(
            "training.pause", "Pause", self._pause_or_resume, self, icon="mdi6.pause"
        )
        self.step = StudioAction(
            "training.step",
            "Single step",
            self._step,
            self,
            icon="mdi6.skip-next",
            keys=("F10",),
            tip="Make one update, then wait",
        )
        self.stop = StudioAction(
            "training.stop",
            "Stop",
            training.stop,
            self,
            icon="mdi6.stop",
            keys=("Escape",),
            tip="Finish the step, save, and end; the run can go on later",
        )
        self.reset = StudioAction(
            "training.reset",
            "Reset",
            training.reset,
            self,
            icon="mdi6.restart",
            tip="Stop, take the curves away, and begin from new weights; the run stays in Runs",
        )
        self.take_over = StudioAction(
            "training.take_over",
            "Take it over",
            self._take_over,
            self,
            icon="mdi6.account-arrow-left-outline",
            tip="The other process saves and ends, and the run goes on here from the same step",
        )
        self.save = StudioAction(
            "training.checkpoint",
            "Checkpoint now",
            training.checkpoint,
            self,
            icon="mdi6.content-save-move-outline",
        )
        self.kill = StudioAction(
            "training.kill",
            "End the training at once",
            training.kill,
            self,
            icon="mdi6.close-octagon-outline",
            tip="What was made since the last checkpoint is lost",
        )
        self.examine = ExamineAction(training.runs, self)
        for action in (
            self.start, self.pause, self.step, self.stop, self.reset, self.save, self.take_over,
            self.kill, self.examine,
        ):  # fmt: skip
            self.addAction(action)

    def _make_controls(self) -> QWidget:
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(space(2), space(1), space(1.5), space(1.5))
        column.setSpacing(space(1))
        row = QHBoxLayout()
        row.setSpacing(space(0.5))
        self.main = QPushButton("Train", box)
        self.main.setProperty("main", True)
        self.main.setAccessibleName("Train")
        self.main.clicked.connect(self.start.trigger)
        row.addWidget(self.main)
        for action in (self.pause, self.step, self.stop, self.reset, self.save):
            button = QToolButton(box)
            button.setDefaultAction(action)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.state = self._label(box)
        self.state.setObjectName("training_state")
        column.addWidget(self.state)
        self.take = QPushButton(self.take_over.text(), box)
        self.take.clicked.connect(self.take_over.trigger)
        column.addWidget(self.take, 0, Qt.AlignmentFlag.AlignLeft)
        self.bar = ProgressBar(box)
        self.bar.setAccessibleName("Progress")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(space(1))
        self.bar.setRange(0, 1000)
        column.addWidget(self.bar)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(space(1))
        self._grid.setColumnMinimumWidth(0, space(11))
        self._grid.setVerticalSpacing(space(0.5))
        self._grid.setColumnStretch(1, 1)
        self.facts: dict[str, QLabel] = {}
        for i, name in enumerate(FACTS):
            label = self._label(box)
            label.setText(name)
            label.setProperty("muted", True)
            self.facts[name] = self._label(box)
            self.facts[name].setFont(theme().font("mono"))
            self.facts[name].setAccessibleName(name)
            self._grid.addWidget(label, i, 0)
            self._grid.addWidget(self.facts[name], i, 1)
        column.addLayout(self._grid)
        self.live = LiveSettings(box)
        self.live.wanted.connect(self.training.change)
        column.addWidget(self.live)
        self.trouble = self._label(box)
        self.trouble.setObjectName("training_trouble")
        self.trouble.setProperty("state", "error")
        column.addWidget(self.trouble)
        self.end = QPushButton("End the training at once", box)
        self.end.clicked.connect(self.kill.trigger)
        column.addWidget(self.end)
        return box

    @staticmethod
    def _label(parent: QWidget) -> QLabel:
        label = QLabel(parent)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _later(self, wait: int = SOON) -> None:
        if not 0 <= self._told.remainingTime() <= wait:
            self._told.start(wait)

    def _tell(self) -> None:
        """Show how the training stands."""
        self._allow()
        training = self.training
        elsewhere = training.elsewhere
        self.take.setVisible(elsewhere is not None)
        history = elsewhere.follower.history if elsewhere else training.history
        progress = measure(history) if history is not None else None
        self.state.setText(self._words(history, progress))
        loading = training.state == "running" and progress is None
        preparing = training.state == "preparing" or loading
        shown = progress is not None and not preparing
        self.bar.setVisible(shown or preparing)
        # Without an end it moves to and fro.
        self.bar.setRange(0, 0 if preparing else 1000)
        if progress is not None and not preparing:
            self.bar.setValue(round(1000 * progress.share))
        running = training.state == "running" or elsewhere is not None
        watched = elsewhere or training.shown
        told = words_of(progress, running=running, of=watched.fed if watched else "examples")
        told["processor"], told["memory"] = self._load
        for i, (name, label) in enumerate(self.facts.items()):
            label.setText(told[name])
            visible = shown and bool(told[name])
            label.setVisible(visible)
            other = self._grid.itemAtPosition(i, 0)
            if other is not None and (widget := other.widget()) is not None:
                widget.setVisible(visible)
        alive = training.state in ("running", "paused")
        self.live.setVisible(alive and training.prepared is not None)
        self.next.setVisible(alive)
        if alive and training.prepared is not None and history is not None:
            self.live.show_run(training.prepared.spec, training.prepared.config, history)
        trouble = training.trouble or training.held
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        self._hold(training.held)
        self.end.setVisible(training.hangs)

    def _words(self, history: History | None, progress: Progress | None) -> str:
        told = standing(self.training, history, progress)
        if told or self.training.shown:
            return told
        if self.document is None:
            return _EMPTY
        return self.start.reason or "Ctrl+Enter trains the network in front."

    def _allow(self) -> None:
        state = self.training.state
        document = self.document
        if document is None:
            why: str | None = _NOTHING
        elif state != "idle":
            why = "A training is running. Stop it first."
        elif document.analysis.spec is document.spec and document.analysis.count("error"):
            why = BROKEN
        else:
            why = None
        self.start.allow(why)
        self.main.setEnabled(why is None)
        self.main.setToolTip(self.start.toolTip())
        steerable = None if state in ("running", "paused") else _IDLE
        self.pause.allow(steerable)
        waits = state == "paused"
        self.pause.become("Go on" if waits else "Pause", f"mdi6.{'play' if waits else 'pause'}")
        self.save.allow(steerable)
        self.step.allow(why if state == "idle" else steerable)
        stopping = "It is being stopped." if state == "stopping" else None
        self.stop.allow(None if state == "preparing" else stopping or steerable)
        begun = None if self.training.shown else "No training has been begun."
        self.reset.allow(stopping or begun)
        self.take_over.allow(self.training.why_not_take_over)
        self.take.setEnabled(self.take_over.isEnabled())
        self.take.setToolTip(self.take_over.toolTip())
        self.kill.allow(None if self.training.worker else _IDLE)
        self.examine.weigh()

    def _look_at_load(self) -> None:
        worker, elsewhere = self.training.worker, self.training.elsewhere
        pid = worker.pid if worker else holder_of(elsewhere.run.path) if elsewhere else None
        before, self._load = self._load, self._weigher.words(pid)
        if self._load != before or elsewhere is not None:
            self._later(READ)

    def _hold(self, reason: str) -> None:
        """A banner for as long as the training cannot write."""
        if reason and self._told_of is None:
            words = f"The training waits. {reason} It tries again every few seconds by itself."
            self._told_of = Banner(words, {"Close": None}, self)
            self._say(self._told_of)
        elif not reason and self._told_of is not None:
            with suppress(RuntimeError):  # somebody has closed it
                self._told_of.hide()
                self._told_of.deleteLater()
            self._told_of = None

    def _start(self, *, paused: bool = False) -> None:
        if self.document is None:
            return
        spec = self.document.settled()
        if self.document.draft is not None:
            words = (
                "The network that the canvas shows is trained: the text in the JSON view has "
                "mistakes, and is not part of it yet."
            )
            self._say(Banner(words, {"Close": None}, self))
        self.training.start(spec, self.machine.chosen, paused=paused)

    def _step(self) -> None:
        if self.training.state == "idle":
            self._start(paused=True)
        else:
            self.training.step_once()

    def _take_over(self) -> None:
        if (elsewhere := self.training.elsewhere) is not None:
            self.training.take_over(elsewhere.run)

    def _pause_or_resume(self) -> None:
        if self.training.state == "paused":
            self.training.resume()
        else:
            self.training.pause()

    def _edited(self, name: str, value: Any) -> None:
        document = self.document
        if document is None:
            return
        try:
            spec = edit.set_value(document.settled(), f"training.{name}", value)
        except SpecError as error:
            self.form.refuse(name, error.problems)
            return
        last, when = self._last_edit
        now = time.monotonic()
        if last != name or now - when > TYPING:
            self._typed += 1
        self._last_edit = (name, now)
        words = f"Set {name.replace('_', ' ')} of the training"
        document.apply(spec, words, f"training {self._typed} {name}")

    def _mend(self, fix: Any) -> None:
        if self.document is not None:
            self.document.mend(fix)
