"""An entry of a recipe's catalog is one file and its line there: all the rest comes from it.

A copy of the package gets a throw-away entry in every catalog. The derived tests must find them and
pass, the JSON Schema and the reference must know them, and a training must run with all of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Entry(NamedTuple):
    """The source of one, and the folder and the union of its catalog."""

    folder: str
    union: str
    base: str
    imports: str
    body: str


ENTRIES = {
    "sign_sgd": Entry(
        "recipe/rules",
        "AnyUpdateRule",
        "UpdateRule",
        "import numpy as np\nfrom graphspec.recipe.rules.base import UpdateRule",
        "    def update(self, w, dw, slots, *, rate, step):\n"
        '        """w ← w − rate·sign(dw)."""\n'
        "        w -= w.dtype.type(rate) * np.sign(dw)\n",
    ),
    "halfway": Entry(
        "recipe/schedules",
        "AnySchedule",
        "Schedule",
        "from graphspec.recipe.schedules.base import Schedule",
        "    def rate(self, base, step, *, steps_per_epoch, total_steps):\n"
        '        """Half the rate in the second half."""\n'
        "        return base if 2 * step < total_steps else base / 2\n",
    ),
    "cubed": Entry(
        "recipe/penalties",
        "AnyPenalty",
        "Penalty",
        "import numpy as np\nfrom graphspec.recipe.penalties.base import Penalty",
        "    def value(self, w):\n"
        '        """Σ |w|³ / 1000."""\n'
        "        return float((np.abs(w) ** 3).sum() / 1000)\n\n"
        "    def add_gradient(self, w, dw):\n"
        '        """3 w² sign(w) / 1000."""\n'
        "        dw += 3 * w * np.abs(w) / 1000\n",
    ),
    "negate": Entry(
        "recipe/preprocess",
        "AnyStep",
        "PreprocessStep",
        "from graphspec.recipe.preprocess.base import PreprocessStep",
        '    def apply(self, x, fitted):\n        """The negative."""\n        return -(x - 0.0)\n',
    ),
    "darken": Entry(
        "recipe/augment",
        "AnyAugmentation",
        "ImageAugmentation",
        "from graphspec.recipe.augment.base import ImageAugmentation",
        "    def apply(self, x, rng):\n"
        '        """Every image times a number below one."""\n'
        "        factors = rng.uniform(0.5, 1, (len(x), 1, 1, 1))\n"
        "        return x * factors.astype(x.dtype)\n",
    ),
    "checkered": Entry(
        "initialisers",
        "AnyInitialiser",
        "Initialiser",
        "import numpy as np\nfrom graphspec.initialisers.base import Initialiser",
        "    def draw(self, shape, fan_in, fan_out, rng):\n"
        '        """Numbers of one size and two signs."""\n'
        "        return rng.choice([-0.1, 0.1], shape)\n",
    ),
}


def source(kind: str, entry: Entry) -> str:
    name = kind.title().replace("_", "")
    return (
        f'"""{name}, which exists in a test alone."""\n\nfrom __future__ import annotations\n\n'
        f"from typing import Literal\n\n{entry.imports}\n\n\nclass {name}({entry.base}):\n"
        f'    """A throw-away entry: y = {kind}(x). Source: none but this test."""\n\n'
        f'    kind: Literal["{kind}"] = "{kind}"\n    """The name of it."""\n\n{entry.body}'
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the derived tests need, with an entry more in every catalog."""
    folder = tmp_path_factory.mktemp("copy")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("graphspec", "models", "tests/recipe", "tests/engines", "tests/train", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copytree(ROOT / "tests/initialisers", folder / "tests/initialisers", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for kind, entry in ENTRIES.items():
        name = kind.title().replace("_", "")
        package = folder / "graphspec" / entry.folder
        (package / f"{kind}.py").write_text(source(kind, entry), encoding="utf-8")
        catalog = package / "catalog.py"
        text = catalog.read_text(encoding="utf-8")
        module = f"graphspec.{entry.folder.replace('/', '.')}.{kind}"
        text, found = re.subn(
            rf"^({entry.union} = \(?\s*)", rf"\1{name} | ", text, count=1, flags=re.M
        )
        assert found == 1, entry.union
        text = text.replace("from pydantic", f"from {module} import {name}\nfrom pydantic", 1)
        catalog.write_text(text, encoding="utf-8")
    return folder


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


def test_new_entries_are_tested_by_being_in_their_catalogs(copied: Path) -> None:
    files = ("tests/recipe/test_every_rule.py", "tests/recipe/test_augment.py")
    plain = ("-p", "no:cacheprovider", "-rA", "--tb=line", "-q")
    names = [kind.title().replace("_", "") for kind in ENTRIES]
    wanted = " or ".join((*ENTRIES, *names))
    done = python(copied, "-m", "pytest", *files, "tests/initialisers", "-k", wanted, *plain)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind, name in zip(ENTRIES, names, strict=True):
        assert re.search(rf"PASSED .*\[.*({kind}|{name})", done.stdout), (kind, done.stdout)


def test_new_entries_are_in_the_schema_and_in_the_reference(copied: Path) -> None:
    code = (
        "import json, sys; sys.path.insert(0, 'scripts'); import make_recipe_reference as m\n"
        "from graphspec.recipe.config import TrainConfig\n"
        "print(json.dumps([TrainConfig.model_json_schema(), m.page()]))"
    )
    done = python(copied, "-c", code)
    assert done.returncode == 0, done.stderr
    schema, page = json.loads(done.stdout)
    for kind in ENTRIES:
        assert f"### {kind}\n" in page
        assert f"y = {kind}(x)" in page
        assert kind.title().replace("_", "") in schema["$defs"]


@pytest.mark.parametrize("engine", ["numpy", "jit"])
def test_a_training_runs_with_new_entries_alone(copied: Path, engine: str) -> None:
    if engine == "jit":
        pytest.importorskip("llvmlite")
    settings = {
        "update": {"kind": "sign_sgd", "rate": 0.001},
        "schedule": {"kind": "halfway"},
        "penalties": [{"kind": "cubed"}],
        "preprocess": [{"kind": "negate"}, {"kind": "scale", "divide": 16.0}],
        "augment": [{"kind": "darken"}],
        "init": {"kind": "checkered"},
    }
    words = [f"--set=training.{field}={json.dumps(value)}" for field, value in settings.items()]
    options = ("--run", engine, "--epochs", "1", "--engine", engine, "--quiet")
    command = ("-m", "graphspec.cli", "train", "tiny_convnet", "--data", "digits")
    done = python(copied, *command, *options, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (copied / engine / "events.jsonl").read_text(encoding="utf-8").splitlines()
    steps = [event for event in map(json.loads, lines) if event["type"] == "step"]
    assert steps[0]["penalties"]["cubed"] > 0
    assert (steps[0]["rate"], steps[-1]["rate"]) == (0.001, 0.0005)
    assert steps[-1]["loss"] < steps[0]["loss"]
