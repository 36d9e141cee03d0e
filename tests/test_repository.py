"""What the repository says about itself holds: its prose runs, its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic import TypeAdapter

from graphspec import document
from graphspec.check import find_problems
from graphspec.cli import COMMANDS, GROUPS
from graphspec.layers.catalog import LayerSpec
from graphspec.recipe.config import TrainConfig

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 5_000_000
LONGEST = 450
# Where we built, or where packages were fetched from, is nobody's concern.
UNSAID = re.compile(r"/work/|/root/|/home/\w|/opt/pypi|\bpypi\.org|pythonhosted\.org")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in str(path)]
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


FILES = tracked()
PYTHON = [path for path in FILES if path.suffix == ".py"]
PROSE = [path for path in FILES if path.suffix == ".md"]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced code of one language, without the fences."""
    fence = rf"^```{language}\n(.*?)^```$"
    return re.findall(fence, path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def every(language: str) -> list[tuple[Path, str]]:
    return [(path, block) for path in PROSE for block in blocks(path, language)]


def commands() -> list[str]:
    """Every line of the prose's shell blocks, comments left out and continued lines joined."""
    lines = []
    for _, block in every("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                lines.append(shlex.join(words))
    return lines


def test_no_file_is_too_large():
    assert [name(path) for path in FILES if path.stat().st_size > LARGEST] == []


def test_no_source_file_is_too_long():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_no_file_is_a_bag_of_leftovers():
    bags = {"utils.py", "helpers.py", "common.py"}
    assert [name(path) for path in PYTHON if path.name in bags] == []


def test_no_file_names_a_machine():
    said = []
    for path in FILES:
        if path.suffix in {".py", ".md", ".toml", ".json", ".sh", ""} and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            said += [f"{name(path)}: {match.group()}" for match in UNSAID.finditer(text)]
    assert said == []


def test_links_inside_the_repository_lead_somewhere():
    broken = []
    for path in PROSE:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"", text):
            link = target[0] or target[1]
            if "://" not in link and not (path.parent / unquote(link)).exists():
                broken.append(f"{name(path)}: {link}")
    assert broken == []


def test_tests_that_the_prose_names_exist():
    named = {
        test
        for path in PROSE
        for test in re.findall(r"`(tests/[\w/]+\.py)`", path.read_text(encoding="utf-8"))
    }
    assert named
    assert [test for test in sorted(named) if not (ROOT / test).is_file()] == []


@pytest.mark.parametrize(
    ("path", "code"), [pytest.param(path, code, id=name(path)) for path, code in every("python")]
)
def test_python_in_the_prose_compiles(path, code):
    compile(code, str(path), "exec")


def test_json_in_the_prose_is_read():
    """Documents, layers and training blocks; the reference's examples are among them."""
    layers = TypeAdapter(LayerSpec)
    seen = 0
    for path, block in every("json"):
        value = json.loads(block)
        if "format" in value:
            assert find_problems(document.loads(block)) == (), name(path)
        elif "kind" in value:
            layers.validate_python(value)
        elif "epochs" in value:
            TrainConfig.model_validate(value)
        seen += 1
    assert seen > 10


def test_commands_in_the_prose_exist():
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    unknown = []
    for line in commands():
        program, *rest = line.split()
        if program == "graphspec":
            known = rest[0].startswith("-") or rest[0] in {*COMMANDS, *GROUPS}
        elif program == "make":
            known = rest[0] in targets
        else:
            known = program in {"pip", "python", "python3", "pytest", "git", "cd", "bash", "source"}
        if not known:
            unknown.append(line)
    assert unknown == []


def test_the_readme_script_runs(tmp_path):
    """From another folder, as a newcomer would after pip install."""
    (script,) = blocks(ROOT / "README.md", "python")
    assert len(script.strip().splitlines()) <= 10
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        # Where there is no llvmlite numpy serves, and says so.
        env={**os.environ, "PYTHONWARNINGS": "error,ignore:computing with numpy"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
