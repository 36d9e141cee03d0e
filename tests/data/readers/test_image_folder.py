"""Folders of images: order, sizes, colours, parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graphspec.data import Budget, load_data
from graphspec.errors import DataError, UnsafeFileError


def put(path: Path, value: int, size: tuple[int, int] = (4, 3)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((*size, 3), value, np.uint8)
    Image.fromarray(pixels).save(path)


def fill(folder: Path) -> Path:
    put(folder / "dog" / "b.png", 20)
    put(folder / "dog" / "a.bmp", 10)
    put(folder / "cat" / "z.PNG", 30)
    (folder / "cat" / "notes.txt").write_text("not an image")
    (folder / ".hidden").mkdir()
    return folder


def test_classes_and_files_in_sorted_order(tmp_path: Path) -> None:
    data = load_data(fill(tmp_path / "pets"))
    assert data.name == "pets"
    assert data.classes == ("cat", "dog")
    assert data.y.tolist() == [0, 1, 1]
    assert data.x.shape == (3, 3, 4, 3)
    assert data.x[:, 0, 0, 0].tolist() == [30, 10, 20]
    assert load_data(tmp_path / "pets", colour="grey").shape == (1, 4, 3)


def test_training_and_test_parts(tmp_path: Path) -> None:
    fill(tmp_path / "train")
    put(tmp_path / "test" / "cat" / "a.png", 5)
    put(tmp_path / "test" / "dog" / "a.png", 6)
    data = load_data(tmp_path)
    assert data.classes == ("cat", "dog")
    assert data.y_test is not None
    assert data.y_test.tolist() == [0, 1]
    put(tmp_path / "test" / "cow" / "a.png", 6)
    with pytest.raises(DataError, match="'cow' is not in the training part"):
        load_data(tmp_path)


def test_sizes_must_agree_unless_one_is_asked_for(tmp_path: Path) -> None:
    put(fill(tmp_path) / "dog" / "c.png", 40, (8, 8))
    with pytest.raises(DataError, match=r"c\.png' is 8×8 pixels and the first image is 4×3"):
        load_data(tmp_path)
    data = load_data(tmp_path, size=(5, 6))
    assert data.shape == (3, 5, 6)
    assert data.x[3].min() == data.x[3].max() == 40


def test_folders_without_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folders"):
        load_data(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images"):
        load_data(tmp_path)
    put(tmp_path / "empty" / "a.png", 1)
    (tmp_path / "empty" / "b.png").write_bytes(b"no image")
    with pytest.raises(UnsafeFileError, match=r"b\.png"):
        load_data(tmp_path)
    with pytest.raises(DataError, match="'rgb' or 'grey'"):
        load_data(tmp_path, colour="sepia")


def test_the_whole_set_is_checked_before_it_is_read(tmp_path: Path) -> None:
    for i in range(40):
        put(tmp_path / "a" / f"{i}.png", i, (32, 32))
    load_data(tmp_path, budget=Budget(total_bytes=150_000))
    with pytest.raises(UnsafeFileError, match="40 images"):
        load_data(tmp_path, budget=Budget(total_bytes=100_000))
    with pytest.raises(UnsafeFileError, match="more than 30 entries"):
        load_data(tmp_path, budget=Budget(files=30))
