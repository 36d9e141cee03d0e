"""What is in the wheel, which the build backend makes here as pip would ask it to."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import graphspec

pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_installs_the_two_packages_and_nothing_else(names):
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        "graphspec",
        "graphspec_gui",
        f"graphspec_studio-{graphspec.__version__}.dist-info",
    }
    assert {"graphspec/py.typed", "graphspec_gui/py.typed"} <= names


@pytest.mark.parametrize(
    ("source", "pattern", "target"),
    [
        ("graphspec", "**/*.py", "graphspec"),
        ("graphspec/data/sets", "*.*", "graphspec/data/sets"),
        ("gui/graphspec_gui", "**/*.py", "graphspec_gui"),
        ("models", "*.json", "graphspec/models"),
    ],
)
def test_wheel_holds_every_file_of(names, source, pattern, target):
    files = [path.relative_to(ROOT / source) for path in (ROOT / source).glob(pattern)]
    assert files
    assert {f"{target}/{path.as_posix()}" for path in files} <= names


def test_wheel_works_away_from_the_checkout(wheel, tmp_path):
    """Both packages are imported from the wheel's files, and a shipped model is found there."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "import graphspec, graphspec_gui, pathlib\n"
        "from graphspec import zoo\n"
        "home = pathlib.Path(graphspec.__file__).parent\n"
        f"assert home == pathlib.Path({str(tmp_path)!r}) / 'graphspec', home\n"
        "assert zoo.models_dir() == home / 'models', zoo.models_dir()\n"
        "print(zoo.load('lenet5').name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("lenet5", 0), done.stderr
