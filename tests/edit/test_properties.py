from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graphspec import document, edit
from graphspec.check import analyse
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from tests.edit import graphs

few = settings(max_examples=40)


def ids(spec: GraphSpec) -> list[str]:
    return [layer.id for layer in spec.layers]


def broken(spec: GraphSpec) -> set[str]:
    """The names that are referred to and that nothing has."""
    known = {"_", *ids(spec), *(item.id for item in spec.inputs)}
    mentioned = {name for layer in spec.layers for name in layer.inputs}
    return (mentioned | set(spec.outputs)) - known


@settings(max_examples=120)
@given(graphs.wild_specs(), st.lists(graphs.edits(), max_size=8))
def test_edits_keep_a_spec_valid_and_raise_nothing_else(
    spec: GraphSpec, steps: list[Callable[[GraphSpec], GraphSpec]]
) -> None:
    for step in steps:
        before = document.dumps(spec)
        with suppress(SpecError):
            new = step(spec)
            # Nothing was invented, and the old value is as it was.
            assert document.dumps(spec) == before
            if len(set(ids(new))) == len(ids(new)) and not {"_"} & set(ids(new)):
                assert document.loads(document.dumps(new)) == new
            analyse(new)
            spec = new


@few
@given(graphs.tidy_specs(), st.data())
def test_rename_is_undone_by_renaming_back(spec: GraphSpec, data: st.DataObject) -> None:
    old = data.draw(st.sampled_from([*ids(spec), "image"]))
    renamed = edit.rename(spec, old, "brand.new")
    assert old not in document.dumps(renamed).replace('"brand.new"', "").split('"')
    assert not broken(renamed)
    assert analyse(renamed).problems == () or analyse(spec).problems != ()
    assert edit.rename(renamed, "brand.new", old) == spec


@few
@given(graphs.tidy_specs())
def test_a_group_is_renamed_with_all_that_is_in_it(spec: GraphSpec) -> None:
    assume(any(name.startswith("g.") for name in ids(spec)))
    renamed = edit.rename(spec, "g", "stage1")
    assert not any(name.startswith("g.") for name in ids(renamed))
    assert not broken(renamed)
    assert edit.rename(renamed, "stage1", "g") == spec


@few
@given(graphs.tidy_specs(), st.data())
def test_grouping_is_undone_by_ungrouping(spec: GraphSpec, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(ids(spec)), min_size=1))
    grouped = edit.group(spec, chosen, "block")
    assert not broken(grouped)
    name = next(name for name in ids(grouped) if "block." in name)
    whole = name[: name.index("block.") + len("block")]
    assert sum(name.startswith(whole + ".") for name in ids(grouped)) == len(chosen)
    assert edit.ungroup(grouped, whole) == spec


@few
@given(graphs.tidy_specs(), st.data())
def test_an_inserted_layer_is_removed_without_a_trace(spec: GraphSpec, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(spec.layers))
    port = data.draw(st.integers(0, len(target.inputs) - 1))
    new = graphs.make("relu", "brand_new")
    inserted = edit.insert_on_edge(spec, target.inputs[port], target.id, port, new)
    assert inserted.by_id["brand_new"].inputs == (target.inputs[port],)
    assert inserted.by_id[target.id].inputs[port] == "brand_new"
    assert edit.remove_layers(inserted, ["brand_new"]) == spec


@few
@given(graphs.tidy_specs(), st.data())
def test_removing_leaves_no_mention_and_no_hole(spec: GraphSpec, data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(ids(spec))))
    new = edit.remove_layers(spec, gone)
    assert ids(new) == [name for name in ids(spec) if name not in gone]
    assert not broken(new)
    assert not gone & {name for name, _ in new.layout}
    # Every shape of these graphs is the same, so that everything can be reconnected.
    assert not any(problem.code == "missing-input" for problem in analyse(new).problems)
    cut = edit.remove_layers(spec, gone, reconnect=False)
    assert not broken(cut)


@few
@given(graphs.tidy_specs(), st.data())
def test_copies_are_wired_among_themselves(spec: GraphSpec, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(ids(spec)), min_size=1))
    new, copies = edit.duplicate(spec, chosen)
    assert copies.keys() == chosen
    assert len(set(ids(new))) == len(spec.layers) + len(chosen)
    for name, copy in copies.items():
        assert new.by_id[name] == spec.by_id[name]
        expected = tuple(copies.get(source, source) for source in spec.by_id[name].inputs)
        assert new.by_id[copy].inputs == expected
    assert edit.remove_layers(new, copies.values()) == spec


@few
@given(graphs.tidy_specs(), st.data())
def test_a_connection_is_undone_by_connecting_back(spec: GraphSpec, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(spec.layers))
    port = data.draw(st.integers(0, len(target.inputs) - 1))
    cut = edit.disconnect(spec, target.id, port)
    assert target.inputs[port] in ("image", *ids(spec))
    if not target.ports[-1].endswith("*"):
        assert edit.connect(cut, target.inputs[port], target.id, port) == spec


@few
@given(graphs.tidy_specs())
def test_moving_changes_no_content(spec: GraphSpec) -> None:
    moved = edit.move(spec, [(spec.layers[0].id, (7.0, -3.0))])
    assert moved.content_hash == spec.content_hash
    assert dict(moved.layout)[spec.layers[0].id] == (7.0, -3.0)
