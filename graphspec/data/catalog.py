"""The sets that have names, and ``load_data``, which takes a name or a path."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graphspec.data.binning import bin_targets
from graphspec.data.budget import DEFAULT_BUDGET, FilePath
from graphspec.data.builtin import (
    DIGITS_SOURCE,
    FASHION_CLASSES,
    FASHION_SOURCE,
    SPIRAL_SOURCE,
    load_digits,
    load_fashion_mini,
    load_spiral,
)
from graphspec.data.dataset import Dataset
from graphspec.data.downloads import data_home, is_downloaded
from graphspec.data.readers.cifar import is_cifar_folder, load_cifar_folder
from graphspec.data.readers.csv import load_csv
from graphspec.data.readers.idx import is_idx_folder, load_idx_folder
from graphspec.data.readers.image_folder import load_image_folder
from graphspec.data.readers.npz import load_npz
from graphspec.errors import DataError

# Where Debian's dataset-fashion-mnist puts it.
SYSTEM_FASHION = Path("/usr/share/datasets/fashion-mnist")


@dataclass(frozen=True, slots=True)
class DataEntry:
    """A named set, as ``graphspec data list`` shows it.

    ``shape`` is one example's; ``train`` and ``test`` are counts; ``present`` tells whether it
    can be loaded here and now, and ``where`` from which folder ("" for what is built in).
    """

    name: str
    about: str
    shape: tuple[int, ...]
    train: int
    test: int
    classes: int
    source: str
    licence: str
    present: bool = True
    where: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return {**asdict(self), "shape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is told of a named set, and how to read it: from the folder that ``find`` finds."""

    entry: DataEntry
    read: Callable[..., Dataset]
    find: Callable[[], Path | None] | None = None
    class_names: tuple[str, ...] = ()


def _find_downloaded(name: str) -> Callable[[], Path | None]:
    return lambda: data_home() / name if is_downloaded(name) else None


def _find_fashion() -> Path | None:
    if (SYSTEM_FASHION / "train-images-idx3-ubyte.gz").is_file():
        return SYSTEM_FASHION
    return _find_downloaded("fashion-mnist")()


_CIFAR = "A. Krizhevsky (2009), www.cs.toronto.edu/~kriz/cifar.html"
_SETS = (
    _Known(
        DataEntry(
            "digits",
            "handwritten digits, 8×8 grey",
            (1, 8, 8),
            1797,
            0,
            10,
            DIGITS_SOURCE,
            "CC BY 4.0",
        ),
        load_digits,
    ),
    _Known(
        DataEntry(
            "fashion-mini",
            "clothes, 28×28 grey, a balanced part of Fashion-MNIST",
            (1, 28, 28),
            8000,
            1500,
            10,
            FASHION_SOURCE,
            "MIT",
        ),
        load_fashion_mini,
    ),
    _Known(
        DataEntry(
            "spiral",
            "points on three spiral arms",
            (2,),
            300,
            0,
            3,
            SPIRAL_SOURCE,
            "none needed",
        ),
        load_spiral,
    ),
    _Known(
        DataEntry(
            "mnist",
            "handwritten digits, 28×28 grey",
            (1, 28, 28),
            60_000,
            10_000,
            10,
            "Y. LeCun, C. Cortes, C. Burges (1998), yann.lecun.com/exdb/mnist",
            "not stated by the authors",
        ),
        load_idx_folder,
        _find_downloaded("mnist"),
        tuple("0123456789"),
    ),
    _Known(
        DataEntry(
            "fashion-mnist",
            "clothes, 28×28 grey",
            (1, 28, 28),
            60_000,
            10_000,
            10,
            FASHION_SOURCE,
            "MIT",
        ),
        load_idx_folder,
        _find_fashion,
        FASHION_CLASSES,
    ),
    _Known(
        DataEntry(
            "cifar10",
            "animals and vehicles, 32×32 colour",
            (3, 32, 32),
            50_000,
            10_000,
            10,
            _CIFAR,
            "not stated by the authors",
        ),
        load_cifar_folder,
        _find_downloaded("cifar10"),
    ),
    _Known(
        DataEntry(
            "cifar100",
            "things of 100 kinds, 32×32 colour",
            (3, 32, 32),
            50_000,
            10_000,
            100,
            _CIFAR,
            "not stated by the authors",
        ),
        load_cifar_folder,
        _find_downloaded("cifar100"),
    ),
)
_KNOWN = MappingProxyType({known.entry.name: known for known in _SETS})


