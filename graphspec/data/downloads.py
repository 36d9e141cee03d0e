"""Fetching the well-known sets from their public homes, and where they are kept.

Every file is named here with its length and SHA-256, so that a home, a mirror or a proxy can
withhold a file but cannot put another in its place.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graphspec.atomic import write_bytes
from graphspec.data.budget import DEFAULT_BUDGET
from graphspec.data.safe_io import read_tar
from graphspec.errors import DataError

Progress = Callable[[str, int, int], None]
_TIMEOUT_SECONDS = 30
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a download: its name, length in bytes and SHA-256.

    ``unpack`` lists the files to take out of it when it is an archive, with their lengths.
    """

    name: str
    size: int
    sha256: str
    unpack: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Download:
    """The files of one set and the folder on the web that they are in."""

    base_url: str
    files: tuple[RemoteFile, ...]

    def results(self) -> tuple[tuple[str, int], ...]:
        """The files that lie in the set's folder when all is done, with their lengths."""
        return tuple(
            result for file in self.files for result in file.unpack or ((file.name, file.size),)
        )


_CIFAR10_BATCH = 10_000 * 3073
DOWNLOADS = MappingProxyType(
    {
        "mnist": Download(
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            (
                RemoteFile(
                    "train-images-idx3-ubyte.gz",
                    9_912_422,
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                ),
                RemoteFile(
                    "train-labels-idx1-ubyte.gz",
                    28_881,
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                ),
                RemoteFile(
                    "t10k-images-idx3-ubyte.gz",
                    1_648_877,
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                ),
                RemoteFile(
                    "t10k-labels-idx1-ubyte.gz",
                    4_542,
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                ),
            ),
        ),
        "fashion-mnist": Download(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            (
                RemoteFile(
                    "train-images-idx3-ubyte.gz",
                    26_421_880,
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                ),
                RemoteFile(
                    "train-labels-idx1-ubyte.gz",
                    29_515,
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                ),
                RemoteFile(
                    "t10k-images-idx3-ubyte.gz",
                    4_422_102,
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                ),
                RemoteFile(
                    "t10k-labels-idx1-ubyte.gz",
                    5_148,
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                ),
            ),
        ),
        "cifar10": Download(
            "https://www.cs.toronto.edu/~kriz/",
            (
                RemoteFile(
                    "cifar-10-binary.tar.gz",
                    170_052_171,
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                    (
                        *((f"data_batch_{i}.bin", _CIFAR10_BATCH) for i in range(1, 6)),
                        ("test_batch.bin", _CIFAR10_BATCH),
                    ),
                ),
            ),
        ),
        "cifar100": Download(
            "https://www.cs.toronto.edu/~kriz/",
            (
                RemoteFile(
                    "cifar-100-binary.tar.gz",
                    168_513_733,
                    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
                    (
                        ("train.bin", 50_000 * 3074),
                        ("test.bin", 10_000 * 3074),
                        ("fine_label_names.txt", 4_096),
                        ("coarse_label_names.txt", 4_096),
                    ),
                ),
            ),
        ),
    }
)


def data_home() -> Path:
    """The folder that downloads are kept in: ``$GRAPHSPEC_DATA``, or one in the user's cache."""
    if chosen := os.environ.get("GRAPHSPEC_DATA"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("graphspec")) / "data"


def is_downloaded(name: str) -> bool:
    """Whether every file of the set lies in its folder."""
    return all((data_home() / name / file).is_file() for file, _ in DOWNLOADS[name].results())


def download(name: str, *, base_url: str | None = None, progress: Progress | None = None) -> Path:
    """Fetch what is missing of a set and return its folder.

    Args:
        name: A key of ``DOWNLOADS``.
        base_url: A mirror's folder, in place of the set's home.
        progress: Called with the file's name, the bytes that have come, and the bytes in all.

    Raises:
        DataError: there is no such set, the home cannot be reached, a file is not the one that
            is expected, or the disk is full. What was there before stays as it was, and nothing
            half done is left.
    """
    if name not in DOWNLOADS:
        raise DataError(f"there is no download {name!r}; there are {', '.join(DOWNLOADS)}.")
    folder = data_home() / name
    chosen = DOWNLOADS[name]
    home = (base_url or chosen.base_url).rstrip("/") + "/"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in chosen.files:
            if file.unpack and is_downloaded(name):
                continue
            fetched = _fetch(home + file.name, file, folder, progress)
            if file.unpack:
                for member, data in read_tar(fetched, dict(file.unpack), DEFAULT_BUDGET):
                    write_bytes(folder / member, data)
                fetched.unlink()
    except OSError as error:
        raise DataError(
            f"cannot keep {name!r} in {str(folder)!r}: {error.strerror or error}. Make room there, "
            "or set GRAPHSPEC_DATA to another folder."
        ) from error
    return folder


def _fetch(url: str, file: RemoteFile, folder: Path, progress: Progress | None) -> Path:
    import pooch

    # pooch tells of every file on standard error; the caller has its own way of saying it.
    pooch.get_logger().setLevel(logging.WARNING)

    def stream(url: str, output_file: Any, _: Any) -> None:
        _stream(url, Path(output_file), file, progress)

    try:
        path = pooch.retrieve(
            url, f"sha256:{file.sha256}", fname=file.name, path=folder, downloader=stream
        )
    except ValueError as error:
        raise DataError(
            f"{url} is not the file that graphspec expects: its SHA-256 is not {file.sha256}. It "
            "was thrown away. A proxy or mirror may have sent something else; try again, or put "
            f"the right file into {str(folder)!r} yourself."
        ) from error
    return Path(path)


def _stream(url: str, target: Path, file: RemoteFile, progress: Progress | None) -> None:
    """Write what ``url`` sends to ``target``, and no byte more than is expected."""
    import requests
    import urllib3

    try:
        with (
            requests.get(url, stream=True, timeout=_TIMEOUT_SECONDS) as response,
            target.open("wb") as out,
        ):
            response.raise_for_status()
            arrived = 0
            # Raw, so that a gzip file is not unpacked on the way because a server says it may be.
            while chunk := response.raw.read(_CHUNK, decode_content=False):
                arrived += len(chunk)
                if arrived > file.size:
                    raise DataError(
                        f"{url} sends more than the {file.size:,} bytes that are expected. It was "
                        "thrown away."
                    )
                out.write(chunk)
                if progress is not None:
                    progress(file.name, arrived, file.size)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise DataError(
            f"cannot get {url}: {error}. Check the connection and try again, or put the file into "
            "the folder yourself."
        ) from error
