"""Another process compiles as this one does; without it, or with a broken one, all goes on here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from graphspec.engines.jit import compiler, translator
from graphspec.engines.jit.builder import Kernel
from graphspec.engines.jit.cache import ObjectCache
from graphspec.engines.jit.target import compile_module, host
from graphspec.engines.jit.translator import Translator
from tests.engines.jit.calling import call

needs_scripts = pytest.mark.skipif(os.name == "nt", reason="Windows starts no scripts")


def scale(factor: float, k: Kernel) -> None:
    x, n = k.pointer(), k.size()
    for i, lanes in k.sweep(0, n):
        x.store(x.load(i, lanes) * factor, i, lanes)


@pytest.fixture
def compiled_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The texts that this process has compiled, from now on, with an empty cache and two cores."""
    texts: list[str] = []

    def counted(text: str, *rest: object) -> bytes:
        texts.append(text)
        return compile_module(text, *rest)

    monkeypatch.setattr(compiler, "compile_module", counted)
    monkeypatch.setattr(compiler, "CACHE", ObjectCache(tmp_path / "jit"))
    monkeypatch.setattr(compiler, "usable_cores", lambda: 2)
    return texts


def run_many(name: str, count: int = 8) -> None:
    kernels = {f"{name}_{i}": partial(scale, float(i)) for i in range(count)}
    compiler.native_all(kernels.items())
    for i, (kernel, emit) in enumerate(kernels.items()):
        x = np.ones(100, np.float32)
        call(kernel, emit, x, x.size)
        np.testing.assert_array_equal(x, np.full(100, i, np.float32))


def test_the_code_is_the_same_as_made_here() -> None:
    texts = [compiler.llvm_text("scaled", partial(scale, factor)) for factor in (2.0, 3.0)]
    with Translator(host()) as other:
        codes = [other.translate(text) for text in texts]
    assert codes == [compile_module(text, host()) for text in texts]


def test_what_llvm_does_not_accept_ends_it() -> None:
    with Translator(host()) as other, pytest.raises(OSError, match="not the length"):
        other.translate("no such language")


def test_both_compile_and_everything_is_kept(compiled_here: list[str]) -> None:
    run_many("both")
    assert len(list(compiler.CACHE.folder.iterdir())) == 8
    assert len(compiled_here) < 8


def test_few_kernels_start_no_process(
    compiled_here: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translator, "Translator", lambda target: pytest.fail("started"))
    run_many("few", 3)
    assert len(compiled_here) == 3


def script(folder: Path, text: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


BROKEN: dict[str, Callable[[Path], str]] = {
    "no executable": lambda folder: "",
    "none there": lambda folder: str(folder / "nothing"),
    "ends at once": lambda folder: script(folder, "exit 1"),
    "says something else": lambda folder: script(folder, "echo hello; exec cat >/dev/null"),
    "stops within an answer": lambda folder: script(folder, "echo 1000; echo x"),
    "never answers": lambda folder: script(folder, "exec sleep 1000"),
}


@needs_scripts
@pytest.mark.parametrize("broken", BROKEN)
def test_without_another_process_this_one_compiles(
    compiled_here: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: str
) -> None:
    monkeypatch.setattr(sys, "executable", BROKEN[broken](tmp_path))
    monkeypatch.setattr(compiler, "_PATIENCE", 0.01)
    run_many(broken.replace(" ", "_"))
    assert len(compiled_here) == 8
    assert len(list(compiler.CACHE.folder.iterdir())) == 8


def test_an_application_of_one_file_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(OSError, match="could be started again"):
        Translator(host())


def test_nothing_is_imported_from_the_folder_it_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llvmlite.py").write_text("raise SystemExit('taken from the folder')")
    monkeypatch.chdir(tmp_path)
    with Translator(host()) as other:
        assert other.translate(compiler.llvm_text("here", partial(scale, 2.0)))
