"""The menus and the toolbar: the window's own actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QMessageBox, QToolBar, QToolButton

from graphspec import __version__
from graphspec_gui.actions import StudioAction, StudioMenu
from graphspec_gui.buttons import MenuButton
from graphspec_gui.docks import DOCKS
from graphspec_gui.document import StudioDocument
from graphspec_gui.files import empty_network
from graphspec_gui.message import Message
from graphspec_gui.palette import CommandPalette
from graphspec_gui.template_dialog import TemplateDialog
from graphspec_gui.theme import ICON, SCHEMES, Scheme, plain_tip, theme

if TYPE_CHECKING:
    from graphspec_gui.window import MainWindow

NOTHING_OPEN = "No network is open. Make one with New, or open a file."
_NEXT, _BACK = ("Ctrl+Tab", "Ctrl+PgDown"), ("Ctrl+Shift+Tab", "Ctrl+PgUp")
_TOOLBAR = (
    "file.new",
    "file.open",
    "file.save",
    "",
    "edit.undo",
    "edit.redo",
)


class Menus(QObject):
    """Every action of the window, by its id.

    Args:
        window: the main window.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, StudioAction] = {}
        self._places: dict[str, str] = {}
        self._document: StudioDocument | None = None
        self._make()
        window.document_changed.connect(self._follow)

    def __getitem__(self, name: str) -> StudioAction:
        return self._actions[name]

    def all(self) -> list[tuple[str, QAction]]:
        """The window's actions with the menu that each is in, without those of the docks."""
        return [
            (self._places[name], action)
            for name, action in self._actions.items()
            if not name.startswith("view.") or not name.endswith("_dock")
        ]

    def fill(self) -> None:
        """Make the menus and the toolbar; the docks are there by now."""
        for spec in DOCKS:
            dock = self._window.docks[spec.name]
            self._add(
                f"view.{spec.name}",
                "View",
                spec.title,
                lambda on, name=spec.name: self._toggle_dock(name, on),
                icon=spec.icon,
                keys=(spec.keys,) if spec.keys else (),
                tip=f"Show or hide {spec.title}",
                checkable=True,
            )
            dock.visibilityChanged.connect(lambda _, name=spec.name: self._dock_seen(name))
            self._dock_seen(spec.name)
        bar = self._window.menuBar()
        bar.setAccessibleName("Menus")
        file = self._menu("&File")
        for name in ("file.new", "file.new_pattern", "file.new_empty"):
            file.addAction(self[name])
        file.addSeparator()
        for name in ("file.open", "file.open_run"):
            file.addAction(self[name])
        self._recent = StudioMenu(file, "Open &recent")
        file.addMenu(self._recent)
        self._recent.aboutToShow.connect(self._list_recent)
        file.addSeparator()
        for name in ("file.save", "file.save_as", "file.differences", "file.reload"):
            file.addAction(self[name])
        file.addSeparator()
        for name in ("file.close", "file.quit"):
            file.addAction(self[name])
        self._edit = self._menu("&Edit")
        self._edit.aboutToShow.connect(self._list_edit)
        self._layer = self._menu("&Canvas")
        self._layer.aboutToShow.connect(self._list_canvas)
        self._training = self._menu("&Training")
        view = self._menu("&View")
        view.addAction(self["view.palette"])
        view.addSeparator()
        self._list_docks(view)
        view.addSeparator()
        for name in ("view.next_tab", "view.previous_tab"):
            view.addAction(self[name])
        view.addSeparator()
        for scheme in SCHEMES:
            view.addAction(self[f"view.{scheme}"])
        about = self._menu("&Help")
        for name in ("help.layers", "help.about"):
            about.addAction(self[name])
        self._fill_toolbar()

    def put_training(self, actions: Sequence[QAction], front: Sequence[QAction]) -> None:
        """Put the actions of the training dock into their menu, and some into the toolbar."""
        self._training.addActions(actions)
        first = self[f"view.{DOCKS[0].name}"]
        self._bar.insertActions(first, front)
        self._bar.insertSeparator(first)

    def _make(self) -> None:
        window = self._window
        files = window.files
        for name, text, run, icon, keys, tip in (
            ("file.new", "&New…", self._new, "mdi6.file-plus-outline", ("Ctrl+N",), ""),
            (
                "file.new_pattern",
                "New from a &pattern…",
                lambda: self._new(pattern=True),
                "mdi6.code-brackets",
                (),
                "Write a network as a pattern of the course notes",
            ),
            (
                "file.new_empty",
                "New &empty canvas",
                lambda: window.new(empty_network()),
                "mdi6.file-outline",
                ("Ctrl+Alt+N",),
                "",
            ),
            (
                "file.open",
                "&Open…",
                files.ask_open,
                "mdi6.folder-open-outline",
                ("Ctrl+O",),
                "Open a network file",
            ),
            (
                "file.open_run",
                "Open a r&un…",
                files.ask_open_run,
                "mdi6.folder-play-outline",
                (),
                "Open the folder of a run, and follow it while it is trained",
            ),
            (
                "file.save",
                "&Save",
                lambda: self._with_tab(files.save),
                "mdi6.content-save-outline",
                ("Ctrl+S",),
                "",
            ),
            (
                "file.save_as",
                "Save &as…",
                lambda: self._with_tab(files.save_as),
                None,
                ("Ctrl+Shift+S",),
                "",
            ),
            (
                "file.differences",
                "Show &unsaved changes",
                lambda: self._with_tab(files.show_unsaved),
                "mdi6.vector-difference",
                (),
                "Compare the document with its file, line by line",
            ),
            (
                "file.reload",
                "&Reload from disk",
                lambda: self._with_tab(files.reload),
                "mdi6.reload",
                (),
                "Take over what the file holds; Undo brings your edits back",
            ),
            (
                "file.close",
                "&Close",
                lambda: self._with_tab(window.close_tab),
                "mdi6.close",
                ("Ctrl+W",),
                "Close the document",
            ),
            ("file.quit", "&Quit", window.close, None, ("Ctrl+Q",), ""),
            ("edit.undo", "&Undo", self._undo, "mdi6.undo", ("Ctrl+Z",), ""),
            ("edit.redo", "&Redo", self._redo, "mdi6.redo", ("Ctrl+Shift+Z", "Ctrl+Y"), ""),
            (
                "view.palette",
                "&Command palette…",
                self._palette,
                "mdi6.console-line",
                ("Ctrl+Shift+P",),
                "Find anything that can be done by its name",
            ),
            (
                "view.reset_docks",
                "Reset the &layout",
                window.dock_area.reset,
                "mdi6.view-dashboard-outline",
                (),
                "Put every dock where it was at first",
            ),
            ("view.next_tab", "Next document", lambda: window.turn(1), None, _NEXT, ""),
            ("view.previous_tab", "Previous document", lambda: window.turn(-1), None, _BACK, ""),
            (
                "help.layers",
                "&Layer reference",
                lambda: window.show_dock("help_dock"),
                "mdi6.book-open-variant",
                ("F1",),
                "What the selected layer computes, and what its fields mean",
            ),
            ("help.about", "&About", self._about, "mdi6.information-outline", (), ""),
        ):
            place = {"file": "File", "edit": "Edit", "view": "View", "help": "Help"}
            self._add(name, place[name.split(".")[0]], text, run, icon=icon, keys=keys, tip=tip)
        group = QActionGroup(self)
        for scheme, words in zip(
            SCHEMES,
            ("Colours as the system has them", "Light colours", "Dark colours"),
            strict=True,
        ):
            action = self._add(
                f"view.{scheme}",
                "View",
                words,
                lambda on, scheme=scheme: self._choose_scheme(scheme) if on else None,
                icon={"light": "mdi6.weather-sunny", "dark": "mdi6.weather-night"}.get(
                    scheme, "mdi6.theme-light-dark"
                ),
                checkable=True,
            )
            group.addAction(action)
            action.setChecked(scheme == theme().scheme)

    def _add(
        self, name: str, place: str, text: str, run: Callable[..., Any], **options: Any
    ) -> StudioAction:
        action = StudioAction(name, text, run, self._window, **options)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        self._window.addAction(action)
        self._actions[name] = action
        self._places[name] = place
        return action

    def _menu(self, title: str) -> QMenu:
        menu = StudioMenu(self._window, title)
        self._window.menuBar().addMenu(menu)
        return menu

    def _fill_toolbar(self) -> None:
        self._bar = bar = QToolBar("Toolbar", self._window)
        bar.setObjectName("toolbar")
        bar.setAccessibleName("Toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(ICON + 4, ICON + 4))
        for name in _TOOLBAR:
            if name:
                bar.addAction(self[name])
            else:
                bar.addSeparator()
        bar.addSeparator()
        for spec in DOCKS:
            if spec.shown:
                bar.addAction(self[f"view.{spec.name}"])
        bar.addWidget(self._panels_button())
        bar.addSeparator()
        bar.addAction(self["view.palette"])
        self._window.addToolBar(bar)

    def _panels_button(self) -> QToolButton:
        """The button that lists every dock: switches for all of them would fill the toolbar."""
        menu = StudioMenu(self._window)
        self._list_docks(menu)
        button = MenuButton("mdi6.dock-window", "Panels", menu, self._bar)
        button.setToolTip("Show or hide any panel")
        return button

    def _list_docks(self, menu: QMenu) -> None:
        area = DOCKS[0].area
        for spec in DOCKS:
            if spec.area is not area:
                menu.addSeparator()
            area = spec.area
            menu.addAction(self[f"view.{spec.name}"])
        menu.addSeparator()
        menu.addAction(self["view.reset_docks"])

    def _follow(self, document: StudioDocument | None) -> None:
        if self._document is not None:
            self._document.undo_stack.indexChanged.disconnect(self._weigh)
            self._document.modified_changed.disconnect(self._weigh)
            self._document.path_changed.disconnect(self._weigh)
        self._document = document
        if document is not None:
            document.undo_stack.indexChanged.connect(self._weigh)
            document.modified_changed.connect(self._weigh)
            document.path_changed.connect(self._weigh)
        self._weigh()

    def _weigh(self, *_: Any) -> None:
        """Say of each action whether it can be done now, and why not."""
        document = self._document
        nothing = None if document else NOTHING_OPEN
        for name in (
            "file.save",
            "file.save_as",
            "file.differences",
            "file.reload",
            "file.close",
            "edit.undo",
            "edit.redo",
            "view.next_tab",
            "view.previous_tab",
        ):
            self[name].allow(nothing)
        if document is None:
            self["edit.undo"].setText("&Undo")
            self["edit.redo"].setText("&Redo")
            return
        stack = document.undo_stack
        undo, redo = stack.undoText(), stack.redoText()
        self["edit.undo"].setText(f"&Undo {undo.replace('&', '&&')}" if undo else "&Undo")
        self["edit.redo"].setText(f"&Redo {redo.replace('&', '&&')}" if redo else "&Redo")
        if not stack.canUndo():
            self["edit.undo"].allow("Nothing has been done yet.")
        if not stack.canRedo():
            self["edit.redo"].allow("Nothing has been undone.")
        if document.path is None:
            for name in ("file.reload", "file.differences"):
                self[name].allow("The network has no file yet. Save it first.")
        elif not document.modified:
            self["file.save"].allow("Everything is saved.")
            self["file.differences"].allow("Everything is saved.")
        if sum(1 for _ in self._window.tabs()) < 2:
            for name in ("view.next_tab", "view.previous_tab"):
                self[name].allow("Only one document is open.")

    def _with_tab(self, act: Callable[..., Any]) -> None:
        tab = self._window.current
        if tab is not None:
            act(tab)

    def _new(self, *, pattern: bool = False) -> None:
        dialog = TemplateDialog(self._window)
        if pattern:
            dialog.show_pattern()
        dialog.accepted.connect(lambda: dialog.chosen and self._window.new(dialog.chosen))
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def _undo(self) -> None:
        if self._document is not None:
            self._document.settling.emit()
            self._document.undo_stack.undo()

    def _redo(self) -> None:
        if self._document is not None:
            self._document.settling.emit()
            self._document.undo_stack.redo()

    def _palette(self) -> None:
        palette = CommandPalette(self._window.actions_by_place(), self._window)
        # Some of what it lists goes with the document in front.
        self._window.document_changed.connect(palette.close)
        palette.open_over(self._window)

    def _toggle_dock(self, name: str, on: bool) -> None:
        dock = self._window.docks[name]
        if on:
            self._window.show_dock(name)
        elif dock.isVisible():
            self._window.dock_area.hide(dock)

    def _dock_seen(self, name: str) -> None:
        action = self[f"view.{name}"]
        action.blockSignals(True)
        action.setChecked(not self._window.docks[name].isHidden())
        action.blockSignals(False)

    def _choose_scheme(self, scheme: Scheme) -> None:
        theme().choose(scheme)
        self._window.settings.scheme = scheme

    def _list_recent(self) -> None:
        self._recent.clear()
        for path in self._window.settings.recent:
            action = self._recent.addAction(path.name.replace("&", "&&"))
            action.setToolTip(plain_tip(str(path)))
            action.triggered.connect(lambda _=False, path=path: self._window.files.open(path))
        if self._recent.isEmpty():
            self._recent.addAction("No file was open yet").setEnabled(False)
        else:
            self._recent.addSeparator()
            forget = self._recent.addAction("Forget these")
            forget.triggered.connect(lambda _=False: self._window.settings.forget_recent())

    def _list_edit(self) -> None:
        self._edit.clear()
        self._edit.addActions([self["edit.undo"], self["edit.redo"]])
        tab = self._window.current
        if tab is not None:
            self._edit.addSeparator()
            for name in ("cut", "copy", "paste", "duplicate", "delete", "select_all"):
                self._edit.addAction(tab.view.commands[f"canvas.{name}"])
            self._edit.addSeparator()
            self._edit.addAction(tab.view.commands["canvas.find"])

    def _list_canvas(self) -> None:
        self._layer.clear()
        tab = self._window.current
        if tab is not None:
            tab.view.commands.fill(self._layer)
        if self._layer.isEmpty():
            self._layer.addAction("Open a network to edit its layers").setEnabled(False)

    def _about(self) -> None:
        box = Message(
            "about",
            "about",
            f"graphspec studio {__version__}",
            "Networks as checked JSON graphs:\ndescribe, train, resume, inspect.\n\nMIT licence",
            self._window,
        )
        box.setStandardButtons(QMessageBox.StandardButton.Close)
        box.open()
