"""Broken and hostile files: each reader answers with data or with ``DataError``, in its budget.

Every reader is given files that were whole and then had bytes changed, cut, repeated or
swapped, the sizes in headers most of all. An audit hook watches for anything that is written,
removed, run or connected to meanwhile.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from graphspec.data import Budget, load_data
from graphspec.data.safe_io import read_npy, read_tar
from graphspec.errors import DataError

BUDGET = Budget(
    file_bytes=1 << 20, total_bytes=8 << 20, pixels=1 << 18, elements=8 << 20, members=20
)
SLACK = 64 << 20
FEW, MANY = 300, 20_000

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_watched: list[str] = []
_watching = False
_FORBIDDEN = {
    "os.chmod", "os.exec", "os.fork", "os.link", "os.mkdir", "os.posix_spawn", "os.remove",
    "os.rename", "os.rmdir", "os.symlink", "os.system", "os.truncate", "pickle.find_class",
    "shutil.rmtree", "socket.bind", "socket.connect", "subprocess.Popen", "tempfile.mkstemp",
}  # fmt: skip


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event in _FORBIDDEN:
        _watched.append(event)
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        _watched.append(f"open {arguments[0]!r} for writing")


sys.addaudithook(_audit)

PIXELS = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
LABELS = np.array([0, 1, 2, 1], np.uint8)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def idx(array: np.ndarray) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def image(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8)
    return saved(lambda out: Image.fromarray(pixels).save(out, format=kind))


def cifar_pickle() -> bytes:
    # A whole batch is in readers/test_cifar.py; here its parts, for the decoder to stumble over.
    return (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\n"
        b"K\x00\x85U\x01b\x87R(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03"
        b"U\x01|NNNJ\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00" + bytes(3072) + b"tbU\x06labels"
        b"](K\x05eu."
    )


def tar() -> bytes:
    import tarfile

    def save(out: io.BytesIO) -> None:
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name in ("a.bin", "b.bin"):
                info = tarfile.TarInfo(name)
                info.size = 600
                archive.addfile(info, io.BytesIO(bytes(600)))

    return saved(save)


def one(name: str, **options: Any) -> Callable[[Path], object]:
    return lambda folder: load_data(folder / name, budget=BUDGET, **options)


def whole(folder: Path) -> object:
    return load_data(folder, budget=BUDGET)


IDX_LABELS = ("train-labels-idx1-ubyte", idx(LABELS))
READERS: dict[str, tuple[str, bytes, Callable[[Path], object], tuple[tuple[str, bytes], ...]]] = {
    "idx": ("train-images-idx3-ubyte", idx(PIXELS), whole, (IDX_LABELS,)),
    "idx-gz": ("train-images-idx3-ubyte.gz", gzip.compress(idx(PIXELS)), whole, (IDX_LABELS,)),
    "idx-labels": (*IDX_LABELS, whole, (("train-images-idx3-ubyte", idx(PIXELS)),)),
    "npy": (
        "a.npy",
        saved(lambda out: np.save(out, PIXELS)),
        lambda folder: read_npy(folder / "a.npy", BUDGET),
        (),
    ),
    "npz": ("a.npz", saved(lambda out: np.savez(out, x=PIXELS, y=LABELS)), one("a.npz"), ()),
    "npz-packed": (
        "a.npz",
        saved(lambda out: np.savez_compressed(out, x=PIXELS, y=LABELS, classes=["a", "b", "c"])),
        one("a.npz"),
        (),
    ),
    "csv": ("a.csv", b'a,b,"k ind"\n' + b'1,2.5,x\n3,-4e3,y\n"5",.6,x\n' * 3, one("a.csv"), ()),
    "csv-gz": ("a.csv.gz", gzip.compress(b"1,2,0\n3,4,1\n" * 20), one("a.csv.gz"), ()),
    "cifar": ("train.bin", bytes(i % 20 for i in range(3074 * 2)), whole, ()),
    "cifar-pickle": ("train", cifar_pickle(), whole, ()),
    "tar": (
        "a.tar",
        tar(),
        lambda folder: list(read_tar(folder / "a.tar", {"a.bin": 600, "b.bin": 600}, BUDGET)),
        (),
    ),
    **{
        kind: (f"one/a.{kind}", image(kind), whole, ())
        for kind in ("png", "jpeg", "bmp", "gif", "ppm", "webp")
    },
}


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a whole file in one to four ways; the front, where sizes are, most often."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        if not out:
            break
        near = min(len(out), 200) if rng.random() < 0.6 else len(out)
        at = int(rng.integers(near))
        count = int(rng.integers(1, 9))
        match int(rng.integers(8)):
            case 0:
                out[at] ^= 1 << int(rng.integers(8))
            case 1:
                out[at : at + count] = rng.bytes(count)
            case 2:
                out[at : at + count] = b"\xff" * count
            case 3:
                out[at : at + count] = bytes(count)
            case 4:
                del out[at : at + int(rng.integers(1, len(out) + 1))]
            case 5:
                piece = out[at : at + int(rng.integers(1, 200))]
                out[at:at] = piece * int(rng.integers(1, 20))
            case 6:
                out[at : at + 4] = int(rng.choice([2**31 - 1, 2**31, 2**32 - 1])).to_bytes(4, "big")
            case _:
                end = int(rng.integers(len(out)))
                out[at:at] = out[end : end + count]
    return bytes(out)


def repack(data: bytes, rng: np.random.Generator) -> bytes:
    """A zip or gzip whose content is broken and whose checksums are right."""
    if data[:2] == b"\x1f\x8b":
        return gzip.compress(mutate(gzip.decompress(data), rng), 1)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, mutate(old.read(name), rng))
    return out.getvalue()


def right_checksums(data: bytes) -> bytes:
    """A png with the checksum of each chunk put right, so that its content is looked at."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + length]
        out += data[at : at + 4] + body + zlib.crc32(body).to_bytes(4, "big")
        at += 12 + length
    return bytes(out)


