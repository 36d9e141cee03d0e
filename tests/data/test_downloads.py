"""Downloads from a server on this machine: good, wrong, cut off, too long, packed."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from graphspec.data import DOWNLOADS, downloads
from graphspec.data import download as fetch
from graphspec.data.downloads import Download, RemoteFile, is_downloaded
from graphspec.errors import DataError

CONTENT = bytes(range(256)) * 1000


class Handler(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []
    cut_after: ClassVar[int | None] = None

    def do_GET(self) -> None:
        self.asked.append(self.path)
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: self.cut_after])

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GRAPHSPEC_DATA", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Handler.files, Handler.asked, Handler.cut_after = {}, [], None
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/sets"
        http.shutdown()
        thread.join()


def remote(name: str, content: bytes, **changes: Any) -> RemoteFile:
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), **changes}
    return RemoteFile(name, **facts)


def offer(monkeypatch: pytest.MonkeyPatch, *files: RemoteFile) -> None:
    monkeypatch.setattr(downloads, "DOWNLOADS", {"toy": Download("http://127.0.0.1:9/", files)})


def left(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "home").rglob("*") if file.is_file())


def test_a_good_file_is_kept_and_not_asked_for_again(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, remote("a.gz", CONTENT), remote("b", b"two"))
    Handler.files = {"/sets/a.gz": CONTENT, "/sets/b": b"two"}
    steps: list[tuple[str, int, int]] = []
    folder = fetch("toy", base_url=server, progress=lambda *step: steps.append(step))
    assert folder == tmp_path / "home" / "toy"
    assert (folder / "a.gz").read_bytes() == CONTENT
    assert left(tmp_path) == ["a.gz", "b"]
    assert is_downloaded("toy")
    assert steps[-2:] == [("a.gz", len(CONTENT), len(CONTENT)), ("b", 3, 3)]
    assert [come for name, come, _ in steps if name == "a.gz"] == sorted(
        come for name, come, _ in steps if name == "a.gz"
    )
    fetch("toy", base_url=server + "/")
    assert Handler.asked == ["/sets/a.gz", "/sets/b"]
    # A file that was damaged on the disk is fetched anew.
    (folder / "b").write_bytes(b"bad")
    fetch("toy", base_url=server)
    assert (folder / "b").read_bytes() == b"two"


def test_a_wrong_file_is_refused_and_nothing_is_left(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, remote("a", CONTENT))
    Handler.files = {"/sets/a": CONTENT[:-1] + b"!"}
    with pytest.raises(DataError, match="not the file that graphspec expects"):
        fetch("toy", base_url=server)
    assert left(tmp_path) == []
    assert not is_downloaded("toy")


def test_a_longer_file_is_stopped(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, remote("a", CONTENT, size=1000))
    Handler.files = {"/sets/a": CONTENT}
    with pytest.raises(DataError, match="more than the 1,000 bytes"):
        fetch("toy", base_url=server)
    assert left(tmp_path) == []


@pytest.mark.parametrize("after", [0, 1000])
def test_a_connection_that_breaks_leaves_nothing(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    offer(monkeypatch, remote("a", CONTENT))
    Handler.files, Handler.cut_after = {"/sets/a": CONTENT}, after
    with pytest.raises(DataError, match="Check the connection"):
        fetch("toy", base_url=server)
    assert left(tmp_path) == []


def test_an_interrupt_leaves_nothing(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, remote("a", CONTENT))
    Handler.files = {"/sets/a": CONTENT}

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("toy", base_url=server, progress=stop)
    assert left(tmp_path) == []


def test_no_such_file_set_or_server(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, remote("a", CONTENT))
    with pytest.raises(DataError, match="404"):
        fetch("toy", base_url=server)
    with pytest.raises(DataError, match="cannot get"):
        fetch("toy")
    with pytest.raises(DataError, match="there are toy"):
        fetch("other")
    assert left(tmp_path) == []


def test_a_folder_that_cannot_be_written(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, remote("a", CONTENT))
    Handler.files = {"/sets/a": CONTENT}
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="GRAPHSPEC_DATA"):
        fetch("toy", base_url=server)


def test_archives_are_unpacked_and_removed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name in ("folder/one.bin", "folder/readme.html", "../two.bin"):
            info = tarfile.TarInfo(name)
            info.size = 5
            archive.addfile(info, io.BytesIO(b"12345"))
    packed = out.getvalue()
    Handler.files = {"/sets/a.tar.gz": packed}
    offer(monkeypatch, remote("a.tar.gz", packed, unpack=(("one.bin", 5), ("two.bin", 5))))
    fetch("toy", base_url=server)
    assert left(tmp_path) == ["one.bin", "two.bin"]
    assert is_downloaded("toy")
    fetch("toy", base_url=server)
    assert Handler.asked == ["/sets/a.tar.gz"]


def test_published_facts_are_whole() -> None:
    for chosen in DOWNLOADS.values():
        assert chosen.base_url.startswith("https://")
        for file in chosen.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.size > 4000
