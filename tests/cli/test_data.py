"""data list, info and get."""

from __future__ import annotations


def test_named_sets_are_listed(graphspec) -> None:
    rows = {row["name"]: row for row in graphspec("data", "list", "--json").json}
    assert {"digits", "fashion-mini", "spiral", "mnist", "cifar10"} <= rows.keys()
    assert rows["digits"]["present"]
    assert "graphspec data get" in graphspec("data", "list").out


def test_info_counts_the_classes(graphspec, blobs) -> None:
    facts = graphspec("data", "info", "digits", "--json").json
    assert facts["train"] == 1797
    assert sum(facts["counts"]) == 1797
    assert "near" in graphspec("data", "info", blobs).out


def test_an_unknown_set_is_named_with_its_neighbour(graphspec) -> None:
    answer = graphspec("data", "info", "digit")
    assert answer.code == 4
    assert "digits" in answer.err
    assert graphspec("data", "get", "digits").code == 4
