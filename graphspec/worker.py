"""A training in a process of its own: ``python -m graphspec.worker RUN_DIR``.

It trains the run, or goes on with it, and writes to its directory, which is also where whoever
started it follows it. Commands come on standard input, one JSON object a line:

    {"do": "pause"}   {"do": "resume"}   {"do": "step"}   {"do": "stop"}   {"do": "checkpoint"}
    {"do": "set_rate", "rate": 0.01}
    {"do": "set_penalty", "name": "l2", "strength": 0.001}
    {"do": "set_drop", "layer": "drop1", "drop": 0.3}
    {"do": "taps", "taps": [{"node": "conv1", "what": "value"}]}
    {"do": "weights"}
    {"do": "detach"}

``weights`` writes the weights of now to ``taps/weights.safetensors``, with the step in its
metadata, for whoever watches; the log does not tell of it.

A line that cannot be followed becomes a ``refused`` event. When the input ends, its other end is
gone: the worker finishes the step, saves and ends, unless it was started with ``--detached`` or
told to detach. No array passes through the pipe.

Standard output carries the events of pauses, as the log has them: where the disk is full, the log
may have no room to say so.

Exit codes: 0 finished or stopped, 1 training failed, 2 the run cannot be used.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from graphspec.errors import GraphspecError, RunError
from graphspec.train.control import Control, Detach, Unreadable, parse_command, stop_on_interrupt
from graphspec.train.events import Changed
from graphspec.train.session import train_run

# A command is some dozens of bytes; a longer line is not kept in memory to the end.
_LONGEST_LINE = 1 << 20
FAILED, UNUSABLE = 1, 2


def listen(handle: int | None, control: Control, *, detached: bool) -> None:
    """Read commands from a file descriptor until it ends.

    The end means stop. A detached training goes on, also from a pause that nobody could end.
    """
    rest = b""
    while True:
        try:
            # Not sys.stdin: a thread that waits in it would stop the interpreter from ending.
            data = b"" if handle is None else os.read(handle, 1 << 16)
        except OSError:
            data = b""
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if not line.strip():
                continue
            command = parse_command(line)
            if isinstance(command, Detach):
                detached = True
            else:
                control.send(command)
        if len(rest) > _LONGEST_LINE:
            control.send(Unreadable(command="", reason="the line is too long"))
            rest = b""
    if detached:
        control.resume()
    else:
        control.stop()


def tell(event: Changed) -> None:
    """Tell of a pause whoever started this; it may have gone, or have a full disk itself."""
    # Not print: what cannot be written now would be tried again at the end, and fail the worker.
    if sys.stdout is not None:
        with suppress(OSError):
            os.write(sys.stdout.fileno(), event.to_line())
    if event.reason:
        with suppress(OSError):
            print(f"graphspec.worker: paused: {event.reason}", file=sys.stderr, flush=True)


def work(path: Path, *, detached: bool = False) -> int:
    """Train the run at ``path`` under the commands of standard input; return the exit code."""
    control = Control()
    # There is no sys.stdin when the descriptor was closed before the start.
    arguments = (None if sys.stdin is None else sys.stdin.fileno(), control)
    listener = threading.Thread(
        target=listen, args=arguments, kwargs={"detached": detached}, daemon=True
    )
    listener.start()
    try:
        with stop_on_interrupt(control):
            for event in train_run(path, control=control):
                if isinstance(event, Changed) and event.field == "paused":
                    tell(event)
    except RunError as error:
        print(f"graphspec.worker: {error}", file=sys.stderr)
        return UNUSABLE
    except (GraphspecError, MemoryError) as error:
        print(f"graphspec.worker: {error}", file=sys.stderr)
        return FAILED
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line and work."""
    parser = argparse.ArgumentParser(prog="python -m graphspec.worker", description="Train a run.")
    parser.add_argument("run", type=Path, help="the run directory")
    parser.add_argument(
        "--detached", action="store_true", help="go on when the standard input ends"
    )
    arguments = parser.parse_args(argv)
    return work(arguments.run, detached=arguments.detached)


if __name__ == "__main__":
    sys.exit(main())
