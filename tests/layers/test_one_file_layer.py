"""A layer is one file and its line in the catalog: all the rest comes from there.

A copy of the package gets a throw-away layer. The derived tests must find it and pass, and must
fail when the layer is wrong; the JSON Schema and the reference must know it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.layers import test_every_layer

ROOT = Path(__file__).resolve().parents[2]

CUBE = '''"""The cube, a layer that exists in a test alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class Cube(Layer):
    """The third power of every element, times a constant.

    y = a·x³; dx = 3·a·x²·dy. Source: none but this test.
    """

    group: ClassVar[str] = "Activation"

    kind: Literal["cube"] = "cube"
    """The name of this layer's type."""
    factor: float = Field(default=1.0, gt=0, le=3)
    """The constant a."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features."""
        return (Example(cls(id="cube", inputs=("x",)), (TensorSpec((5,)),)),)

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        return inputs[0]

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = a·x³."""
        (x,) = xs
        return Forward(self.factor * x**3, (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = 3·a·x²·dy."""
        (x,) = saved
        return Backward((3 * self.factor * x**2 * dy,))
'''

WRONG = {
    "a wrong factor": ("(3 * self", "(2 * self", "test_gradients"),
    "a forgotten field": ("(3 * self.factor *", "(3 *", "test_gradients"),
    "a wrong shape": ("return inputs[0]", "return TensorSpec((7,))", "test_shapes_and_types"),
    "float32 lost": (
        "self.factor * x**3, ",
        "x.astype(float)**3, ",
        "test_shapes_and_types",
    ),
    "written in place": ("x**3, (x,)", "x**3, (x.__imul__(1.5),)", "test_arguments_are_kept"),
    "hidden storage": ("x**3, (x,)", "x**3, (x.copy(),)", "test_saved_size"),
    "an unexplained field": ('    """The constant a."""\n', "", "test_documented"),
    "no source": ("Source: none but this test.", "", "test_documented"),
}


def copy_with(folder: Path, layers: dict[str, str]) -> None:
    """Copy what the derived tests need, and add layers: the source of each, by its kind."""
    ignore = shutil.ignore_patterns("__pycache__", "*.npz", "*.gz")
    for name in ("graphspec", "tests/layers", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    catalog = folder / "graphspec/layers/catalog.py"
    text = catalog.read_text(encoding="utf-8")
    for kind, source in layers.items():
        (folder / f"graphspec/layers/{kind}.py").write_text(source, encoding="utf-8")
        text, found = re.subn(r"(KINDS = \(\n)", rf'\1    "{kind}",\n', text, count=1)
        assert found == 1
    catalog.write_text(text, encoding="utf-8")


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The copy comes before an editable install of the original.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in list(environment):
        if name.startswith("PYTEST_"):
            del environment[name]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )


def derived_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    file = "tests/layers/test_every_layer.py"
    plain = ("-p", "no:cacheprovider", "-rA", "--tb=line", "-q")
    return python(folder, "-m", "pytest", file, "-k", "cube or every_file", *plain)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    copy_with(folder, {"cube": CUBE})
    return folder


def test_a_new_layer_is_tested_by_being_in_the_catalog(copied: Path) -> None:
    done = derived_tests(copied)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = set(re.findall(r"PASSED .*::(\w+)", done.stdout))
    assert passed == {name for name in vars(test_every_layer) if name.startswith("test_")}


def test_a_new_layer_is_in_the_schema_and_in_the_reference(copied: Path) -> None:
    code = (
        "import json, sys; sys.path.insert(0, 'scripts'); import make_layer_reference as m\n"
        "from pydantic import TypeAdapter\n"
        "from graphspec.layers.catalog import LayerSpec\n"
        "print(json.dumps([TypeAdapter(LayerSpec).json_schema(), m.pages()]))"
    )
    done = python(copied, "-c", code)
    assert done.returncode == 0, done.stderr
    schema, pages = json.loads(done.stdout)
    assert schema["discriminator"]["mapping"]["cube"] == "#/$defs/Cube"
    factor = schema["$defs"]["Cube"]["properties"]["factor"]
    assert factor["description"] == "The constant a."
    assert (factor["exclusiveMinimum"], factor["maximum"]) == (0, 3)
    assert "y = a·x³" in pages["docs/layers/cube.md"]
    assert "The constant a." in pages["docs/layers/cube.md"]
    assert "cube.md" in pages["docs/layers/index.md"]


def test_the_derived_tests_fail_for_a_layer_that_is_wrong(tmp_path: Path) -> None:
    layers = {}
    for i, (right, wrong, _) in enumerate(WRONG.values()):
        assert CUBE.count(right) == 1
        named = CUBE.replace("Cube", f"Cube{i}").replace('"cube"', f'"cube{i}"')
        layers[f"cube{i}"] = named.replace(right, wrong)
    copy_with(tmp_path, layers)
    done = derived_tests(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    for i, (name, (_, _, test)) in enumerate(WRONG.items()):
        assert re.search(rf"FAILED .*::{test}\S*cube{i}\b", done.stdout), (name, done.stdout)
