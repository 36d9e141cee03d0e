"""The child process that trains a run, and the pipes through which it is steered and heard."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from graphspec.train.control import AnyCommand, Detach, Stop
from graphspec.train.events import Changed, parse_line

STDERR = "worker.log"
"""What the child prints on its standard error, inside the run directory."""
LOOK = 250
"""Milliseconds between two looks at the child: a thread that waits for it would outlive the app."""
_SHOWN = 4000
# Where a pipe cannot be asked without waiting for it, a full disk is seen in the run alone.
_HEARD = hasattr(os, "set_blocking")


class WorkerProcess(QObject):
    """One training in a process of its own: ``python -m graphspec.worker``.

    When the app dies, the pipe ends and the worker saves and ends, unless it was told to
    ``leave_running``. What it does is read from the run directory, not from here.

    Args:
        run: the run directory.
        parent: who owns it.
    """

    ended = Signal(int, str)
    """The exit code (below 0: the signal that killed it) and what it printed as an error."""
    held = Signal(str)
    """Why it waits though nobody asked it to, as on a full disk; empty when it goes on."""

    def __init__(self, run: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run = run
        # Added to: another process may be training the run, and this one will be turned away.
        self._log = (run / STDERR).open("ab")
        self._said = self._log.tell()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "graphspec.worker", str(run)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if _HEARD else subprocess.DEVNULL,
            stderr=self._log,
            # Ctrl+C in the terminal that the app was started from is the app's, not the worker's.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        # A worker that hangs neither reads nor writes; nobody waits for it.
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and _HEARD:
                os.set_blocking(pipe.fileno(), False)
        self._rest = b""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def send(self, command: AnyCommand) -> bool:
        """Steer it; False when it is no longer there to hear, or hears nothing any more."""
        assert self._process.stdin is not None
        try:
            # None: the pipe is full. So short a line is never written in part.
            sent = self._process.stdin.write(command.model_dump_json().encode() + b"\n")
        except (OSError, ValueError):
            return False
        return sent is not None

    def stop(self) -> None:
        """Ask it to finish the step, save, and end."""
        self.send(Stop())

    def kill(self) -> None:
        """End it at once; what was made since the newest checkpoint is lost."""
        with suppress(OSError):
            self._process.kill()

    def leave_running(self) -> None:
        """Let it go on without the app; nothing more is told of it."""
        self.send(Detach())
        self._timer.stop()
        self._close()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it came."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._close()
        return True

    def _look(self) -> None:
        code = self._process.poll()
        self._hear()
        if code is None:
            return
        self._timer.stop()
        self._close()
        try:
            said = (self.run / STDERR).read_bytes()[self._said :]
            text = said[-_SHOWN:].decode(errors="replace").strip()
        except OSError:
            text = ""
        self.ended.emit(code, text)

    def _hear(self) -> None:
        if self._process.stdout is None or self._process.stdout.closed:
            return
        *lines, self._rest = (self._rest + (self._process.stdout.read() or b"")).split(b"\n")
        for line in lines:
            event = parse_line(line)
            if isinstance(event, Changed) and event.field == "paused":
                self.held.emit(event.reason)

    def _close(self) -> None:
        self._log.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
