"""The style sheet: what Qt's own style cannot be told by colours alone."""

from __future__ import annotations

from dataclasses import asdict
from string import Template

from graphspec_gui.colors import Colors
from graphspec_gui.icons import FOLDER

_SHEET = Template(
    """
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QDialogButtonBox, QMessageBox { dialogbuttonbox-buttons-have-icons: 0; }
QToolTip {
    background: $surface; color: $text; border: 1px solid $outline; padding: 4px 8px;
}
QDockWidget { color: $text; }
QDockWidget::title { background: $window; padding: 8px 12px 8px 12px; text-align: left; }
QDockWidget > QWidget { background: $surface; }
QToolBar {
    background: $window; border: none; border-bottom: 1px solid $border;
    padding: 4px 8px; spacing: 4px;
}
QToolBar::separator { background: $border; width: 1px; margin: 4px; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 4px; }
QToolButton:hover { background: $raised; }
QToolButton:pressed, QToolButton:checked { background: $accent_soft; }
QToolButton[outlined="true"] { border-color: $outline; padding: 4px 8px; }
QToolButton[outlined="true"]:checked { border-color: $accent; }
QToolButton:focus { border-color: $accent; }
QToolButton[popupMode="2"] { padding: 4px 20px 4px 4px; }
QToolButton::menu-indicator {
    image: url($chevron); width: 12px; height: 12px; right: 4px;
    subcontrol-origin: padding; subcontrol-position: right center;
}
QMenuBar { background: $window; padding: 0 4px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 8px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { background: $border; height: 1px; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::icon:checked { background: $accent_soft; border: 1px solid $accent; border-radius: 4px; }
QStatusBar { background: $window; border-top: 1px solid $border; min-height: 32px; }
QStatusBar::item { border: none; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar { background: $window; }
QTabBar::tab {
    background: $window; color: $muted; padding: 8px 12px; border: none;
    border-bottom: 2px solid transparent;
}
QTabWidget#documents > QTabBar::tab { max-width: 240px; }
QMainWindow > QTabBar::tab { padding: 8px 8px; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover:!selected { color: $text; background: $raised; }
QTabBar::tab:focus { color: $accent; }
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
    background: $surface; color: $text; border: 1px solid $outline; border-radius: 4px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit, QAbstractSpinBox, QComboBox { padding: 3px 7px; min-height: 20px; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border-color: $muted; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border: 2px solid $accent;
}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { padding: 2px 6px; }
QPlainTextEdit, QTextEdit { padding: 1px; }
QPlainTextEdit:focus, QTextEdit:focus { padding: 0; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {
    color: $disabled; border-color: $border; background: $window;
}
QLineEdit[state="error"], QComboBox[state="error"], QPlainTextEdit[state="error"] {
    border-color: $error;
}
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url($chevron); width: 12px; height: 12px; }
QAbstractSpinBox { padding-right: 24px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 20px; height: 13px; border: none; background: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url($chevron_up); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url($chevron); width: 12px; height: 12px; }
QAbstractSpinBox QLineEdit {
    border: none; padding: 0 0 0 8px; min-height: 0; background: transparent;
}
QComboBox QAbstractItemView {
    background: $surface; border: 1px solid $border; selection-background-color: $accent_soft;
    selection-color: $text; padding: 4px;
}
QPlainTextEdit[flat="true"], QTextEdit[flat="true"] {
    border: 1px solid transparent; border-radius: 0;
}
QPlainTextEdit[flat="true"]:focus, QTextEdit[flat="true"]:focus { border-color: $accent; }
QPushButton {
    background: $raised; color: $text; border: 1px solid $outline; border-radius: 4px;
    padding: 3px 11px; min-height: 20px;
}
QPushButton:hover { border-color: $accent; }
QPushButton:pressed { background: $accent_soft; }
QPushButton:focus { border: 2px solid $accent; padding: 2px 10px; }
QPushButton:default, QPushButton[main="true"] {
    background: $accent; color: $on_accent; border-color: $accent;
}
QPushButton[main="true"]:focus { border: 2px solid $text; }
QPushButton[flat="true"] {
    background: transparent; border-color: transparent; color: $accent; text-align: left;
}
QPushButton[link="true"] { padding-left: 0; padding-right: 4px; }
QPushButton[flat="true"]:hover { background: $raised; }
QPushButton[flat="true"]:focus { border-color: $accent; }
QPushButton:disabled {
    color: $disabled; border-color: $border; background: $window;
}
QListView, QTreeView, QTableView {
    background: $surface; border: none; outline: 0;
    selection-background-color: $accent_soft; selection-color: $text;
}
QListView::item, QTreeView::item { padding: 4px 8px; border: 1px solid transparent; }
QListView::item:hover, QTreeView::item:hover { background: $raised; }
QListView::item:selected, QTreeView::item:selected { background: $accent_soft; color: $text; }
/* With Qt's own margin the words stand below those of their heading. */
QTreeView::item { padding-left: 4px; padding-right: 4px; }
/* An editor is as high as its row. */
QTreeView QLineEdit, QTreeView QLineEdit:focus { min-height: 0; padding: 0 2px; }
QListView:focus::item:selected, QListView::item:focus { border-color: $accent; }
QTreeView:focus::item:selected, QTreeView::item:focus {
    border-top-color: $accent; border-bottom-color: $accent;
}
QHeaderView::section {
    background: $window; color: $muted; border: none; border-bottom: 1px solid $border;
    padding: 4px 8px;
}
QHeaderView::section:vertical { border-bottom: none; padding: 4px 16px 5px 8px; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTableView::item { padding: 4px 5px; }
QTableView::item:focus { padding: 3px 4px; border: 1px solid $accent; }
QTableCornerButton::section { background: $window; border: none; }
QScrollArea { border: none; background: $surface; }
Side, TileGrid, PlotWidget { border: 1px solid transparent; }
Side:focus, TileGrid:focus, PlotWidget:focus { border-color: $accent; }
QScrollArea > QWidget > QWidget#page, QSplitter > QWidget#page { background: $surface; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $outline; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QCheckBox { spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QCheckBox::indicator, QTreeView::indicator, QListView::indicator {
    width: 14px; height: 14px; border: 1px solid $outline; border-radius: 3px;
    background: $surface;
}
QCheckBox::indicator:hover, QTreeView::indicator:hover,
QListView::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked {
    background: $accent; border-color: $accent; image: url($check);
}
QCheckBox::indicator:indeterminate {
    background: $accent; border-color: $accent; image: url($dash);
}
QCheckBox::indicator:disabled { background: $window; border-color: $border; }
QCheckBox:focus, QRadioButton:focus { border-color: $accent; }
QSlider { border: 1px solid transparent; border-radius: 4px; padding: 1px; }
QSlider:focus { border-color: $accent; }
QSlider::groove:horizontal { background: $border; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal {
    background: $surface; border: 2px solid $accent; border-radius: 7px;
    width: 10px; height: 10px; margin: -5px 0;
}
QSlider::handle:horizontal:hover { background: $accent_soft; }
QLabel[muted="true"] { color: $muted; }
QLabel[state="error"] { color: $error; }
QLabel[state="warning"] { color: $warning; }
QLabel[state="advice"] { color: $advice; }
QLabel[state="ok"] { color: $ok; }
QFrame[card="true"] {
    background: $surface; border: 1px solid $border; border-radius: 8px;
}
QFrame[rule="true"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QWidget#dock_title { background: $window; }
QFrame#problem {
    background: $surface; border: 1px solid transparent; border-bottom-color: $border;
}
QFrame#problem:hover { background: $raised; }
QFrame#problem[chosen="true"] { background: $accent_soft; }
QFrame#problem:focus { border: 1px solid $accent; }
QFrame#inside { border: none; border-left: 2px solid $border; }
QFrame#json_message { background: $error_soft; border: none; }
QFrame#banner { background: $warning_soft; border: none; border-bottom: 1px solid $border; }
QFrame#banner[notice="true"] { background: $accent_soft; }
QSplitter::handle { background: $border; }
QProgressBar {
    background: $raised; border: none; border-radius: 4px; text-align: center; color: $text;
}
QProgressBar::chunk { background: $accent; border-radius: 4px; }
"""
)


def sheet(colors: Colors) -> str:
    """The style sheet in some colours."""
    values = {name: str(value) for name, value in asdict(colors).items()}
    scheme = "dark" if colors.dark else "light"
    pictures = {
        name.replace("-", "_"): (FOLDER / f"{name}-{scheme}.svg").as_posix()
        for name in ("chevron", "chevron-up", "check", "dash")
    }
    return _SHEET.substitute(values | pictures)
