from __future__ import annotations

import numpy as np
import pytest

from graphspec import document, zoo
from graphspec.check import find_problems
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.summary import Summary, summarise

# Published totals, or for the first rows the sum by hand.
PARAMS = {
    "linear_softmax": 64 * 10 + 10,
    "linear_svm": 64 * 10 + 10,
    "two_layer_net": 64 * 50 + 50 + 50 * 10 + 10,
    "spiral_net": 2 * 100 + 100 + 100 * 3 + 3,
    "regularised_net": 64 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10,
    "mlp": 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10,
    "tiny_convnet": 16 * 9 + 16 + 32 * 16 * 9 + 32 + 32 * 4 * 10 + 10,
    "lenet5": 61_706,
    "cifar_convnet": 666_538,
    "alexnet": 62_378_344,
    "alexnet_grouped": 60_965_224,
    "zfnet": 62_357_608,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "googlenet": 6_998_552,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "squeezenet": 1_235_496,
}
# Multiply-accumulates of convolutions and fully connected layers, as published with the models.
MACS = {
    "alexnet_grouped": 724_406_816,
    "vgg16": 15_470_264_320,
    "vgg19": 19_632_062_464,
    "googlenet": 1_582_671_872,
    "resnet18": 1_814_073_344,
    "resnet50": 4_089_184_256,
    "squeezenet": 349_151_936,
}
SMALL = ["linear_softmax", "linear_svm", "two_layer_net", "spiral_net", "mlp", "tiny_convnet"]
SMALL += ["regularised_net"]
MIDDLE = ["lenet5", "cifar_convnet", "squeezenet"]

every_model = pytest.mark.parametrize("name", zoo.names())


def summary(name: str) -> Summary:
    return summarise(zoo.build(name))


def run_forward(spec: GraphSpec, batch: int) -> dict[str, np.ndarray]:
    """The outputs and losses of random examples."""
    rng = np.random.default_rng(0)
    feeds: dict[str, np.ndarray] = {}
    for item in spec.inputs:
        if item.classes:
            feeds[item.id] = rng.integers(0, item.classes, batch)
        else:
            feeds[item.id] = rng.standard_normal((batch, *item.tensor().shape)).astype(np.float32)
    executable = NumpyEngine().load(compile_graph(spec), seed=0)
    return dict(executable.run(feeds).values)


def shrunk(spec: GraphSpec, extent: int) -> GraphSpec:
    """The same network for a smaller image."""
    inputs = tuple(
        item.model_copy(update={"shape": (3, extent, extent)}) if item.shape else item
        for item in spec.inputs
    )
    return spec.model_copy(update={"inputs": inputs})


def test_every_model_of_the_list_is_there() -> None:
    assert set(zoo.names()) == set(PARAMS)


@every_model
def test_a_model_has_no_problems(name: str) -> None:
    assert find_problems(zoo.build(name)) == ()


@every_model
def test_a_model_has_the_published_number_of_parameters(name: str) -> None:
    assert summary(name).params == PARAMS[name]


@pytest.mark.parametrize("name", MACS)
def test_a_model_does_the_published_work(name: str) -> None:
    assert summary(name).macs == pytest.approx(MACS[name], rel=0.01)


@every_model
def test_the_file_is_current(name: str) -> None:
    text = zoo.path_of(name).read_text("utf-8")
    assert text == document.dumps(zoo.build(name)), "run scripts/write_models.py"


def test_no_file_is_without_a_builder() -> None:
    assert {path.stem for path in zoo.models_dir().glob("*.json")} == set(zoo.names())


@every_model
def test_a_model_loads_from_its_file(name: str) -> None:
    spec = zoo.load(name)
    assert spec == zoo.build(name)
    assert spec.name == name


def test_names_that_are_unknown_are_refused_with_a_guess() -> None:
    for function in (zoo.build, zoo.load, zoo.path_of):
        with pytest.raises(SpecError, match="resnet18") as caught:
            function("resnet81")
        assert caught.value.problems[0].code == "unknown-model"
    with pytest.raises(SpecError):
        zoo.load("../pyproject")


@pytest.mark.parametrize("name", SMALL + MIDDLE)
def test_a_model_runs_forward(name: str) -> None:
    batch = 1 if name == "squeezenet" else 3
    spec = zoo.build(name)
    outputs = run_forward(spec, batch)
    (classes,) = (item.classes for item in spec.inputs if item.classes)
    assert outputs[spec.outputs[0]].shape == (batch, classes)
    assert all(np.isfinite(value).all() for value in outputs.values())


@pytest.mark.parametrize(
    ("name", "extent"), [("resnet18", 33), ("resnet50", 33), ("googlenet", 48)]
)
def test_a_large_model_runs_forward_on_a_small_image(name: str, extent: int) -> None:
    outputs = run_forward(shrunk(zoo.build(name), extent), 1)
    assert outputs["scores"].shape == (1, 1000)
    assert np.isfinite(outputs["scores"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in PARAMS if n not in SMALL + MIDDLE])
def test_a_large_model_runs_forward_at_its_size(name: str) -> None:
    outputs = run_forward(zoo.build(name), 1)
    assert outputs["scores"].shape == (1, 1000)
    assert np.isfinite(outputs["scores"]).all()
