"""Machine code kept on disk, so that a kernel is compiled once on a machine and not once a run.

    <user's cache>/graphspec/jit/          mode 0700, owned by the user
        <sha-256 of the key>.o             sha-256 of key and code (32 bytes), then the code

The key names everything that the code depends on (processor, features, llvmlite, source), so a
file never grows stale. A file is executed, so none is taken from a folder that somebody else
owns or can write to, nor a link or a file of another owner, nor one whose digest is wrong: those
count as absent, and the kernel is compiled anew. Files are replaced whole, by a rename: two
processes that compile the same kernel write the same bytes, and the last one stays. Nothing is
flushed to the disk, which would take longer than many a compilation: what a power cut leaves torn
has a wrong digest.

A file that is used is given the time of its use, once a day. The first that a process adds clears
away what nobody has used for a month: kernels of older versions, and parts of writes that were cut
off. A process that wants such a file in the same moment compiles it again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import platformdirs

_DIGEST = 32
# No kernel comes near; a file that grew for another reason is not read into memory.
_LARGEST = 64 * 2**20
_DAY = 24 * 3600.0
_KEPT = 30 * _DAY


def default_folder() -> Path:
    """Where the machine code of this user is kept."""
    return platformdirs.user_cache_path("graphspec") / "jit"


class ObjectCache:
    """Machine code by key, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_cleared = False

    def get(self, key: str) -> bytes | None:
        """The code for this key; None when there is none that can be trusted."""
        try:
            if not self._is_ours():
                return None
            path = self._path(key)
            data = _read(path)
        except OSError:
            return None
        digest, code = data[:_DIGEST], data[_DIGEST:]
        if digest != _seal(key, code):
            return None
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)
        return code

    def put(self, key: str, code: bytes) -> None:
        """Keep the code; where that cannot be done, the next process compiles it again."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_ours():
                self._replace(self._path(key), _seal(key, code) + code)
                if not self._is_cleared:
                    self._is_cleared = True
                    self._clear()

    def _clear(self) -> None:
        """Remove what has not been used for a month."""
        oldest = time.time() - _KEPT
        with os.scandir(self.folder) as entries:
            for entry in entries:
                # Another process may be clearing away as well, or reading (on Windows).
                with suppress(OSError):
                    last_use = entry.stat(follow_symlinks=False).st_mtime
                    if entry.name.endswith((".o", ".part")) and last_use < oldest:
                        os.unlink(entry.path)

    def _replace(self, path: Path, data: bytes) -> None:
        # Made by mkstemp, the file is open to its owner alone.
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.o"

    def _is_ours(self) -> bool:
        status = os.lstat(self.folder)
        return stat.S_ISDIR(status.st_mode) and _is_private(status)


def _seal(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + code).digest()


def _is_private(status: os.stat_result) -> bool:
    """Whether only this user can write to it. Windows keeps the cache in the user's own profile."""
    if os.name == "nt":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _read(path: Path) -> bytes:
    """The bytes of a plain file that only this user can write; the checks hold for what is read.

    Raises:
        OSError: there is no such file, or it is somebody else's.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not (stat.S_ISREG(status.st_mode) and _is_private(status)):
            raise PermissionError(f"{path} can be written by others")
        return file.read(_LARGEST)
