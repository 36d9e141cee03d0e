"""Which engine computes, and what is said where it cannot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphspec.cli import main
from graphspec.engines import choosing
from graphspec.engines.checking import find_problems
from graphspec.engines.choosing import Choice, open_engine, reopen_engine, usable_cores
from graphspec.errors import EngineError, EngineWarning
from graphspec.train.events import Started
from graphspec.train.session import create_run, train_run
from tests.train.nets import config, network, points

WITHOUT_LLVMLITE = "computing with numpy, which is slower: the package llvmlite is missing"


@pytest.fixture
def looked_anew() -> Iterator[None]:
    """What this machine can do is found out during the test, and once more after it."""
    choosing._why_not_here.cache_clear()
    yield
    choosing._why_not_here.cache_clear()


@pytest.fixture
def no_llvmlite(monkeypatch: pytest.MonkeyPatch, looked_anew: None) -> None:
    monkeypatch.setattr(choosing, "find_spec", lambda name: None)


def test_the_fastest_that_can_is_taken() -> None:
    pytest.importorskip("llvmlite")
    fast = open_engine(None, "float32")
    assert (fast.name, fast.threads) == ("jit", usable_cores())
    assert open_engine(None, "float32", threads=3).threads == 3
    assert open_engine(None, "float64").name == "numpy"


@pytest.mark.usefixtures("no_llvmlite")
def test_numpy_serves_where_llvmlite_is_missing_and_says_so() -> None:
    with pytest.warns(EngineWarning, match=WITHOUT_LLVMLITE):
        assert open_engine(None, "float32", threads=2).name == "numpy"
    with pytest.raises(EngineError, match="llvmlite is missing"):
        open_engine("jit", "float32")
    with pytest.warns(EngineWarning, match=WITHOUT_LLVMLITE):
        engine = reopen_engine({"engine": "jit", "threads": 2, "accuracy": "accurate"}, "float32")
    assert (engine.name, engine.environment) == ("numpy", {"accuracy": "accurate"})  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("no_llvmlite")
def test_nothing_is_said_where_numpy_was_asked_for_or_nothing_is_computed() -> None:
    assert open_engine("numpy", "float32").name == "numpy"
    assert open_engine(None, "float64").name == "numpy"
    assert reopen_engine({"engine": "jit", "threads": 2}, "float64").name == "numpy"
    assert not find_problems(network())


@pytest.mark.usefixtures("looked_anew")
def test_numpy_serves_on_an_unknown_processor_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    from graphspec.engines.jit import target

    monkeypatch.setattr(target, "host", target.host.__wrapped__)
    monkeypatch.setattr(target.llvm, "get_host_cpu_features", target.llvm.FeatureMap)
    monkeypatch.setattr(target.llvm, "get_host_cpu_name", lambda: "abacus")
    monkeypatch.setattr(target.llvm, "get_process_triple", lambda: "abacus-unknown-linux")
    with pytest.warns(EngineWarning, match="no kernels for this processor .abacus."):
        assert open_engine(None, "float32").name == "numpy"


@pytest.mark.usefixtures("looked_anew")
def test_numpy_serves_where_llvmlite_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    from graphspec.engines.jit import target

    monkeypatch.setattr(target, "host", target.host.__wrapped__)
    monkeypatch.setattr(target.llvm, "llvm_version_info", (15, 0, 7))
    with pytest.warns(EngineWarning, match="is too old for its kernels"):
        assert open_engine(None, "float32").name == "numpy"


@pytest.mark.usefixtures("looked_anew")
def test_numpy_serves_where_llvmlite_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    # As where a library that it needs is missing: Python finds it, and cannot import it.
    monkeypatch.setitem(sys.modules, "graphspec.engines.jit.target", None)
    with pytest.warns(EngineWarning, match="llvmlite cannot be loaded"):
        assert open_engine(None, "float32").name == "numpy"


@pytest.mark.filterwarnings("default:computing with numpy")
@pytest.mark.usefixtures("no_llvmlite")
@pytest.mark.parametrize("quiet", [False, True])
def test_the_command_line_says_it_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], quiet: bool
) -> None:
    options = ["--epochs", "1", "--run", str(tmp_path / "run"), *(["--quiet"] if quiet else [])]
    assert main(["train", "two_layer_net", *options]) == 0
    # The line is as wide as the terminal.
    said = " ".join(capsys.readouterr().err.split())
    assert said == "" if quiet else said.startswith(f"! {WITHOUT_LLVMLITE}")


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(EngineError, match="there is no engine 'tpu'"):
        open_engine("tpu", "float32")
    with pytest.raises(EngineError, match="float64 is asked for"):
        open_engine("jit", "float64")
    with pytest.raises(EngineError, match="one thread"):
        open_engine("numpy", "float32", threads=2)
    with pytest.raises(EngineError, match="there is no accuracy 'best'"):
        open_engine("numpy", "float32", accuracy="best")  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [-1, 0, 1000])
def test_threads_that_cannot_be_are_refused(threads: int) -> None:
    pytest.importorskip("llvmlite")
    for choose in (
        lambda: open_engine(None, "float32", threads=threads),
        lambda: reopen_engine({"engine": "jit"}, "float32", Choice(threads=threads)),
    ):
        with pytest.raises(EngineError, match=f"ask for 1 to [0-9]+ threads, not for {threads}"):
            choose()


def test_a_run_keeps_its_engine_threads_and_accuracy() -> None:
    pytest.importorskip("llvmlite")
    before = {"engine": "jit", "threads": 3, "accuracy": "accurate"}
    engine = reopen_engine(before, "float32")
    assert (engine.threads, engine.environment["accuracy"]) == (3, "accurate")  # type: ignore[attr-defined]
    assert reopen_engine(before, "float32", Choice(threads=1)).threads == 1
    assert reopen_engine(before, "float32", Choice(engine="numpy")).environment == {  # type: ignore[attr-defined]
        "accuracy": "accurate"
    }
    assert reopen_engine({**before, "threads": 999}, "float32").threads == usable_cores()
    assert reopen_engine({}, "float32").name == "numpy"


@pytest.mark.parametrize("choice", [Choice(engine="numpy"), Choice(threads=3)])
def test_going_on_with_another_engine_is_not_exact(tmp_path: Path, choice: Choice) -> None:
    pytest.importorskip("llvmlite")
    run = create_run(
        network(), config(dtype="float32", epochs=1), tmp_path / "run", engine="jit", threads=2
    )
    list(train_run(run.path, data=points()))
    longer = run.config.model_copy(update={"epochs": 2})
    started = next(train_run(run.path, data=points(), config=longer, choice=choice))
    assert isinstance(started, Started)
    assert not started.exact
    assert any(reason.startswith(("engine was", "threads was")) for reason in started.reasons)
