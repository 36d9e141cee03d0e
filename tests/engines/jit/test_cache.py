"""Machine code on disk is used when it is ours and whole, and never otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graphspec.engines.jit.cache import ObjectCache

needs_owners = pytest.mark.skipif(os.name == "nt", reason="Windows has no owners and modes")


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "a" / "jit")


def only_file(cache: ObjectCache) -> Path:
    (path,) = cache.folder.iterdir()
    return path


def test_gives_back_what_was_put(cache: ObjectCache) -> None:
    assert cache.get("one") is None
    cache.put("one", b"code")
    assert cache.get("one") == b"code"
    assert cache.get("two") is None
    cache.put("one", b"other code")
    assert cache.get("one") == b"other code"


@needs_owners
def test_the_folder_is_for_its_owner_alone(cache: ObjectCache) -> None:
    cache.put("one", b"code")
    assert cache.folder.stat().st_mode & 0o777 == 0o700


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "one bit": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "the digest": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "cut": lambda data: data[:-2],
    "cut in the digest": lambda data: data[:20],
    "longer": lambda data: data + b"!",
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_code_counts_as_absent(cache: ObjectCache, damage: str) -> None:
    cache.put("one", b"machine code")
    path = only_file(cache)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert cache.get("one") is None
    cache.put("one", b"machine code")
    assert cache.get("one") == b"machine code"


def test_code_of_another_key_counts_as_absent(cache: ObjectCache) -> None:
    """A file that was renamed is whole, but not what is asked for."""
    cache.put("one", b"code")
    path = only_file(cache)
    cache.put("two", b"other")
    (other,) = set(cache.folder.iterdir()) - {path}
    path.replace(other)
    assert cache.get("two") is None


@needs_owners
def test_a_folder_that_others_can_write_to_is_not_used(cache: ObjectCache) -> None:
    cache.put("one", b"code")
    cache.folder.chmod(0o770)
    assert cache.get("one") is None
    cache.put("two", b"code")
    assert len(list(cache.folder.iterdir())) == 1


@needs_owners
def test_a_file_that_others_can_write_to_is_not_used(cache: ObjectCache) -> None:
    cache.put("one", b"code")
    only_file(cache).chmod(0o666)
    assert cache.get("one") is None


@needs_owners
def test_links_are_not_followed(cache: ObjectCache, tmp_path: Path) -> None:
    cache.put("one", b"code")
    path = only_file(cache)
    path.rename(tmp_path / "elsewhere.o")
    path.symlink_to(tmp_path / "elsewhere.o")
    assert cache.get("one") is None
    linked = ObjectCache(tmp_path / "link")
    linked.folder.symlink_to(cache.folder)
    linked.put("two", b"code")
    assert linked.get("two") is None


@needs_owners
def test_what_somebody_else_owns_is_not_used(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put("one", b"code")
    owner = cache.folder.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert cache.get("one") is None


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ObjectCache(tmp_path / "file" / "jit")
    cache.put("one", b"code")
    assert cache.get("one") is None


def test_a_write_that_fails_leaves_nothing_behind(
    cache: ObjectCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.put("one", b"code")
    assert list(cache.folder.iterdir()) == []


def age(path: Path, days: float) -> None:
    then = path.stat().st_mtime - days * 24 * 3600
    os.utime(path, (then, then))


def test_what_nobody_has_used_for_a_month_is_cleared_away(cache: ObjectCache) -> None:
    for key in ("recent", "used", "unused"):
        cache.put(key, b"code")
    torn, foreign = cache.folder / ".torn.part", cache.folder / "notes.txt"
    for path in (torn, foreign):
        path.write_bytes(b"")
    for path in cache.folder.iterdir():
        age(path, 31)
    cache.put("recent", b"code")
    assert cache.get("used") == b"code"  # an old file, but now in use
    another_process = ObjectCache(cache.folder)
    another_process.put("new", b"code")
    kept = {key for key in ("recent", "used", "unused", "new") if another_process.get(key)}
    assert kept == {"recent", "used", "new"}
    assert foreign.exists()
    assert not torn.exists()


SCRIPT = """
import sys
import numpy as np
from graphspec.engines.jit import compiler
from graphspec.engines.jit.builder import SIGNATURE, Kernel

def kernel(k: Kernel) -> None:
    x = k.pointer()
    x[0] = x[0] * 2.0

compiled = []
compile_module = compiler.compile_module
compiler.compile_module = lambda *args: compiled.append(1) or compile_module(*args)
x = np.array([21.0], np.float32)
args = np.array([x.ctypes.data], np.int64)
SIGNATURE(compiler.native("twice", kernel))(args.ctypes.data, 0, 1, 0)
print(x[0], len(compiled))
"""


def start(script: Path, home: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "XDG_CACHE_HOME": str(home), "LOCALAPPDATA": str(home), "HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, str(script)], env=env, stdout=subprocess.PIPE, text=True
    )


def test_processes_share_it(tmp_path: Path) -> None:
    """Two at once with an empty cache, then one more that finds it filled, and then damaged."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    both = [start(script, tmp_path / "home") for _ in range(2)]
    for process in both:
        assert process.communicate()[0].startswith("42.0 ")
    assert start(script, tmp_path / "home").communicate()[0] == "42.0 0\n"
    (code,) = (tmp_path / "home").rglob("*.o")
    code.write_bytes(code.read_bytes()[:-7])
    assert start(script, tmp_path / "home").communicate()[0] == "42.0 1\n"
