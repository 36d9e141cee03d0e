"""Foreign files are opened in one module, so that its budgets cannot be forgotten elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import graphspec

PACKAGE = Path(graphspec.__file__).parent
ROOTS = (PACKAGE, PACKAGE.parent / "gui" / "graphspec_gui")
ALLOWED = PACKAGE / "data" / "safe_io.py"
MODULES = {
    "bz2", "cloudpickle", "dill", "gzip", "joblib", "lzma", "marshal", "pickle", "shelve",
    "tarfile", "zipfile", "zlib",
}  # fmt: skip
CALLS = {
    "Image.open", "numpy.load", "np.load", "np.loadtxt", "np.genfromtxt", "np.fromfile",
    "np.memmap", "onnx.load", "onnx.load_model", "shutil.unpack_archive", "torch.load", "eval",
    "exec",
}  # fmt: skip


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def uses(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in CALLS or called.endswith(".Image.open"):
                yield node.lineno, called
            continue
        else:
            continue
        for name in names:
            if name.split(".")[0] in MODULES or name in ("numpy.load", "onnx.load", "torch.load"):
                yield node.lineno, name


def test_no_other_module_opens_foreign_files() -> None:
    files = [file for root in ROOTS for file in root.rglob("*.py") if file != ALLOWED]
    assert len(files) > 20
    found = [
        f"{file}:{line}: {name}"
        for file in files
        for line, name in uses(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_walk_sees_what_it_looks_for() -> None:
    assert {name for _, name in uses(ALLOWED.read_text(encoding="utf-8"))} == {
        "gzip", "tarfile", "zipfile", "Image.open",
    }  # fmt: skip
    source = "import numpy as np\nfrom pickle import loads\nnp.load('x')\nPIL.Image.open('y')\n"
    assert [name for _, name in uses(source)] == [
        "pickle", "pickle.loads", "np.load", "PIL.Image.open",
    ]  # fmt: skip


def test_npy_files_are_never_read_with_pickles_allowed() -> None:
    for root in ROOTS:
        for file in root.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                    assert isinstance(node.value, ast.Constant), file
                    assert node.value.value is False, file
