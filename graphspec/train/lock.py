"""One writer per run, by a lock that the kernel holds.

The lock belongs to the open file of a process: however the process ends, the kernel gives it back
at once, so that there is no stale lock to clean up. Network file systems without locks are
refused rather than trusted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from graphspec.errors import RunError, RunLockedError

# A probe holds the lock for some microseconds; a writer that meets one must not give up.
_ATTEMPTS, _PAUSE = 20, 0.005

if sys.platform == "win32":
    import msvcrt

    # Beyond the text, so that the holder's name can be read by others.
    _LOCKED_BYTE = 1 << 20

    def _try_lock(handle: int, *, shared: bool = False) -> bool:
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(handle: int, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class RunLock:
    """The right to write to a run directory; held from ``acquire`` to ``release``.

    Args:
        folder: the run directory, or another folder that one process at a time writes to.
        what: what errors call it.
    """

    def __init__(self, folder: Path, what: str = "run") -> None:
        self._path = folder / "lock"
        self._name = f"the {what} {str(folder)!r}"
        self._others = " graphspec runs list shows the runs that there are." * (what == "run")
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            RunLockedError: another process holds it.
            RunError: the folder cannot be written to, or its file system has no locks.
        """
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise RunError(f"cannot write to {self._name}: {error.strerror}") from error
        try:
            for attempt in range(_ATTEMPTS):
                if attempt:
                    time.sleep(_PAUSE)
                if _try_lock(handle):
                    if not _is_at(handle, self._path):
                        raise RunError(
                            f"{self._name} has been renamed or removed meanwhile.{self._others}"
                        )
                    self._handle = handle
                    _write_holder(handle)
                    return
            number = holder_of(self._path.parent)
            holder = "" if number is None else f" (process {number})"
            raise RunLockedError(
                f"{self._name} is being written to by another process{holder}. "
                "Wait until it has ended, or stop it."
            )
        except OSError as error:
            raise RunError(
                f"cannot lock {self._name}: {error.strerror}. Its file system may have no locks; "
                "use a folder on a local disk."
            ) from error
        finally:
            if self._handle is None:
                os.close(handle)

    def release(self) -> None:
        """Give the lock back; without one, nothing happens."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


@contextmanager
def kept_still(folder: Path) -> Iterator[None]:
    """Let nobody begin to write to a run directory while it is renamed or removed.

    Raises:
        RunLockedError: somebody writes to it.
        RunError: it cannot be locked.
    """
    with RunLock(folder) as lock:
        if sys.platform == "win32":
            lock.release()  # a folder with an open file is not moved there
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process is writing to the run directory right now."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _try_lock(handle, shared=True)
    except OSError:
        return False
    finally:
        os.close(handle)


def holder_of(folder: Path) -> int | None:
    """The number of the process that writes to the run directory; None where there is none."""
    if not is_locked(folder):
        return None
    try:
        number = (folder / "lock").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(number) if number.isdigit() else None


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(handle: int) -> None:
    # Only to be named in other processes' errors; a full disk is told when it matters.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()}\n".encode())
