"""Names, paths and options of ``load_data``, and the list of what there is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graphspec.data import catalog, list_data, load_data
from graphspec.errors import DataError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPHSPEC_DATA", str(tmp_path / "home"))
    monkeypatch.setattr(catalog, "SYSTEM_FASHION", tmp_path / "system")
    return tmp_path / "home"


def test_the_list_is_json_and_tells_the_truth(home: Path) -> None:
    entries = {entry.name: entry for entry in list_data()}
    assert [name for name, entry in entries.items() if entry.present] == [
        "digits", "fashion-mini", "spiral",
    ]  # fmt: skip
    for entry in entries.values():
        assert json.loads(json.dumps(entry.to_json())) == entry.to_json()
        assert entry.source
        assert entry.licence
        if not entry.present:
            with pytest.raises(DataError, match=f"graphspec data get {entry.name}"):
                load_data(entry.name)
            continue
        data = load_data(entry.name)
        assert data.name == entry.name
        assert data.shape == entry.shape
        assert len(data) == entry.train
        assert (0 if data.x_test is None else len(data.x_test)) == entry.test
        assert len(data.classes) == entry.classes
        assert data.source == entry.source
        assert data.licence.startswith(entry.licence)


def test_downloaded_and_installed_sets_are_found(home: Path, tmp_path: Path) -> None:
    images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6])
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 9, 0])
    for folder in (home / "mnist", tmp_path / "system"):
        folder.mkdir(parents=True)
        for part in ("train", "t10k"):
            (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(images)
            (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(labels)
    mnist, fashion = load_data("mnist"), load_data("fashion-mnist")
    assert (mnist.name, mnist.classes[9]) == ("mnist", "9")
    assert (fashion.name, fashion.classes[9]) == ("fashion-mnist", "Ankle boot")
    where = {entry.name: entry.where for entry in list_data() if entry.present}
    assert where["mnist"] == str(home / "mnist")
    assert where["fashion-mnist"] == str(tmp_path / "system")
    with pytest.raises(DataError, match="its options are budget"):
        load_data("mnist", name="other")


def test_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Did you mean 'fashion-mini'"):
        load_data("fashion_mini")
    with pytest.raises(DataError, match="named sets are digits, fashion-mini, spiral"):
        load_data(tmp_path / "none.csv")
    with pytest.raises(DataError, match="no file or folder"):
        load_data("a\0b")
    with pytest.raises(DataError, match="'digits' has no option 'n'"):
        load_data("digits", n=3)
    (tmp_path / "a.pkl").touch()
    with pytest.raises(DataError, match="cannot tell what kind of data"):
        load_data(tmp_path / "a.pkl")


def test_paths_may_be_text(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3), np.float32), y=[0, 1])
    assert len(load_data(str(tmp_path / "a.npz"))) == 2


def test_importing_is_light() -> None:
    code = (
        "import sys, graphspec.data; "
        "print([m for m in ('PIL', 'pooch', 'requests', 'sklearn', 'platformdirs') "
        "if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
