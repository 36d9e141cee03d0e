"""The one module that opens files which somebody else made.

A file that graphspec did not write may lie about itself: 100 bytes can declare a terabyte, an
archive can unpack to a thousand times its size, and some formats can name code to run. So every
foreign file goes through here. Sizes are checked against an absolute ``Budget`` before anything
is allocated and again while bytes arrive; decompression is streamed and stops at the budget;
no format that can name code is read. Whatever a decoder underneath raises comes out as an
``UnsafeFileError`` which names the file.

Only reading is done here; ``graphspec.atomic`` writes.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DAMAGED, DEFAULT_BUDGET, Budget, FilePath, decoding, unsafe
from graphspec.data.stream import Array, Stream
from graphspec.errors import DataError

# Deflate cannot expand further than this (RFC 1951: 258 bytes from a quarter of a byte), so a
# declared size beyond it is a lie that can be refused before anything is allocated.
_DEFLATE_LIMIT = 1032
_LONGEST_LINE = 4 << 20
_LONGEST_NPY_HEADER = 10_000
_LARGEST_ZIP_DIRECTORY = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_NPY_MAGIC = b"\x93NUMPY"
# Formats whose decoders are small or very widely fuzzed. TIFF, PSD, EPS and the rest stay out.
_IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP")
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".webp"})


@contextmanager
def open_stream(
    path: FilePath, budget: Budget = DEFAULT_BUDGET, *, gunzip: bool = True
) -> Iterator[Stream]:
    """Open a file for reading under ``budget``; gzip is recognised by its first two bytes.

    Raises:
        DataError: there is no such file, or the system will not open it.
        UnsafeFileError: it is no ordinary file, or is larger than the budget.
    """
    with _open_plain(path, budget) as file:
        size = os.fstat(file.fileno()).st_size
        zipped = gunzip and file.peek(2)[:2] == _GZIP_MAGIC
        if not zipped:
            yield Stream(file, path, size, budget)
            return
        with gzip.GzipFile(fileobj=file, mode="rb") as unzipped:
            yield Stream(unzipped, path, _DEFLATE_LIMIT * size, budget)  # type: ignore[arg-type]


@contextmanager
def _open_plain(
    path: FilePath, budget: Budget, buffered: type[io.BufferedReader] = io.BufferedReader
) -> Iterator[io.BufferedReader]:
    try:
        # Asked before opening, because opening a named pipe would wait for ever.
        ordinary = stat.S_ISREG(os.stat(path).st_mode)
        raw = io.FileIO(os.fspath(path), "rb") if ordinary else None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"cannot open {os.fspath(path)!r}: {reason}. Check the path and its permissions."
        ) from error
    if raw is None:
        raise unsafe(path, "it is a folder or device, not an ordinary file", "Name a file")
    with buffered(raw) as file:
        size = os.fstat(file.fileno()).st_size
        if size > budget.file_bytes:
            raise unsafe(
                path,
                f"it has {size:,} bytes on disk, and the budget allows {budget.file_bytes:,}",
                "If it is really that large, pass a larger Budget(file_bytes=...)",
            )
        yield file


def read_bytes(path: FilePath, budget: Budget = DEFAULT_BUDGET, *, gunzip: bool = False) -> bytes:
    """The whole content of a file, unzipped when ``gunzip`` is set and it is gzip."""
    with open_stream(path, budget, gunzip=gunzip) as stream:
        if not gunzip:
            budget.require(stream.most_left, path, "its content")
        return stream.rest()


def read_text(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> str:
    """The whole content of a UTF-8 text file, without a byte-order mark."""
    data = read_bytes(path, budget)
    with decoding(path, "UTF-8 text"):
        return data.decode("utf-8-sig")


def read_lines(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> Iterator[str]:
    """The lines of a UTF-8 text file (gzip or plain), with their ends, one at a time."""
    with open_stream(path, budget) as stream:
        text = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8-sig", newline="")
        while True:
            with decoding(path, "UTF-8 text"):
                line = text.readline(_LONGEST_LINE + 1)
            if len(line) > _LONGEST_LINE:
                raise unsafe(path, f"a line is longer than {_LONGEST_LINE:,} characters", DAMAGED)
            if not line:
                return
            yield line


def list_folder(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> list[Path]:
    """The visible entries of a folder, sorted by name so that every system agrees."""
    entries: list[Path] = []
    try:
        with os.scandir(path) as scan:
            for entry in scan:
                if len(entries) >= budget.files:
                    raise unsafe(
                        path,
                        f"the folder has more than {budget.files:,} entries",
                        "If it is really that large, pass a larger Budget(files=...)",
                    )
                if not entry.name.startswith("."):
                    entries.append(Path(entry.path))
    except OSError as error:
        raise DataError(
            f"cannot list {os.fspath(path)!r}: {error.strerror or error}. "
            "Check the path and its permissions."
        ) from error
    return sorted(entries, key=lambda entry: entry.name)


_NPY_FIELDS = re.compile(
    r"\s*'(?P<key>descr|fortran_order|shape)'\s*:\s*"
    r"(?:'(?P<descr>[<>|=][biufSU][0-9]{1,6})'|(?P<order>True|False)"
    r"|\((?P<shape>(?:\s*[0-9]{1,20}\s*,)*(?:\s*[0-9]{1,20})?)\s*\))\s*(?:,|$)"
)


def _npy_header(text: str, path: FilePath) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    """Read the three fields by pattern: no expression from a file is ever evaluated."""
    body = text.strip()
    found: dict[str, str] = {}
    position = 1
    while body.startswith("{") and position < len(body) - 1:
        match = _NPY_FIELDS.match(body, position, len(body) - 1)
        if match is None or match["key"] in found:
            break
        found[match["key"]] = match["descr"] or match["order"] or match["shape"] or ""
        position = match.end()
    whole = body.endswith("}") and not body[position:-1].strip()
    if not whole or set(found) != {"descr", "fortran_order", "shape"}:
        raise unsafe(
            path,
            f"its npy header is not one of plain numbers or text: {body[:120]!r}",
            "Save the array again with numpy.save and a plain dtype; object arrays are never read",
        )
    with decoding(path, "an npy array of a known type"):
        dtype = np.dtype(found["descr"])
        shape = tuple(int(size) for size in found["shape"].split(",") if size.strip())
    if dtype.itemsize == 0:
        raise unsafe(path, "its npy header declares items of no bytes", DAMAGED)
    return dtype, found["fortran_order"] == "True", shape


def _npy_from(stream: Stream, what: str) -> Array:
    start = stream.exactly(8, f"{what}: the npy header")
    if start[:6] != _NPY_MAGIC or start[6] not in (1, 2, 3):
        raise unsafe(stream.path, f"{what} does not start as an npy array does", DAMAGED)
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.exactly(width, f"{what}: the npy header"), "little")
    if length > _LONGEST_NPY_HEADER:
        raise unsafe(stream.path, f"{what} has an npy header of {length:,} bytes", DAMAGED)
    text = stream.exactly(length, f"{what}: the npy header").decode("latin-1")
    dtype, fortran, shape = _npy_header(text, stream.path)
    array = stream.array(dtype, shape[::-1] if fortran else shape, what)
    stream.end()
    if array.dtype == np.bool_:
        # A bool made of any byte but 0 and 1 is undefined to numpy's loops.
        array = array.view(np.uint8) != 0
    if not fortran:
        return array
    stream.budget.require(2 * array.nbytes, stream.path, f"{what}, in C order,")
    return np.ascontiguousarray(array.T)


def read_npy(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> Array:
    """One array of numbers or text from an ``.npy`` file; object arrays are refused."""
    with open_stream(path, budget, gunzip=False) as stream:
        return _npy_from(stream, "the array")


class _NoLargeReads(io.BufferedReader):
    """Refuses the one read by which a zip directory of any size would come into memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size > _LARGEST_ZIP_DIRECTORY:
            raise ValueError(f"a directory of more than {_LARGEST_ZIP_DIRECTORY:,} bytes")
        return super().read(size)


