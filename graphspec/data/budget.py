"""What a load may use at most, and how a file that asks for more is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from graphspec.errors import GraphspecError, UnsafeFileError

FilePath = str | os.PathLike[str]
DAMAGED = "The file is damaged or is not what its name says; get it again from its source"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one load may use at most; a reader that opens several files shares one budget.

    ``file_bytes`` is the size of one file on disk, ``total_bytes`` what the load may hold in
    memory after decompression and conversion, ``members`` the entries of one archive, ``files``
    the files of one folder, ``pixels`` the pixels of one image, ``elements`` those of one array.
    """

    file_bytes: int = 1 << 30
    total_bytes: int = 2 << 30
    members: int = 256
    files: int = 500_000
    pixels: int = 50_000_000
    elements: int = 1 << 30

    def minus(self, used: int) -> Budget:
        """The budget that is left after ``used`` bytes of memory are taken."""
        return replace(self, total_bytes=max(0, self.total_bytes - used))

    def require(self, needed: int, path: FilePath, what: str) -> None:
        """Raise ``UnsafeFileError`` when ``needed`` bytes of memory are more than are left."""
        if needed > self.total_bytes:
            raise unsafe(
                path,
                f"{what} would need {needed:,} bytes, and the budget has {self.total_bytes:,} left",
                "If the file is really that large, pass a larger Budget(total_bytes=...)",
            )


DEFAULT_BUDGET = Budget()


def unsafe(path: FilePath, what: str, todo: str) -> UnsafeFileError:
    """The error for a file: what is wrong with it and what to do."""
    # repr, so that a file name with line ends or escape codes stays on one harmless line.
    return UnsafeFileError(f"cannot read {os.fspath(path)!r}: {what}. {todo}.")


@contextmanager
def decoding(path: FilePath, what: str) -> Iterator[None]:
    """Turn whatever a decoder raises on a broken file into an error that names the file."""
    try:
        yield
    except GraphspecError:
        raise
    except Exception as error:
        # Some decoders name the object in memory that they read from; the path says more.
        said = re.sub(r"<[\w.]+ object at 0x[0-9a-fA-F]+>", "it", str(error))
        detail = " ".join(said.split())[:200] or type(error).__name__
        raise unsafe(path, f"it is not {what} ({detail!r})", DAMAGED) from error