def files(kind: str, data: bytes, count: int, seed: int) -> Iterator[bytes]:
    rng = np.random.default_rng(seed)
    for i in range(count):
        if i % 3 == 0 and (data[:2] == b"\x1f\x8b" or data[:2] == b"PK"):
            yield repack(data, rng)
        elif i % 3 == 0 and kind == "png":
            yield right_checksums(mutate(data, rng))
        else:
            yield mutate(data, rng)


def campaign(kind: str, folder: Path, count: int) -> None:
    global _watching
    name, data, read, others = READERS[kind]
    (folder / name).parent.mkdir(exist_ok=True)
    for other, content in others:
        (folder / other).write_bytes(content)
    (folder / name).write_bytes(data)
    read(folder)
    refused = 0
    tracemalloc.start()
    try:
        for i, broken in enumerate(files(kind, data, count, seed=231)):
            (folder / name).write_bytes(broken)
            tracemalloc.reset_peak()
            _watching = True
            try:
                read(folder)
            except DataError:
                refused += 1
            except BaseException as error:
                _watching = False
                raise AssertionError(f"file {i}: {type(error).__name__}: {error}") from error
            finally:
                _watching = False
            assert tracemalloc.get_traced_memory()[1] <= BUDGET.total_bytes + SLACK, i
    finally:
        tracemalloc.stop()
    assert _watched == []
    # Were hardly any refused, the files would not be broken enough to mean anything.
    assert refused > count // 5


@pytest.mark.parametrize("kind", READERS)
def test_broken_files_give_data_or_data_error(kind: str, tmp_path: Path) -> None:
    campaign(kind, tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", READERS)
def test_many_broken_files_give_data_or_data_error(kind: str, tmp_path: Path) -> None:
    campaign(kind, tmp_path, MANY)


def test_the_hook_sees_writing(tmp_path: Path) -> None:
    global _watching
    _watching = True
    try:
        (tmp_path / "a").write_text("x")
    finally:
        _watching = False
    assert len(_watched) == 1
    _watched.clear()