@contextmanager
def _open_zip(path: FilePath, budget: Budget) -> Iterator[zipfile.ZipFile]:
    with _open_plain(path, budget, _NoLargeReads) as file:
        with decoding(path, "a zip archive that can be read"):
            archive = zipfile.ZipFile(file)
        with archive:
            entries = len(archive.infolist())
            if entries > budget.members:
                raise unsafe(
                    path,
                    f"it has {entries:,} members, and the budget allows {budget.members:,}",
                    "If that is right, pass a larger Budget(members=...)",
                )
            yield archive


def read_npz(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> dict[str, Array]:
    """Every array of an ``.npz`` archive, by name.

    Only stored and deflated members are read: those are the two that numpy writes, and the two
    that Python's zipfile unpacks in bounded steps.
    """
    arrays: dict[str, Array] = {}
    with _open_zip(path, budget) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            what = f"array {name[:80]!r}"
            if name in arrays or info.compress_type not in (
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            ):
                raise unsafe(
                    path,
                    f"{what} comes twice or is packed by a method that numpy does not use",
                    "Save the arrays again with numpy.savez_compressed",
                )
            most = min(info.file_size, _DEFLATE_LIMIT * info.compress_size)
            with decoding(path, "an npz archive"), archive.open(info) as member:
                arrays[name] = _npy_from(Stream(member, path, most, budget), what)
            budget = budget.minus(arrays[name].nbytes)
    return arrays


def read_tar(
    path: FilePath, wanted: Mapping[str, int], budget: Budget = DEFAULT_BUDGET
) -> Iterator[tuple[str, bytes]]:
    """The ``wanted`` files (base name → largest size in bytes) of a tar archive, gzip or plain.

    Folders, links and devices in the archive are passed over, and no path from it is ever used.
    """
    seen: set[str] = set()
    with (
        open_stream(path, budget) as stream,
        decoding(path, "a tar archive"),
        tarfile.open(fileobj=io.BufferedReader(stream), mode="r|") as archive,
    ):
        for count, member in enumerate(archive):
            name = member.name.rsplit("/", 1)[-1]
            if count >= budget.members:
                raise unsafe(path, f"it has more than {budget.members:,} members", DAMAGED)
            if not member.isreg() or name not in wanted:
                continue
            if member.size > wanted[name] or name in seen:
                raise unsafe(path, f"{name!r} comes twice or has {member.size:,} bytes", DAMAGED)
            seen.add(name)
            content = archive.extractfile(member)
            data = content.read() if content else b""
            if len(data) != member.size:
                raise unsafe(path, f"{name!r} is cut short", DAMAGED)
            yield name, data
    if missing := sorted(set(wanted) - seen):
        raise unsafe(path, f"it lacks {', '.join(missing)}", DAMAGED)


def read_image(
    path: FilePath,
    budget: Budget = DEFAULT_BUDGET,
    *,
    grey: bool = False,
    size: tuple[int, int] | None = None,
) -> npt.NDArray[np.uint8]:
    """One image as uint8 of shape (1, H, W) or (3, H, W), resized to ``size`` = (H, W) if given.

    Reads PNG, JPEG, BMP, GIF (its first frame), PPM and WebP. Transparency is dropped.
    """
    from PIL import Image

    data = read_bytes(path, budget)
    with warnings.catch_warnings(), decoding(path, "an image of a known format"):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=_IMAGE_FORMATS) as image:
            width, height = image.size
            if width * height > budget.pixels:
                raise unsafe(
                    path,
                    f"it claims {width:,}×{height:,} pixels, and the budget allows "
                    f"{budget.pixels:,}",
                    "If it is really that large, pass a larger Budget(pixels=...)",
                )
            if image.mode.startswith(("I", "F")):
                # Pillow would clip these to 255, and the picture would be white.
                raise unsafe(
                    path,
                    f"its pixels have more than 8 bits (Pillow's mode {image.mode!r})",
                    "Save the image again with 8 bits a channel",
                )
            # Pillow holds a pixel in four bytes, and each step below makes a copy.
            budget.require(12 * width * height, path, "decoding it")
            pixels: Any = image.convert("L" if grey else "RGB")
        if size is not None and pixels.size != (size[1], size[0]):
            pixels = pixels.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        array = np.array(pixels, dtype=np.uint8)
    channels_first = array[None] if grey else array.transpose(2, 0, 1)
    return np.ascontiguousarray(channels_first)
