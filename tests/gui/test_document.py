from __future__ import annotations

from contextlib import suppress

import pytest
from graphspec_gui.document import IN_THREAD, StudioDocument
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from graphspec import edit
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from tests.edit import graphs


def test_undo_and_redo_go_between_the_specs_themselves(document: StudioDocument):
    before = document.spec
    after = edit.set_field(before, "conv1", "filters", 8)
    document.apply(after, "Set filters")
    assert document.spec is after
    document.undo_stack.undo()
    assert document.spec is before
    document.undo_stack.redo()
    assert document.spec is after


def test_commands_of_one_key_become_one(document: StudioDocument):
    before = document.spec
    for filters in (7, 8, 9):
        spec = edit.set_field(document.spec, "conv1", "filters", filters)
        document.apply(spec, f"Set filters to {filters}", "drag 1")
    document.apply(edit.set_field(document.spec, "conv1", "filters", 10), "Later", "drag 2")
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    assert document.spec.by_id["conv1"].filters == 9
    document.undo_stack.undo()
    assert document.spec is before


def test_a_drag_back_to_where_it_began_leaves_no_command(document: StudioDocument):
    document.apply(edit.set_field(document.spec, "conv1", "filters", 7), "Drag", "drag")
    document.apply(edit.set_field(document.spec, "conv1", "filters", 6), "Drag", "drag")
    assert document.undo_stack.count() == 0
    assert not document.modified


def test_the_same_spec_is_no_command(document: StudioDocument):
    document.apply(edit.set_field(document.spec, "conv1", "filters", 6), "Nothing")
    assert document.undo_stack.count() == 0


def test_selection_follows_edits_both_ways(document: StudioDocument):
    document.select(["conv1", "nobody"])
    assert document.selection == {"conv1"}
    document.apply(edit.rename(document.spec, "conv1", "first"), "Rename", select=["first"])
    assert document.selection == {"first"}
    document.undo_stack.undo()
    assert document.selection == {"conv1"}
    document.apply(edit.remove_layers(document.spec, ["conv1"]), "Remove")
    assert document.selection == frozenset()


def test_saving_makes_it_unmodified_until_the_next_edit(document: StudioDocument):
    document.apply(edit.rename(document.spec, "conv1", "a"), "Rename")
    assert document.modified
    document.undo_stack.setClean()
    assert not document.modified
    document.undo_stack.undo()
    assert document.modified


def test_what_is_found_out_follows_the_spec(qtbot: QtBot, document: StudioDocument):
    assert document.analysis.total.params == 61_706
    assert document.analysis.state("conv1") == "ok"
    broken = edit.set_field(document.spec, "conv1", "stride", 2)
    with qtbot.waitSignal(document.analysis_changed):
        document.apply(broken, "Break")
    assert document.analysis.spec is broken
    assert document.analysis.state("conv1") == "error"
    assert "conv1" not in document.analysis.costs


def test_a_large_graph_is_looked_at_in_a_thread(qtbot: QtBot, make_document):
    relu = BY_KIND["relu"]
    names = [f"r{i}" for i in range(IN_THREAD + 50)]
    layers = tuple(
        relu(id=name, inputs=(before,))
        for before, name in zip(["image", *names], names, strict=False)
    )
    spec = GraphSpec(inputs=(Input(id="image", shape=(4,)),), layers=layers, outputs=(names[-1],))
    document = make_document(spec)
    # Nothing is known when the constructor returns: nobody waited for it.
    assert document.analysis.shapes == {}
    qtbot.waitUntil(lambda: bool(document.analysis.shapes))
    assert document.analysis.shapes[names[-1]].shape == (4,)
    for name in ("a", "b", "c"):
        document.apply(edit.rename(document.spec, document.spec.layers[0].id, name), "Rename")
    qtbot.waitUntil(lambda: document.analysis.spec is document.spec)


def test_silenced_advice_is_not_given(document: StudioDocument):
    document.apply(edit.set_field(document.spec, "conv1", "kernel", 6), "Even")
    document.apply(edit.set_field(document.spec, "conv1", "pad", "same"), "Even")
    document.look_now()
    assert "even-kernel" in {problem.code for problem in document.analysis.problems}
    document.silence({"even-kernel"})
    assert "even-kernel" not in {problem.code for problem in document.analysis.problems}


def test_a_fix_that_fits_no_more_does_nothing(document: StudioDocument):
    document.apply(edit.set_field(document.spec, "conv1", "stride", 2), "Break")
    document.look_now()
    fix = document.analysis.problems[0].fixes[0]
    document.apply(edit.remove_layers(document.spec, ["conv1"]), "Remove")
    count = document.undo_stack.count()
    document.mend(fix)
    assert document.undo_stack.count() == count


def random_walk(spec: GraphSpec, steps: list, make_document) -> None:
    document = make_document(spec)
    seen = [spec]
    for i, step in enumerate(steps):
        with suppress(SpecError):
            document.apply(step(document.spec), "step", "merged" if i % 7 == 3 else None)
        if document.spec is not seen[-1]:
            seen.append(document.spec)
    last = document.spec
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.spec == spec
    assert document.spec.model_dump() == spec.model_dump()
    assert not document.modified
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert document.spec == last


specs = st.one_of(graphs.wild_specs(), graphs.tidy_specs())


@pytest.fixture(scope="module")
def maker():
    """Documents of many examples, each gone before the next one."""
    kept: list[StudioDocument] = []

    def make(spec: GraphSpec) -> StudioDocument:
        kept[:] = [StudioDocument(spec)]
        return kept[0]

    return make


@settings(max_examples=200)
@given(specs, st.lists(graphs.edits(), min_size=50, max_size=50))
def test_random_edits_undone_restore_the_spec(maker, spec, steps):
    random_walk(spec, steps, maker)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(specs, st.lists(graphs.edits(), min_size=50, max_size=50))
def test_a_thousand_sequences_of_fifty_edits_undone_restore_the_spec(maker, spec, steps):
    random_walk(spec, steps, maker)


def test_moving_a_node_needs_no_new_look(qtbot: QtBot, document: StudioDocument):
    with qtbot.assertNotEmitted(document.analysis_changed, wait=250):
        document.apply(edit.move(document.spec, [("conv1", (1.0, 2.0))]), "Move")
    assert document.analysis.spec is document.spec
    assert document.analysis.total.params == 61_706
