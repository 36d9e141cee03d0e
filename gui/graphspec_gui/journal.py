"""The journal: what was edited and not saved, kept on disk in case the app dies.

Each start of the app has a folder with a lock that the kernel holds while the process lives, and
in it a file for each document with unsaved edits. A folder whose lock is free was left behind by
a crash: the first start that finds it takes the lock, and offers its documents again. Who makes or
takes a folder holds the lock of all of them meanwhile, so that none is taken before it is locked.

An entry that cannot be read, damaged or of a newer version, is kept in a folder of its own.

Writing happens in a thread of its own, at once after each command, so that a crash loses
the last command at most; what cannot be written (a full disk) is tried again until it can.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from graphspec import atomic
from graphspec import document as documents
from graphspec.errors import GraphspecError, RunError, SpecError
from graphspec.graph import GraphSpec
from graphspec.train.lock import RunLock, is_locked

FORMAT = "graphspec-journal/1"
ASIDE = "unreadable"
"""The folder, in that of all parts, of entries that could not be read."""
_WHAT = "folder of unsaved work"
_END = object()
SLOW = 0.05
"""Seconds; after a write that took longer there is a pause, so many times as long:"""
REST = 3
AGAIN = 2
"""Seconds until what could not be written is tried again."""


@dataclass(frozen=True, slots=True)
class Left:
    """A document with unsaved edits, as the journal keeps it."""

    spec: GraphSpec
    path: Path | None
    """The file that it was opened from."""
    on_disk: str | None = None
    """What that file held when it was last read or written."""
    draft: str | None = None
    """Text of the JSON view that was not right yet."""


class Journal(QObject):
    """This start's part of the journal.

    Args:
        root: the folder of all parts.
        parent: who owns it.
    """

    failed = Signal(str)
    """Writing did not work; says why. Emitted once until it works again."""
    works_again = Signal()

    def __init__(self, root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = root / uuid.uuid4().hex
        self._root = root
        self._lock: RunLock | None = None
        self._taken: dict[Path, RunLock] = {}
        self._offered: list[Path] = []
        self.aside: list[Path] = []
        """What ``left_behind`` could not read, where it is kept now."""
        self._waiting: dict[str, Any] = {}
        self._wake = threading.Condition()
        self._busy = False
        self._failing = False
        self._thread: threading.Thread | None = None

    def note(self, key: str, left: Left) -> None:
        """Keep a document's unsaved state; returns at once.

        Args:
            key: the document's name here.
            left: what is kept.
        """
        self._hand_over(key, left)

    def drop(self, key: str) -> None:
        """Forget a document: it was saved, or closed on purpose."""
        if self._thread is not None:
            self._hand_over(key, None)

    def wait(self, seconds: float = 5) -> bool:
        """Wait until everything noted is on the disk; False where it fails or takes too long."""

        def done() -> bool:
            return not self._waiting and not self._busy

        with self._wake:
            self._wake.wait_for(lambda: done() or self._failing, seconds)
            return done()

    def close(self) -> None:
        """End without a crash: nothing is left to be offered."""
        if self._thread is not None:
            self._hand_over("", _END)
            self._thread.join(10)
            self._thread = None
        if self._lock is not None:
            self._lock.release()
            shutil.rmtree(self.folder, ignore_errors=True)
        # What was neither opened nor thrown away is offered at the next start.
        for lock in self._taken.values():
            lock.release()

    def left_behind(self) -> list[Left]:
        """The documents that other starts of the app left when they died; no other offers them."""
        self._take_orphans()
        self._offered, self.aside, found = [], [], []
        for file in [file for folder in self._taken for file in sorted(folder.glob("*.json"))]:
            left = _read(file)
            if left is None:
                self._put_aside(file)
            else:
                self._offered.append(file)
                found.append(left)
        return found

    def clear_left_behind(self) -> None:
        """Forget what ``left_behind`` found: it is open again, or not wanted."""
        for file in self._offered:
            with suppress(OSError):
                file.unlink()
        while self._taken:
            folder, lock = self._taken.popitem()
            kept = any(folder.glob("*.json"))
            # Windows removes no folder with an open file in it.
            lock.release()
            if not kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _put_aside(self, file: Path) -> None:
        """Keep an entry that cannot be read where no start of the app looks for its own."""
        place = self._root / ASIDE / f"{file.parent.name}-{file.name}"
        try:
            place.parent.mkdir(exist_ok=True)
            os.replace(file, place)
        except OSError:
            place = file  # it stays, and is told again at the next start
        self.aside.append(place)

    def _take_orphans(self) -> None:
        # Where nothing can be locked, nobody has written either.
        with suppress(OSError, RunError), RunLock(self._root, _WHAT):
            for folder in sorted(self._root.iterdir()):
                if folder.name == ASIDE or folder in (self.folder, *self._taken):
                    continue
                if folder.is_dir() and not is_locked(folder):
                    lock = RunLock(folder, _WHAT)
                    lock.acquire()
                    self._taken[folder] = lock

    def _hand_over(self, key: str, what: Any) -> None:
        with self._wake:
            # A later state of the same document takes the place of one that was not written yet.
            self._waiting.pop(key, None)
            self._waiting[key] = what
            self._wake.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
            self._thread.start()

    def _write_all(self) -> None:
        while True:
            with self._wake:
                self._busy = False
                self._wake.notify_all()
                self._wake.wait_for(lambda: bool(self._waiting))
                if _END in self._waiting.values():
                    return
                key = next(iter(self._waiting))
                what = self._waiting.pop(key)
                self._busy = True
            began = time.monotonic()
            try:
                self._write(key, what)
            except (OSError, GraphspecError) as error:
                self._fail(key, what, error)
                continue
            if self._failing:
                self._failing = False
                self.works_again.emit()
            took = time.monotonic() - began
            if took > SLOW:
                # A large network that is dragged: leave the processor to the drag.
                with self._wake:
                    self._wake.wait_for(lambda: _END in self._waiting.values(), took * REST)

    def _fail(self, key: str, what: Left | None, error: OSError | GraphspecError) -> None:
        if not self._failing:
            reason = error.strerror if isinstance(error, OSError) else None
            self.failed.emit(reason or str(error))
        with self._wake:
            self._failing = True
            self._busy = False
            self._wake.notify_all()
            # Before what was noted meanwhile, which may be a later state of the same document.
            self._waiting = {key: what, **self._waiting}
            self._wake.wait_for(lambda: _END in self._waiting.values(), AGAIN)

    def _write(self, key: str, what: Left | None) -> None:
        file = self.folder / f"{key}.json"
        if what is None:
            file.unlink(missing_ok=True)
            return
        if self._lock is None:
            self._root.mkdir(parents=True, exist_ok=True)
            with RunLock(self._root, _WHAT):
                self.folder.mkdir(exist_ok=True)
                lock = RunLock(self.folder, _WHAT)
                lock.acquire()
            self._lock = lock
        entry = {
            "format": FORMAT,
            "path": None if what.path is None else str(what.path),
            "text": documents.dumps(what.spec),
            "on_disk": what.on_disk,
            "draft": what.draft,
        }
        atomic.write_text(file, json.dumps(entry, ensure_ascii=False))


def _read(file: Path) -> Left | None:
    """One entry; None for what is damaged, or of a newer version."""
    with suppress(OSError, ValueError, SpecError, RecursionError):
        entry = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(entry, dict) and entry.get("format") == FORMAT:
            path, on_disk, draft = (entry.get(key) for key in ("path", "on_disk", "draft"))
            return Left(
                documents.loads(str(entry["text"])),
                Path(path) if isinstance(path, str) else None,
                on_disk if isinstance(on_disk, str) else None,
                draft if isinstance(draft, str) else None,
            )
    return None
