"""Event files: read back by TensorBoard itself, and checksums against the standard's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphspec.train.events import Evaluated, Step
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from graphspec.train.tensorboard import crc32c, export_tensorboard, record
from tests.train.nets import new_run, points


def test_crc32c_is_the_standards() -> None:
    # RFC 3720, B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"123456789") == 0xE3069283


def test_a_record_has_its_length_and_checksums() -> None:
    assert record(b"abc")[:8] == (3).to_bytes(8, "little")
    assert len(record(b"abc")) == 8 + 4 + 3 + 4


def read_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    pytest.importorskip("tensorboard")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        reader: Any = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
        reader.Reload()
        if reader.Tags()["scalars"]:
            return {
                tag: [(item.step, item.value) for item in reader.Scalars(tag)]
                for tag in reader.Tags()["scalars"]
            }
        return {
            tag: [(item.step, item.tensor_proto.float_val[0]) for item in reader.Tensors(tag)]
            for tag in reader.Tags()["tensors"]
        }


def assert_holds(found: dict[str, list[tuple[int, float]]], run: Run) -> None:
    steps = [event for event in run.events if isinstance(event, Step)]
    evaluations = [event for event in run.events if isinstance(event, Evaluated)]
    for tag, events, name in (
        ("train/loss", steps, "loss"),
        ("train/rate", steps, "rate"),
        ("train/accuracy", steps, "accuracy"),
        ("validation/loss", evaluations, "loss"),
        ("validation/accuracy", evaluations, "accuracy"),
    ):
        assert [step for step, _ in found[tag]] == [event.step for event in events]
        values = [getattr(event, name) for event in events]
        assert [value for _, value in found[tag]] == pytest.approx(values, rel=1e-6)
    assert "train/penalty.l2" in found
    assert [value for _, value in found["validation/penalty.l2"]] == pytest.approx(
        [event.penalties["l2"] for event in evaluations], rel=1e-6
    )
    assert "update_ratio/hidden.weight" in found


def test_an_export_is_read_by_tensorboard(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    list(train_run(run.path, data=points()))
    folder = export_tensorboard(run)
    assert folder == run.path / "tensorboard"
    export_tensorboard(run)
    assert len(list(folder.iterdir())) == 1
    assert_holds(read_scalars(folder), run)


def test_live_files_are_read_by_tensorboard(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", tensorboard=True)
    list(train_run(run.path, data=points()))
    assert_holds(read_scalars(run.path / "tensorboard"), run)


def test_each_session_has_a_live_file_of_its_own(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", tensorboard=True)
    events = train_run(run.path, data=points())
    for event in events:
        if event.step == 12:
            break
    events.close()  # type: ignore[attr-defined]
    list(train_run(run.path, data=points()))
    assert len(list((run.path / "tensorboard").iterdir())) == 2
    steps = [step for step, _ in read_scalars(run.path / "tensorboard")["train/loss"]]
    assert set(steps) == set(range(1, 21))
