"""Opening, saving and watching files, for the window."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QMessageBox

from graphspec import document as documents
from graphspec.errors import GraphspecError, RunError, SpecError
from graphspec.graph import GraphSpec
from graphspec_gui.banner import Banner
from graphspec_gui.document import StudioDocument
from graphspec_gui.export_dialog import may_replace
from graphspec_gui.message import Message
from graphspec_gui.tab import GONE, EditorTab, read_text
from graphspec_gui.text_dialog import TextDialog, differences
from graphspec_gui.trouble import sentence

if TYPE_CHECKING:
    from graphspec_gui.window import MainWindow

FILTER = "Networks (*.json);;All files (*)"
SETTLE = 100
"""Milliseconds until a file that another program writes is read."""


class Files(QObject):
    """What the window does with files.

    Args:
        window: the window that the documents are shown in.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._stir)
        self._watcher.directoryChanged.connect(self._stir)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE)
        self._settle.timeout.connect(self.look_at_disk)

    def ask_open(self) -> None:
        """Ask for files, and open them."""
        names, _ = QFileDialog.getOpenFileNames(
            self._window, "Open networks", str(self._folder()), FILTER
        )
        for name in names:
            self.open(Path(name))

    def ask_open_run(self) -> None:
        """Ask for the folder of a run, and open it."""
        from graphspec.train.rundir import runs_folder

        name = QFileDialog.getExistingDirectory(self._window, "Open a run", str(runs_folder()))
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> StudioDocument | None:
        """Open a network file or a run's folder; what is open already comes to the front.

        What cannot be read is told in a banner, with its lines.
        """
        path = Path(path).absolute()
        if path.is_dir():
            return self._open_run(path)
        if (tab := self.tab_of(path)) is not None:
            self._window.bring_to_front(tab)
            return tab.document
        text = read_text(path)
        try:
            spec = documents.load(path)
        except SpecError as error:
            self._refuse(path, error)
            return None
        document = StudioDocument(spec, path)
        self._window.add(document, text)
        self._window.settings.add_recent(path)
        self.watch()
        return document

    def tab_of(self, path: Path) -> EditorTab | None:
        """The tab that a file is open in."""
        return next((tab for tab in self._window.tabs() if _same(tab.document.path, path)), None)

    def save(self, tab: EditorTab) -> bool:
        """Save to the document's file, or ask for one; False where nothing was saved."""
        document = tab.document
        document.settling.emit()
        if document.path is None:
            return self.save_as(tab)
        lost = tab.lost_on_disk()
        unknown = tab.changed_on_disk() is not None or lost not in (None, GONE)
        if unknown and not self._may_overwrite(tab, lost):
            return False
        return self._write(tab, document.path)

    def save_as(self, tab: EditorTab) -> bool:
        """Ask for a file and save to it; False where nothing was saved."""
        document = tab.document
        document.settling.emit()
        name = document.path or self._folder() / f"{_portable(document.spec.name)}.json"
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save network", str(name), FILTER)
        if not chosen:
            return False
        path = Path(chosen).absolute()
        asked = bool(path.suffix)
        if not asked:
            path = path.with_suffix(".json")
        if self.tab_of(path) not in (None, tab):
            words = f"{path.name} is open in another tab, and was not saved to."
            more = "Close that tab first, or choose another name."
            Message("warning", "open_elsewhere", words, more, self._window).exec()
            return False
        if not asked and os.path.exists(path) and not may_replace([path], self._window):
            return False
        if not self._write(tab, path):
            return False
        document.set_path(path)
        return True

    def reload(self, tab: EditorTab) -> None:
        """Take over what the file holds; the step can be undone."""
        path = tab.document.path
        if path is None:
            return
        text = read_text(path)
        try:
            spec = documents.load(path)
        except SpecError as error:
            self._refuse(path, error)
            return
        tab.on_disk = text
        tab.document.apply(spec, "Reload from disk")
        tab.document.undo_stack.setClean()
        tab.say(None)

    def may_close(self, tab: EditorTab) -> bool:
        """Whether a document may go: what is not saved is asked about."""
        tab.document.settling.emit()
        if not tab.document.modified:
            return True
        self._window.bring_to_front(tab)
        words = f"Save the changes to {tab.document.title}?"
        more = "They are lost otherwise."
        if tab.document.draft is not None:
            more += " The text in the JSON view has mistakes: it cannot be saved, and is lost."
        box = Message("question", "unsaved", words, more, self._window)
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        if answer == buttons.Save:
            return self.save(tab)
        return answer == buttons.Discard

    def show_unsaved(self, tab: EditorTab) -> None:
        """Show how the document differs from its file."""
        path = tab.document.path
        before = (read_text(path) if path else None) or ""
        self._show_differences(tab, before, "on disk", "in the editor")

    def watch(self) -> None:
        """Watch the files of the documents that are open."""
        wanted: set[str] = set()
        for tab in self._window.tabs():
            path = tab.document.path
            if path is not None:
                # A file that is replaced by another is lost to the watcher; its folder is not.
                wanted |= {str(path), str(path.parent)}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := list(watched - wanted):
            self._watcher.removePaths(gone)
        if new := [name for name in wanted - watched if os.path.exists(name)]:
            self._watcher.addPaths(new)

    def look_at_disk(self) -> None:
        """See whether other programs changed files that are open, and ask what to do."""
        self.watch()
        for tab in self._window.tabs():
            text, lost = tab.changed_on_disk(), tab.lost_on_disk()
            if text is not None:
                self._tell_changed(tab, text)
            elif lost is not None and lost != tab.lost:
                self._tell_lost(tab, lost)
            elif tab.lost is not None and lost is None:
                tab.say(None)
            tab.lost = lost

    def _stir(self, _: str) -> None:
        self._settle.start()

    def _tell_changed(self, tab: EditorTab, text: str) -> None:
        path = tab.document.path
        assert path is not None
        modified = tab.document.modified
        unsaved = " If you reload it, Undo brings your unsaved edits back." if modified else ""
        words = f"{path.name} was changed by another program.{unsaved}"
        show = "Show differences"
        tab.found = text
        if tab.banner is not None and tab.banner.label.text() == words:
            # Somebody may be reading it, or stand on one of its buttons.
            return

        def keep() -> None:
            # The document is now what should be saved.
            tab.on_disk = tab.found
            tab.document.undo_stack.resetClean()
            tab.say(None)

        choices: dict[str, Callable[[], object] | None] = {
            show: lambda: self._show_differences(
                tab, tab.found or "", "on disk now", "in the editor"
            ),
            "Keep mine": keep,
            "Reload": lambda: self.reload(tab),
        }
        tab.say(Banner(words, choices, tab, stay=(show, "Keep mine", "Reload")))

    def _tell_lost(self, tab: EditorTab, why: str) -> None:
        path = tab.document.path
        assert path is not None
        # What is here is nowhere else: closing it is asked about.
        tab.document.undo_stack.resetClean()
        words = f"{path.name} was deleted or moved by another program. Save it to write it again."
        choices: dict[str, Callable[[], object] | None] = {"Save": lambda: self.save(tab)}
        if why != GONE:
            words = (
                f"{path.name} cannot be read any more: {why}. Whether another program changed it "
                "is not known; save your work elsewhere, or make the file readable again."
            )
            choices = {"Save as…": lambda: self.save_as(tab)}
        tab.say(Banner(words, choices, tab, stay=tuple(choices)))

    def _tell_draft(self, tab: EditorTab, path: Path) -> None:
        words = (
            f"{path.name} was saved as the canvas shows it: the text in the JSON view has "
            "mistakes, and is not part of the network yet."
        )
        choices: dict[str, Callable[[], object] | None] = {
            "Show the text": lambda: self._window.show_dock("json_dock"),
            "Close": None,
        }
        tab.say(Banner(words, choices, tab))

    def _may_overwrite(self, tab: EditorTab, lost: str | None) -> bool:
        path = tab.document.path
        assert path is not None
        words = f"{path.name} was changed by another program since you opened it."
        if lost is not None:
            words = f"{path.name} cannot be read: {lost}. It may have been changed since."
        more = "Saving replaces what is in the file now by what you see here."
        box = Message("warning", "overwrite", words, more, self._window)
        replace = box.addButton("Replace it", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is replace

    def _write(self, tab: EditorTab, path: Path) -> bool:
        if os.path.exists(path) and not os.access(path, os.W_OK):
            # Its folder would let it be replaced all the same.
            return self._not_saved(tab, path, "it is write-protected")
        try:
            # Not what is read after it, which another program may have written by then.
            tab.on_disk = documents.save(tab.document.spec, path)
        except (OSError, SpecError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            return self._not_saved(tab, path, reason or str(error))
        tab.lost = None
        tab.document.undo_stack.setClean()
        tab.say(None)
        if tab.document.draft is not None:
            self._tell_draft(tab, path)
        self._window.settings.add_recent(path)
        self.watch()
        return True

    def _not_saved(self, tab: EditorTab, path: Path, reason: str) -> bool:
        """Say why, and offer to save it elsewhere; whether that was done."""
        words = f"{path.name} was not saved: {reason}"
        more = "What was in the file before is untouched." if os.path.exists(path) else ""
        box = Message("error", "not_saved", words, more, self._window)
        elsewhere = box.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(elsewhere)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return box.clickedButton() is elsewhere and self.save_as(tab)

    def _open_run(self, path: Path) -> StudioDocument | None:
        from graphspec.train.rundir import Run

        try:
            run = Run(path)
            spec = run.spec
        except RunError as error:
            self._refuse(path, error)
            return None
        document = StudioDocument(spec)
        self._window.add(document)
        self._window.run_opened.emit(path)
        return document

    def _refuse(self, path: Path, error: GraphspecError) -> None:
        problems = error.problems if isinstance(error, SpecError) else ()
        first = problems[0] if problems else None
        words = f"{path.name} cannot be opened. "
        if first is None:
            self._window.say(Banner(words + sentence(str(error)), {"Close": None}, self._window))
            return
        place = f"Line {first.line}: " if first.line is not None else ""
        words += place + first.message
        show = f"Show all {len(problems)} problems"
        choices: dict[str, Callable[[], object] | None] = {"Close": None}
        if len(problems) > 1:
            text = "\n\n".join(str(problem) for problem in problems)
            lead = f"What is wrong with {path.name}"
            choices = {
                show: lambda: TextDialog("Problems", lead, text, self._window).open(),
                **choices,
            }
        self._window.say(Banner(words, choices, self._window, stay=(show,)))

    def _show_differences(
        self, tab: EditorTab, before: str, before_name: str, after_name: str
    ) -> None:
        after = documents.dumps(tab.document.settled())
        # Compared as they would be saved: another layout of the same text is no difference.
        with suppress(SpecError):
            before = documents.dumps(documents.loads(before))
        text = differences(before, after, before_name, after_name)
        lead = f"{tab.document.title}: − {before_name}, + {after_name}"
        TextDialog("Differences", lead, text, self._window, diff=True).open()

    def _folder(self) -> Path:
        recent = self._window.settings.recent
        return recent[0].parent if recent and recent[0].parent.is_dir() else Path.cwd()


def empty_network() -> GraphSpec:
    """What an empty canvas holds: an image, a label, and no layers."""
    return GraphSpec.model_validate(
        {
            "name": "untitled",
            "inputs": {"image": {"shape": [1, 28, 28]}, "label": {"classes": 10}},
            "layers": [],
        }
    )


def _same(one: Path | None, other: Path) -> bool:
    """Whether two paths lead to one file, on whatever way; there may be none yet."""
    return one is not None and os.path.realpath(one) == os.path.realpath(other)


def _portable(name: str) -> str:
    """A network's name as a file name that every system takes."""
    text = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return text.strip("_")[:80] or "network"
