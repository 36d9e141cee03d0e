r"""Another process that compiles: within one, LLVM works on one module at a time.

    this process ──▶ "<bytes of text>\n" text          to the other's standard input
                 ◀── "<bytes of code>\n" object code   from its standard output

Both import the same modules from the same places, so the code is the same as if it had been made
here. The other process does nothing else, keeps nothing, and ends with its standard input. Whatever
goes wrong with it is an ``OSError``, after which the text can still be compiled here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Self

from graphspec.engines.jit.target import Target, compile_module


class Translator:
    """The other process, for one target, as seen from this one; it is ended by ``with``.

    Raises:
        OSError: Python cannot be started again from here, as in an application that is one file.
    """

    def __init__(self, target: Target) -> None:
        if getattr(sys, "frozen", False) or not sys.executable:
            raise OSError("this program is not run by a Python that could be started again")
        # Only what this process could import itself: not what lies in the folder it is started in.
        places = os.pathsep.join(place for place in sys.path if place)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, json.dumps(asdict(target))],
            env={**os.environ, "PYTHONPATH": places},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl+C is for the process that waits for it.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def translate(self, text: str) -> bytes:
        """Object code of a module in LLVM's assembly language.

        Raises:
            OSError: the other process has ended, or did not understand.
        """
        _send(self._stdin, text.encode())
        return _receive(self._stdout)

    def end(self) -> None:
        """End it at once, whatever it is at: who waits for its answer gets an ``OSError``."""
        self._process.kill()
        self._process.wait()
        # What was not sent in full cannot be now.
        with suppress(OSError):
            self._stdin.close()
        self._stdout.close()


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(b"%d\n" % len(data) + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    size = pipe.readline(20)
    if not size.strip().isdigit():
        raise OSError(f"not the length of a message: {size!r}")
    data = pipe.read(int(size))
    if len(data) < int(size):
        raise OSError("the other process ended within a message")
    return data


def serve(description: str) -> None:
    """Be the other process, until there is nothing more to read."""
    target = Target(**json.loads(description))
    with suppress(OSError):
        while True:
            text = _receive(sys.stdin.buffer).decode()
            _send(sys.stdout.buffer, compile_module(text, target))


if __name__ == "__main__":
    serve(sys.argv[1])
