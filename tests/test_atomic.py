"""Atomic writing: whole old file or whole new file, and nothing left over."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from graphspec import atomic


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_writes_new_and_replaces_old(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    atomic.write_bytes(path, b"one")
    assert path.read_bytes() == b"one"
    atomic.write_text(path, "zwei\r\nü\n")
    assert path.read_bytes() == "zwei\r\nü\n".encode()
    assert names(tmp_path) == ["model.json"]


def test_writing_lets_the_temporary_file_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    with atomic.writing(path) as temporary:
        assert temporary.parent == tmp_path
        other = tmp_path / "elsewhere"
        other.write_bytes(b"filled")
        os.replace(other, temporary)
    assert path.read_bytes() == b"filled"
    assert names(tmp_path) == ["weights.bin"]


def test_error_in_the_block_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic.write_bytes(path, b"old")

    def fill_half() -> None:
        with atomic.writing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_half()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failing_disk_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a"
    atomic.write_bytes(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, call, full)
    with pytest.raises(OSError, match="No space left"):
        atomic.write_bytes(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_flushes_the_file_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(handle: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def note_replace(a: Path, b: Path) -> None:
        order.append("rename")
        replace(a, b)

    monkeypatch.setattr(atomic.os, "fsync", note_fsync)
    monkeypatch.setattr(atomic.os, "replace", note_replace)
    atomic.write_bytes(tmp_path / "a", b"x")
    assert order == (["file", "rename"] if os.name == "nt" else ["file", "rename", "folder"])


def test_missing_folder_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic.write_bytes(tmp_path / "none" / "a", b"x")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and links")
def test_keeps_permissions_and_follows_links(tmp_path: Path) -> None:
    plain, fresh = tmp_path / "plain", tmp_path / "fresh"
    plain.touch()
    atomic.write_bytes(fresh, b"x")
    assert fresh.stat().st_mode == plain.stat().st_mode
    fresh.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(fresh)
    atomic.write_bytes(link, b"y")
    assert link.is_symlink()
    assert fresh.read_bytes() == b"y"
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o640