def list_data() -> tuple[DataEntry, ...]:
    """Every named set with its facts and whether it is here; nothing is loaded."""
    entries = []
    for known in _SETS:
        folder = known.find() if known.find else None
        present = known.find is None or folder is not None
        entries.append(replace(known.entry, present=present, where=str(folder or "")))
    return tuple(entries)


def load_data(name_or_path: FilePath, **options: Any) -> Dataset:
    """The data set of a name or a path.

    A name is one of ``list_data()``. A path is a folder of idx files, of CIFAR batches, or of
    images with one folder a class; or a ``.npz`` or ``.csv`` (``.csv.gz``, ``.tsv``) file.
    ``options`` go to the reader: ``held_out`` for digits; ``n``, ``classes``, ``noise`` and
    ``seed`` for spiral; ``labels`` for CIFAR-100; ``channels`` for npz; ``colour`` and ``size``
    for image folders; ``label``, ``target``, ``header`` and ``delimiter`` for csv; and for all but
    spiral a ``budget``. With ``bins`` (and ``binning``) real targets become that many classes; see
    ``bin_targets``.

    Raises:
        DataError: there is no such set or path, an option does not exist, or the data are wrong.
    """
    binned = {key: options.pop(key) for key in ("bins", "binning") if key in options}
    data = _load(name_or_path, options)
    if "bins" in binned:
        return bin_targets(data, **binned)
    if binned:
        raise DataError("binning says how bins are made, and there are none: give bins as well.")
    return data


def _load(name_or_path: FilePath, options: dict[str, Any]) -> Dataset:
    text = str(name_or_path)
    if text in _KNOWN:
        return _load_known(text, options)
    path = Path(name_or_path)
    try:
        there, folder = path.exists(), path.is_dir()
    except (OSError, ValueError):
        there = folder = False
    if not there:
        close = difflib.get_close_matches(text.lower(), _KNOWN, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise DataError(
            f"there is no data set and no file or folder {text!r}.{hint} The named sets are "
            f"{', '.join(_KNOWN)}."
        )
    return _call(_reader(path, folder, options), text, (path,), options)


def _reader(path: Path, folder: bool, options: dict[str, Any]) -> Callable[..., Dataset]:
    budget = options.get("budget", DEFAULT_BUDGET)
    if folder:
        if is_idx_folder(path, budget):
            return load_idx_folder
        return load_cifar_folder if is_cifar_folder(path, budget) else load_image_folder
    name = path.name.lower()
    if name.endswith(".npz"):
        return load_npz
    if name.endswith((".csv", ".csv.gz")):
        return load_csv
    if name.endswith((".tsv", ".tsv.gz")):
        options.setdefault("delimiter", "\t")
        return load_csv
    raise DataError(
        f"cannot tell what kind of data {str(path)!r} is. A file can be .npz, .csv or .tsv; a "
        "folder can hold idx files, CIFAR batches, or one folder of images for each class."
    )


def _load_known(name: str, options: dict[str, Any]) -> Dataset:
    known = _KNOWN[name]
    if known.find is None:
        return _call(known.read, name, (), options)
    folder = known.find()
    if folder is None:
        raise DataError(
            f"{name!r} is not on this machine. Get it once with: graphspec data get {name}"
        )
    fixed: dict[str, Any] = {
        "name": name,
        "source": known.entry.source,
        "licence": known.entry.licence,
    }
    if known.class_names:
        fixed["classes"] = known.class_names
    return _call(known.read, name, (folder,), options, fixed)


def _call(
    read: Callable[..., Dataset],
    name: str,
    positional: tuple[Any, ...],
    options: Mapping[str, Any],
    fixed: Mapping[str, Any] = MappingProxyType({}),
) -> Dataset:
    allowed = [
        key
        for key, parameter in inspect.signature(read).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and key not in fixed
    ]
    if unknown := [key for key in options if key not in allowed]:
        raise DataError(
            f"{name!r} has no option {', '.join(map(repr, unknown))}; its options are "
            f"{', '.join(allowed)}."
        )
    return read(*positional, **fixed, **options)
