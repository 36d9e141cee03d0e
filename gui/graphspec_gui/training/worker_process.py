"""The child process that trains a run, and the pipe through which it is steered."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from graphspec.train.control import AnyCommand, Detach, Stop

STDERR = "worker.log"
"""What the child prints on its standard error, inside the run directory."""
_SHOWN = 4000


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

    def __init__(self, run: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run = run
        self._log = (run / STDERR).open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "graphspec.worker", str(run)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            # Ctrl+C in the terminal that the app was started from is the app's, not the worker's.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._left = False
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def send(self, command: AnyCommand) -> bool:
        """Steer it; False when it is no longer there to hear."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def stop(self) -> None:
        """Ask it to finish the step, save, and end."""
        self.send(Stop())

    def kill(self) -> None:
        """End it at once; what was made since the newest checkpoint is lost."""
        with suppress(OSError):
            self._process.kill()

    def leave_running(self) -> None:
        """Let it go on without the app."""
        self._left = True
        self.send(Detach())
        self._close_input()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it came."""
        self._waiter.join(seconds)
        return not self._waiter.is_alive()

    def _wait(self) -> None:
        code = self._process.wait()
        self._close_input()
        self._log.close()
        if self._left:
            return
        try:
            text = (self.run / STDERR).read_bytes()[-_SHOWN:].decode(errors="replace").strip()
        except OSError:
            text = ""
        with suppress(RuntimeError):  # the app has closed and taken this object with it
            self.ended.emit(code, text)

    def _close_input(self) -> None:
        # What was meant for a process that is gone cannot be flushed any more.
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
