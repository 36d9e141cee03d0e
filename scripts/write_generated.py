"""Write every file of the repository that is made from the code; ``--check`` only compares.

The references of layers and of the training block come from the catalogs, so that each entry is
documented by its own file, the schema from the models of documents, and the picture on the first
page from the shipped model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import draw_network
import make_checks_reference
import make_layer_reference
import make_lint_reference
import make_recipe_reference

from graphspec import document

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[str, str]:
    """The text of every generated file, by its path in the repository."""
    lenet = document.load(ROOT / "models" / "lenet5.json")
    schema = json.dumps(document.schema(), indent=2, ensure_ascii=False) + "\n"
    return make_layer_reference.pages() | {
        "docs/checks.md": make_checks_reference.page(),
        "docs/lint.md": make_lint_reference.page(),
        "docs/recipe.md": make_recipe_reference.page(),
        "docs/figures/lenet5.svg": draw_network.draw(lenet),
        "docs/schema/graphspec-1.json": schema,
    }


def stray(files: dict[str, str]) -> list[Path]:
    """Pages of layers that are gone."""
    here = (ROOT / make_layer_reference.FOLDER).glob("*.md")
    return [path for path in here if path.relative_to(ROOT).as_posix() not in files]


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` name what is not current and return 1."""
    files = generated()
    stale = [
        name
        for name, text in files.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text(encoding="utf-8") != text
    ]
    strays = stray(files)
    if arguments == ["--check"]:
        for name in [*stale, *(path.relative_to(ROOT).as_posix() for path in strays)]:
            print(f"{name} is not what the code says now; run: make generated")
        return 1 if stale or strays else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(files[name], encoding="utf-8", newline="\n")
    for path in strays:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
