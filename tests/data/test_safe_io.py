"""Budgets, npy headers, archives and images: what is refused, and that it is refused early."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphspec.data import safe_io
from graphspec.data.budget import Budget
from graphspec.errors import DataError, UnsafeFileError

MIB = 1 << 20


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npy_claiming(header: str) -> bytes:
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def peak(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


ARRAYS = [
    np.arange(6, dtype="<f4").reshape(2, 3),
    np.arange(6, dtype=">i8").reshape(1, 6),
    np.asfortranarray(np.arange(24, dtype=np.float64).reshape(2, 3, 4)),
    np.array([True, False, True]),
    np.array(["cat", "dög"]),
    np.array([b"a", b"bc"]),
    np.float32(3.5),
    np.empty((0, 3), np.uint8),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}-{a.shape}")
def test_npy_reads_what_numpy_wrote(tmp_path: Path, array: np.ndarray) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(np.asanyarray(array)))
    back = safe_io.read_npy(path)
    assert back.dtype == np.asanyarray(array).dtype.newbyteorder("=")
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999999999999999), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 40 + "), }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': __import__('os').getpid(), 'shape': (1,), }",
        "(" * 5000,
        "",
    ],
)
def test_npy_header_that_lies_is_refused_without_memory(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy_claiming(header) + bytes(4))

    def read() -> None:
        with pytest.raises(UnsafeFileError, match=r"a\.npy"):
            safe_io.read_npy(path)

    assert peak(read) < MIB


def test_npy_cut_at_every_byte_is_refused(tmp_path: Path) -> None:
    whole = npy(np.arange(5, dtype=np.int16))
    path = tmp_path / "a.npy"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UnsafeFileError):
            safe_io.read_npy(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(UnsafeFileError, match="more bytes follow"):
        safe_io.read_npy(path)


def test_pickled_array_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    np.save(tmp_path / "a.npy", np.array([Touch()], dtype=object), allow_pickle=True)
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Touch()))
    with pytest.raises(UnsafeFileError, match="object arrays are never read"):
        safe_io.read_npy(tmp_path / "a.npy")
    with pytest.raises(UnsafeFileError):
        safe_io.read_npz(tmp_path / "b.npz")
    assert not (tmp_path / "ran").exists()


def test_npz_reads_what_numpy_wrote(tmp_path: Path) -> None:
    arrays = {"x": np.arange(12).reshape(3, 4), "y": np.array([1.5, 2.5], np.float32)}
    np.savez(tmp_path / "plain.npz", **arrays)
    np.savez_compressed(tmp_path / "packed.npz", **arrays)
    for name in ("plain.npz", "packed.npz"):
        back = safe_io.read_npz(tmp_path / name)
        assert list(back) == ["x", "y"]
        for key, array in arrays.items():
            np.testing.assert_array_equal(back[key], array)
            assert back[key].dtype == array.dtype


def test_npz_bomb_stops_at_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros(300 * MIB, np.uint8))
    assert path.stat().st_size < MIB

    def read() -> None:
        with pytest.raises(UnsafeFileError, match="budget has 1,048,576 left"):
            safe_io.read_npz(path, Budget(total_bytes=MIB))

    assert peak(read) < 4 * MIB


def test_npz_claiming_more_than_deflate_can_hold_allocates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "liar.npz"
    claim = npy_claiming("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000,), }")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", claim)

    def read() -> None:
        with pytest.raises(UnsafeFileError, match="the file can hold at most"):
            safe_io.read_npz(path)

    assert peak(read) < 4 * MIB


def test_npz_budget_is_shared_by_its_members(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{f"k{i}": np.zeros(MIB, np.uint8) for i in range(4)})
    assert len(safe_io.read_npz(tmp_path / "a.npz", Budget(total_bytes=5 * MIB))) == 4
    with pytest.raises(UnsafeFileError, match="'k2'"):
        safe_io.read_npz(tmp_path / "a.npz", Budget(total_bytes=5 * MIB // 2))


def test_npz_with_many_members_or_a_huge_directory(tmp_path: Path) -> None:
    path = tmp_path / "many.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(300):
            archive.writestr(f"{i}.npy", b"")
    with pytest.raises(UnsafeFileError, match="300 members"):
        safe_io.read_npz(path)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(20_000):
            archive.writestr(f"{i:060}.npy", b"")

    def read() -> None:
        with pytest.raises(UnsafeFileError, match="directory of more than"):
            safe_io.read_npz(path)

    assert peak(read) < 4 * MIB


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_npz_refuses_methods_that_unpack_without_bounds(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("x.npy", npy(np.zeros(1000)))
    with pytest.raises(UnsafeFileError, match="savez_compressed"):
        safe_io.read_npz(tmp_path / "a.npz")


def test_npz_refuses_a_name_that_comes_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", npy(np.zeros(2)))
        archive.writestr("x", npy(np.ones(2)))
    with pytest.raises(UnsafeFileError, match="twice"):
        safe_io.read_npz(tmp_path / "a.npz")


def test_gzip_bomb_stops_at_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(200 * MIB)))

    def read() -> None:
        with pytest.raises(UnsafeFileError, match="unpacked content"):
            safe_io.read_bytes(path, Budget(total_bytes=MIB), gunzip=True)

    assert peak(read) < 8 * MIB


def test_gzip_damage_is_found(tmp_path: Path) -> None:
    whole = gzip.compress(bytes(range(256)) * 20)
    path = tmp_path / "a.gz"
    path.write_bytes(whole)
    assert safe_io.read_bytes(path, gunzip=True) == bytes(range(256)) * 20
    for damaged in (whole[:-1], whole[:-8] + zlib.crc32(b"").to_bytes(8, "little"), whole + b"x"):
        path.write_bytes(damaged)
        with pytest.raises(UnsafeFileError):
            safe_io.read_bytes(path, gunzip=True)


def test_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert safe_io.read_text(path) == "one\r\ntwo"
    assert list(safe_io.read_lines(path)) == ["one\r\n", "two"]
    with pytest.raises(UnsafeFileError, match="it has 11 bytes on disk"):
        safe_io.read_bytes(path, Budget(file_bytes=5))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UnsafeFileError, match="UTF-8"):
        safe_io.read_text(path)
    with pytest.raises(UnsafeFileError, match="UTF-8"):
        list(safe_io.read_lines(path))
    path.write_bytes(b"x" * (5 * MIB))
    with pytest.raises(UnsafeFileError, match="a line is longer"):
        list(safe_io.read_lines(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        safe_io.read_bytes(tmp_path / "none")
    with pytest.raises(UnsafeFileError, match="not an ordinary file"):
        safe_io.read_bytes(tmp_path)
    with pytest.raises(DataError, match="null"):
        safe_io.read_bytes("a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsafeFileError, match="not an ordinary file"):
        safe_io.read_bytes(tmp_path / "pipe")


def test_names_of_files_stay_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        safe_io.read_bytes(tmp_path / "a\n\x1b[31mb")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_folders_are_sorted_counted_and_hide_dot_files(tmp_path: Path) -> None:
    for name in ("b", "a", ".c"):
        (tmp_path / name).touch()
    assert [entry.name for entry in safe_io.list_folder(tmp_path)] == ["a", "b"]
    with pytest.raises(UnsafeFileError, match="more than 1 entries"):
        safe_io.list_folder(tmp_path, Budget(files=1))
    with pytest.raises(DataError, match="cannot list"):
        safe_io.list_folder(tmp_path / "none")


def make_tar(path: Path, members: dict[str, bytes], extra: tarfile.TarInfo | None = None) -> None:
    with tarfile.open(path, "w:gz") as archive:
        if extra is not None:
            archive.addfile(extra)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_tar_gives_the_wanted_files_and_ignores_paths_and_links(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    link = tarfile.TarInfo("inner/a.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    make_tar(path, {"../../a.bin": b"one", "/b.bin": b"two", "c": b"three"}, link)
    assert dict(safe_io.read_tar(path, {"a.bin": 3, "b.bin": 3})) == {
        "a.bin": b"one",
        "b.bin": b"two",
    }
    with pytest.raises(UnsafeFileError, match="5 bytes"):
        dict(safe_io.read_tar(path, {"c": 4}))
    with pytest.raises(UnsafeFileError, match="lacks d"):
        dict(safe_io.read_tar(path, {"c": 5, "d": 5}))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnsafeFileError):
        dict(safe_io.read_tar(path, {"c": 5, "d": 5}))


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "ppm", "webp", "jpg"])
def test_images_are_read_channels_first(tmp_path: Path, suffix: str) -> None:
    pixels = np.zeros((6, 9, 3), np.uint8)
    pixels[:, :, 0] = 200
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(pixels).save(path)
    image = safe_io.read_image(path)
    assert image.shape == (3, 6, 9)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    np.testing.assert_allclose(image.mean((1, 2)), [200, 0, 0], atol=4)
    assert safe_io.read_image(path, grey=True).shape == (1, 6, 9)
    assert safe_io.read_image(path, size=(4, 5)).shape == (3, 4, 5)


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + content


@pytest.mark.parametrize(
    ("size", "why"),
    [((8000, 8000), "8,000×8,000 pixels"), ((10_000, 10_000), "bomb"), ((60_000, 60_000), "bomb")],
)
def test_image_bombs_are_refused(tmp_path: Path, size: tuple[int, int], why: str) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(*size))

    def read() -> None:
        with pytest.raises(UnsafeFileError, match=why):
            safe_io.read_image(path)

    assert peak(read) < 8 * MIB


def test_images_of_16_bits_are_refused_rather_than_clipped(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(path)
    with pytest.raises(UnsafeFileError, match="8 bits a channel"):
        safe_io.read_image(path, grey=True)


def test_what_a_decoder_says_names_no_object_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    with pytest.raises(UnsafeFileError, match=r"a\.png") as caught:
        safe_io.read_image(path)
    assert "object at 0x" not in str(caught.value)


def test_other_image_formats_and_damage_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path, format="TIFF")
    with pytest.raises(UnsafeFileError, match="known format"):
        safe_io.read_image(path)
    path.write_bytes(png_claiming(4, 4))
    with pytest.raises(UnsafeFileError):
        safe_io.read_image(path)


@given(st.binary(max_size=300))
def test_any_header_text_is_refused_or_understood(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "header.npy"
    path.write_bytes(npy_claiming(text.decode("latin-1")))
    with pytest.raises(UnsafeFileError):
        safe_io.read_npy(path)
