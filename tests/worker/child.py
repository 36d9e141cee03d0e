"""Starting real workers and speaking to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from graphspec.train.events import Event
from graphspec.train.rundir import Run


class Worker:
    """A worker process and the run that it trains; killed at the end of the block."""

    def __init__(self, run: Run, *options: str) -> None:
        self.run = run
        self.process = subprocess.Popen(
            [sys.executable, "-m", "graphspec.worker", str(run.path), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait(30)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            # What was meant for a process that is gone cannot be flushed any more.
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def send(self, do: str, **fields: Any) -> None:
        self.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        """The exit code, at the latest after half a minute."""
        return self.process.wait(30)

    def wait_for(self, wanted: Callable[[Event], bool]) -> Event:
        """The first event in the log that is wanted."""
        return self.wait_until(lambda events: next((e for e in events if wanted(e)), None))

    def wait_until(self, found: Callable[[tuple[Event, ...]], Any]) -> Any:
        """What ``found`` makes of the log, as soon as that is not None."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            # Asked first: what a worker wrote before it ended is then in the log.
            code = self.process.poll()
            result = found(self.run.events)
            if result is not None:
                return result
            assert code is None, self.process.communicate()[1].decode()
            time.sleep(0.01)
        raise AssertionError([event.type for event in self.run.events])
