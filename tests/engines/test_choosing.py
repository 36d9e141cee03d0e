"""Which engine computes, and what is said where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphspec.engines import choosing
from graphspec.engines.choosing import Choice, open_engine, reopen_engine, usable_cores
from graphspec.errors import EngineError
from graphspec.train.events import Started
from graphspec.train.session import create_run, train_run
from tests.train.nets import config, network, points


@pytest.fixture
def no_llvmlite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_why_not_here", lambda: "the package llvmlite is missing")


def test_the_fastest_that_can_is_taken() -> None:
    pytest.importorskip("llvmlite")
    fast = open_engine(None, "float32")
    assert (fast.name, fast.threads) == ("jit", usable_cores())
    assert open_engine(None, "float32", threads=3).threads == 3
    assert open_engine(None, "float64").name == "numpy"


@pytest.mark.usefixtures("no_llvmlite")
def test_numpy_serves_where_llvmlite_is_missing() -> None:
    assert open_engine(None, "float32").name == "numpy"
    with pytest.raises(EngineError, match="llvmlite is missing"):
        open_engine("jit", "float32")
    assert reopen_engine({"engine": "jit", "threads": 2}, "float32").name == "numpy"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(EngineError, match="there is no engine 'tpu'"):
        open_engine("tpu", "float32")
    with pytest.raises(EngineError, match="float64 is asked for"):
        open_engine("jit", "float64")
    with pytest.raises(EngineError, match="one thread"):
        open_engine("numpy", "float32", threads=2)


def test_a_run_keeps_its_engine_threads_and_accuracy() -> None:
    pytest.importorskip("llvmlite")
    before = {"engine": "jit", "threads": 3, "accuracy": "accurate"}
    engine = reopen_engine(before, "float32")
    assert (engine.threads, engine.environment["accuracy"]) == (3, "accurate")  # type: ignore[attr-defined]
    assert reopen_engine(before, "float32", Choice(threads=1)).threads == 1
    assert reopen_engine(before, "float32", Choice(engine="numpy")).name == "numpy"
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
