from __future__ import annotations


def test_advice_is_shown_with_its_code_and_never_fails(graphspec) -> None:
    answer = graphspec("lint", "alexnet")
    assert answer.code == 0
    assert "[large-kernel]" in answer.out
    assert "8-layer" in answer.out
    assert "no advice" in graphspec("lint", "vgg16").out


def test_codes_can_be_silenced(graphspec) -> None:
    found = graphspec("lint", "alexnet", "--json").json
    assert found["layers"] == 8
    codes = {problem["code"] for problem in found["advice"]}
    assert codes == {"sizes-do-not-halve", "large-kernel", "strided-convolution"}
    less = graphspec("lint", "alexnet", "--silence", "sizes-do-not-halve,large-kernel", "--json")
    assert [problem["code"] for problem in less.json["advice"]] == ["strided-convolution"]
    assert graphspec("lint", "alexnet", "--silence", "large-kernels").code == 1


def test_errors_come_first(graphspec, here) -> None:
    (here / "bad.json").write_text('{"format": "graphspec/1", "inputs": {}, "layers": []}')
    answer = graphspec("lint", "bad.json")
    assert answer.code == 1
    assert "no-layers" in answer.err
