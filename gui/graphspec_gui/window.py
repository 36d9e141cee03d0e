"""The window: tabs of documents, docks around them, and the actions that go with both."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QChildEvent, QObject, QSize, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from graphspec import edit, zoo
from graphspec.graph import GraphSpec
from graphspec_gui.banner import Banner
from graphspec_gui.buttons import IconButton
from graphspec_gui.dock_area import DockArea
from graphspec_gui.docks import DOCKS, LAYOUT
from graphspec_gui.document import StudioDocument
from graphspec_gui.files import Files
from graphspec_gui.journal import Journal, Left
from graphspec_gui.menus import Menus
from graphspec_gui.settings import Settings
from graphspec_gui.status import Status
from graphspec_gui.tab import EditorTab
from graphspec_gui.theme import plain_tip, space
from graphspec_gui.trouble import sentence
from graphspec_gui.welcome import SAMPLE, Welcome

if TYPE_CHECKING:
    from graphspec_gui.runs.shown import ShownRuns
    from graphspec_gui.training.controller import TrainingController
    from graphspec_gui.training.leaving import Leaving

APPLICATION = "graphspec studio"
_SHARE = 0.95
"""Of the screen that the window takes at most at its first start, with room for its frame."""


class MainWindow(QMainWindow):
    """The one window of the app.

    Args:
        settings: what is remembered between starts.
        journal: where unsaved work outlives a crash.
        late: whether the docks are left empty, so that the window is up sooner; see
            ``DockArea.fill_by_and_by``.
    """

    painted = Signal()
    """The window is up: it has been painted for the first time."""

    document_changed = Signal(object)
    """Another document is in front: a StudioDocument, or None."""
    run_opened = Signal(Path)
    """A run's folder was opened; its network has just become a document."""

    def __init__(self, settings: Settings, journal: Journal, *, late: bool = False) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.settings = settings
        self.journal = journal
        journal.setParent(self)
        journal.failed.connect(self._journal_failed)
        self._up = False
        # What need not be asked about again when the training has saved.
        self._given_up: dict[str, GraphSpec] = {}
        self.files = Files(self)
        self.run_opened.connect(self._show_run)
        self.setAcceptDrops(True)
        right = Qt.DockWidgetArea.RightDockWidgetArea
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.setCorner(Qt.Corner.TopRightCorner, right)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        self._pages = QTabWidget(self)
        self._pages.setObjectName("documents")
        self._pages.setAccessibleName("Documents")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setDrawBase(False)
        self._pages.tabBar().setElideMode(Qt.TextElideMode.ElideMiddle)
        self._pages.tabBar().setAccessibleName("Documents")
        self._pages.setMovable(True)
        self._pages.currentChanged.connect(lambda _: self._turned())
        self.dock_area = DockArea(self)
        self.docks = self.dock_area.by_name
        self.menus = Menus(self)
        beginnings = {
            "New from a template…": self.menus["file.new"].trigger,
            "Write a pattern…": self.menus["file.new_pattern"].trigger,
            "Start from an empty canvas": self.menus["file.new_empty"].trigger,
            "Open a file…": self.menus["file.open"].trigger,
        }
        self.welcome = Welcome(beginnings, self)
        self.welcome.sample_wanted.connect(self.open_sample)
        self.welcome.file_wanted.connect(lambda name: self.files.open(Path(name)))
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self._pages)
        self._centre = centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._messages = column
        column.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self.status = Status(self)
        self.setStatusBar(self.status)
        self.dock_area.place()
        self.menus.fill()
        self._restore()
        if not late:
            self.dock_area.fill()
        self._turned()

    # What trains is imported when it is first asked for: the window is up before that.

    @cached_property
    def runs(self) -> ShownRuns:
        """The runs that are shown."""
        from graphspec_gui.runs.shown import ShownRuns

        return ShownRuns(self)

    @cached_property
    def training(self) -> TrainingController:
        """The training of this window."""
        from graphspec_gui.training.controller import TrainingController

        made = TrainingController(self.runs, self)
        made.failed.connect(self._training_failed)
        return made

    @cached_property
    def leaving(self) -> Leaving:
        """What is asked before a training is left."""
        from graphspec_gui.training.leaving import Leaving

        return Leaving(self.training, self, self.say)

    @property
    def current(self) -> EditorTab | None:
        """The tab in front."""
        page = self._pages.currentWidget()
        return page if isinstance(page, EditorTab) else None

    @property
    def document(self) -> StudioDocument | None:
        """The document in front."""
        return self.current.document if self.current else None

    def tabs(self) -> Iterator[EditorTab]:
        """All documents, from left to right."""
        for i in range(self._pages.count()):
            page = self._pages.widget(i)
            if isinstance(page, EditorTab):
                yield page

    def add(self, document: StudioDocument, text: str | None = None) -> EditorTab:
        """Show a document in a new tab, in front."""
        document.silence(self.settings.silenced)
        tab = EditorTab(document, text, self._pages)
        document.spec_changed.connect(lambda: self._edited(tab))
        document.modified_changed.connect(lambda: self._edited(tab))
        document.path_changed.connect(lambda: self._edited(tab))
        document.draft_changed.connect(lambda: self._keep(tab))
        at = self._pages.addTab(tab, "")
        close = IconButton("mdi6.close", "Close this document", self._pages)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(lambda: self.close_tab(tab))
        self._pages.tabBar().setTabButton(at, QTabBar.ButtonPosition.RightSide, close)
        self._name(tab)
        self.bring_to_front(tab)
        return tab

    def new(self, spec: GraphSpec) -> StudioDocument:
        """Begin a document that has no file yet."""
        document = StudioDocument(spec)
        self.add(document)
        return document

    def open_sample(self, what: str) -> None:
        """Open the sample for one of the three things of the start page."""
        document = self.new(zoo.load(SAMPLE))
        first = document.spec.layers[0].id
        if what == "mend":
            document.apply(edit.set_field(document.spec, first, "stride", 2), "Break the stride")
            document.look_now()
            self.show_dock("problems_dock")
        document.select([first])
        if what == "train":
            self.show_dock("plots_dock")
            self.show_dock("training_dock")
            self.training.start(document.spec)

    def add_layer(self, kind: str) -> None:
        """Add a layer to the document in front, below what is selected."""
        from graphspec_gui.canvas.adding import Wish

        if self.current is not None:
            self.current.view.operations.add(kind, Wish())

    def bring_to_front(self, tab: EditorTab) -> None:
        """Turn to a tab."""
        self._stack.setCurrentWidget(self._pages)
        self._pages.setCurrentWidget(tab)
        self._turned()

    def turn(self, step: int) -> None:
        """Turn to the next tab, or the one before."""
        if self._pages.count():
            self._pages.setCurrentIndex((self._pages.currentIndex() + step) % self._pages.count())

    def close_tab(self, tab: EditorTab) -> bool:
        """Close a document; False where the user would rather not."""
        if not self.files.may_close(tab):
            return False
        self._pages.removeTab(self._pages.indexOf(tab))
        # Another document, or none, is shown before this one goes.
        self._turned()
        self.journal.drop(tab.key)
        tab.deleteLater()
        self.files.watch()
        return True

    def show_dock(self, name: str) -> None:
        """Show a dock and bring it in front of those that share its place."""
        self.dock_area.show(name)

    def say(self, banner: Banner) -> None:
        """Show a message across the top of the window, in place of one of the same words."""
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for old in self._centre.findChildren(Banner, options=direct):
            if old.label.text() == banner.label.text():
                old.hide()
                old.deleteLater()
        self._messages.insertWidget(0, banner)

    def set_silenced(self, codes: frozenset[str]) -> None:
        """Ask for no advice of these codes, in any document."""
        self.settings.silenced = codes
        for tab in self.tabs():
            tab.document.silence(codes)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved work, then remember where everything stood."""
        for tab in list(self.tabs()):
            given_up = self._given_up.get(tab.key) is tab.document.spec
            if not given_up and not self.files.may_close(tab):
                event.ignore()
                return
        self._given_up = {
            tab.key: tab.document.spec for tab in self.tabs() if tab.document.modified
        }
        if not self.leaving.may_close():
            if not self.leaving.closing:
                self._given_up = {}
            event.ignore()
            return
        if self.leaving.left is not None:
            self.settings.left_running = self.leaving.left
        self.settings.remember_window(LAYOUT, self.saveGeometry(), self.saveState())
        self.dock_area.stop_filling()
        # Out of sight, so that nobody sees it wait for the threads: none may outlive the window.
        self.hide()
        for dialog in self.findChildren(QDialog):
            dialog.reject()
        self.training.close()
        self.runs.close()
        self.dock_area.forget()
        self.journal.close()
        QThreadPool.globalInstance().waitForDone()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say when the window is up."""
        super().paintEvent(event)
        if not self._up:
            self._up = True
            # In the next turn of the event loop the picture is on the screen.
            QTimer.singleShot(0, self.painted.emit)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let Tab pass by the docks that stand behind others: Qt moves them only out of sight."""
        start = self.focusWidget()
        while super().focusNextPrevChild(forward):
            now = self.focusWidget()
            dock: QObject | None = now
            while dock is not None and not isinstance(dock, QDockWidget):
                dock = dock.parent()
            if now is start or dock is None or not dock.visibleRegion().isEmpty():
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape, where nobody else wants it, asks whether to stop the training."""
        if event.key() != Qt.Key.Key_Escape or not self.leaving.ask_stop():
            super().keyPressEvent(event)

    def childEvent(self, event: QChildEvent) -> None:
        """Name the bars of tabs that Qt makes for docks that share a place."""
        super().childEvent(event)
        child = event.child()
        if event.polished() and isinstance(child, QTabBar):
            child.setAccessibleName("Docks in one place")
            child.setDrawBase(False)
            child.setElideMode(Qt.TextElideMode.ElideNone)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files; they can be dropped anywhere, as no field of the app takes them."""
        if _files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files that were dropped."""
        paths = _files(event)
        event.acceptProposedAction()
        # After the drop has ended: a dialog must not keep the other program waiting.
        QTimer.singleShot(0, lambda: [self.files.open(path) for path in paths])

    def _restore(self) -> None:
        # A window as large as the screen would have its title or its foot outside.
        room = self.screen().availableSize() * _SHARE
        self.resize(QSize(space(180), space(112)).boundedTo(room))
        self.dock_area.size()
        self.dock_area.raise_first()
        remembered = self.settings.window(LAYOUT)
        if remembered is not None:
            self.restoreGeometry(remembered[0])
            self.restoreState(remembered[1])

    def _turned(self) -> None:
        tab = self.current
        self._stack.setCurrentWidget(self._pages if tab else self.welcome)
        if tab is None:
            self.welcome.show_recent(self.settings.recent)
        document = tab.document if tab else None
        self.document_changed.emit(document)
        self._name(tab)

    def _name(self, tab: EditorTab | None) -> None:
        if tab is not None:
            document = tab.document
            at = self._pages.indexOf(tab)
            mark = "● " if document.modified else ""
            self._pages.setTabText(at, mark + document.title.replace("&", "&&"))
            self._pages.setTabToolTip(at, plain_tip(str(document.path or "Not saved yet")))
        front = self.document
        self.setWindowTitle(f"{front.title}[*] – {APPLICATION}" if front else APPLICATION)
        self.setWindowFilePath(str(front.path) if front and front.path else "")
        self.setWindowModified(front is not None and front.modified)

    def _edited(self, tab: EditorTab) -> None:
        self._name(tab)
        self._keep(tab)

    def _keep(self, tab: EditorTab) -> None:
        document = tab.document
        if document.modified:
            left = Left(document.spec, document.path, tab.on_disk, document.draft)
            self.journal.note(tab.key, left)
        else:
            self.journal.drop(tab.key)

    def _training_failed(self, reason: str) -> None:
        self.show_dock("training_dock")
        self.say(Banner(f"The training failed. {sentence(reason)}", {"Close": None}, self))

    def _show_run(self, path: Path) -> None:
        from graphspec.train.rundir import Run

        self.runs.show(Run(path))
        self.show_dock("plots_dock")

    def _journal_failed(self, reason: str) -> None:
        words = f"Unsaved work cannot be kept for the case of a crash: {reason}. Save often."
        banner = Banner(words, {"Close": None}, self)
        self.journal.works_again.connect(banner.deleteLater)
        self.say(banner)

    def actions_by_place(self) -> list[tuple[str, QAction]]:
        """Everything that can be done now, for the command palette."""
        self.dock_area.fill()
        found = self.menus.all()
        tab = self.current
        if tab is not None:
            found += [("Canvas", action) for action in tab.view.actions() if action.text()]
        for spec in DOCKS:
            dock = self.docks[spec.name]
            found.append(("View", self.menus[f"view.{spec.name}"]))
            panel = dock.widget()
            if panel is not None:
                found += [(spec.title, action) for action in panel.actions() if action.text()]
        return found


def _files(event: QDropEvent) -> list[Path]:
    urls = event.mimeData().urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
