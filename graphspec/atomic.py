"""Writing a file so that a reader finds the whole old one or the whole new one.

The bytes go to a temporary file in the same folder, are flushed to the disk, take the place of
the old file by a rename, and the folder itself is flushed so that the rename survives a power
cut. When anything fails, the old file is untouched and the temporary one is removed.

Raises ``OSError`` as the system gives it (full disk, read-only folder): the caller knows what
the file was for and says so.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPORARY_SUFFIX = ".part"


@contextmanager
def writing(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path to fill; it becomes ``path`` when the block ends without an error.

    The temporary file exists, is empty, lies in the folder of ``path``, and may be overwritten or
    replaced by whatever fills it (``safetensors.save_file`` does the latter). What is not
    ``durable`` is not flushed, and may be lost or damaged by a power cut.
    """
    target = _final_target(Path(path))
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name[:64]}.", suffix=TEMPORARY_SUFFIX, dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(_mode_for(target))
        if durable:
            _flush_file(temporary)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if durable:
        _flush_folder(target.parent)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8 with its line ends as they are, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def _final_target(path: Path) -> Path:
    """Follow a symbolic link, so that the file it points to is renewed and the link stays."""
    return path.resolve() if path.is_symlink() else path


def _mode_for(target: Path) -> int:
    """Permissions of the file that is replaced, else those that ``open`` would give a new one."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return 0o666 & ~_UMASK


def _read_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


# The mask can only be read by setting it, which would race with other threads' new files later.
_UMASK = _read_umask()


def _flush_file(path: Path) -> None:
    # Windows flushes only a handle that may write.
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Flush a folder's entries; Windows and some network file systems cannot, and need not."""
    if os.name == "nt":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
