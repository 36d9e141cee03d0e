"""Make docs/coverage.md: every technique of the course notes, its tests, and whether they pass.

A test says which row it is of by its name (``test_B04_…``; ``test_J02_J03_…`` is of two). The rows
are in tests/corpus/inventory.csv. Without arguments the tests with rows are run, and their
results are written down. ``--check`` runs nothing: it fails when the page knows other tests or
rows than there are, or a test that did not pass.
"""

from __future__ import annotations

import ast
import csv
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = ROOT / "tests" / "corpus" / "inventory.csv"
PAGE = ROOT / "docs" / "coverage.md"
NAMED = re.compile(r"^test_((?:[A-Z]\d\d_)+)")
PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "FAILED", "skipped", "not run"

HEAD = """# Coverage of the course notes

One row for each technique of the CS231n notes: where it lives in the package, as JSON or as a
command, and the tests that hold it to its numbers. A test names its row (`test_B04_…`). The page
is made by `scripts/make_coverage.py`, which runs these tests.
"""


class Row(NamedTuple):
    """One technique: its id, what it is, and where it lives."""

    id: str
    section: str
    feature: str
    where: tuple[str, ...]


class Test(NamedTuple):
    """One test function, by its file in the repository and its name."""

    file: str
    name: str

    def __str__(self) -> str:
        return f"{self.file}::{self.name}"


def rows() -> list[Row]:
    """The rows of the inventory."""
    with INVENTORY.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                item["id"],
                item["section"],
                item["feature"],
                tuple(place.strip() for place in item["where"].split(" | ") if place.strip()),
            )
            for item in csv.DictReader(file)
        ]


@cache
def tests() -> dict[str, list[Test]]:
    """The tests of every row, in the order of their files."""
    found: dict[str, list[Test]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (match := NAMED.match(node.name)):
                test = Test(path.relative_to(ROOT).as_posix(), node.name)
                for row in match.group(1).strip("_").split("_"):
                    found.setdefault(row, []).append(test)
    return found


def run(chosen: set[Test]) -> dict[Test, str]:
    """Run some tests; one with several cases passes when all of them do."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-o", "junit_family=xunit1"]
        files = sorted({test.file for test in chosen})
        wanted = " or ".join(sorted({test.name for test in chosen}))
        subprocess.run(
            [*command, f"--junitxml={report}", "-k", wanted, *files], cwd=ROOT, check=False
        )
        results: dict[Test, set[str]] = {}
        for case in ElementTree.parse(report).iter("testcase"):
            test = Test(case.get("file", ""), case.get("name", "").split("[")[0])
            kinds = {child.tag for child in case}
            result = FAILED if kinds & {"failure", "error"} else PASSED
            results.setdefault(test, set()).add(SKIPPED if "skipped" in kinds else result)
    return {
        test: next((kind for kind in (FAILED, PASSED, SKIPPED) if kind in found), NOT_RUN)
        for test in chosen
        for found in [results.get(test, set())]
    }


def known(text: str) -> dict[Test, str]:
    """The results that a page tells."""
    found = re.findall(r"`(tests/[\w/]+\.py)::(\w+)` (passed|FAILED|skipped|not run)", text)
    return {Test(file, name): result for file, name, result in found}


def page(results: Mapping[Test, str]) -> str:
    """The text of docs/coverage.md with these results."""
    by_row, everything = tests(), rows()
    covered = [row for row in everything if by_row.get(row.id)]
    counts = [results.get(test, NOT_RUN) for test in {t for row in covered for t in by_row[row.id]}]
    parts = [
        HEAD,
        f"\n{len(covered)} of {len(everything)} rows have tests: {len(counts)} tests, "
        f"{counts.count(PASSED)} of them passed. The others are open.\n",
    ]
    section = ""
    for row in everything:
        if row.section != section:
            section = row.section
            parts.append(f"\n## {section}\n\n| row | what | where | tests |\n| --- ")
            parts.append("| --- | --- | --- |\n")
        parts.append("| " + " | ".join(_cells(row, by_row.get(row.id, []), results)) + " |\n")
    return "".join(parts)


def _cells(row: Row, found: list[Test], results: Mapping[Test, str]) -> Iterator[str]:
    yield row.id
    yield row.feature
    yield "<br>".join(f"`{place}`" for place in row.where)
    told = [f"`{test}` {results.get(test, NOT_RUN)}" for test in dict.fromkeys(found)]
    yield "<br>".join(told) or "open"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` say whether it is current and all of it passed."""
    if arguments == ["--check"]:
        text = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        results = known(text)
        wrong = [f"{test} {result}" for test, result in results.items() if result == FAILED]
        if page(results) != text or NOT_RUN in results.values():
            wrong.append("docs/coverage.md is not current; run: python scripts/make_coverage.py")
        covered = tests()
        wrong += [
            f"row {row.id} has tests: say in tests/corpus/inventory.csv where it lives"
            for row in rows()
            if row.id in covered and not row.where
        ]
        print("\n".join(wrong), end="\n" if wrong else "")
        return bool(wrong)
    results = run({test for found in tests().values() for test in found})
    PAGE.write_text(page(results), encoding="utf-8", newline="\n")
    return FAILED in results.values()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
