"""The threads of one executable: our own, as pools that are shared between engines get stuck.

Each is a Python thread inside one foreign call that holds no GIL (see ``interpreter.py``). They
start at the first native row. A forked child has none of its parent's threads and starts its own.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from typing import Any, NamedTuple

import numpy as np

from graphspec.engines.jit.arena import allocate
from graphspec.engines.jit.buffers import Array

_SEMAPHORE_BYTES = 64


class Pool:
    """As many threads as asked for, the calling one included. One run at a time."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._process = 0
        self._control: Array = np.zeros(0, np.int64)
        self._semaphores: list[Any] = []
        self._play: Any = None

    def run(self, native: Array, first: int, last: int) -> None:
        """Run rows [first, last) of a bound table, with all threads."""
        if self._process != os.getpid():
            self._start()
        self._play(self._control.ctypes.data, first, last, native.ctypes.data)

    def close(self) -> None:
        """Let the threads end; they finish on their own."""
        if self._process == os.getpid():
            self._process = 0
            _stop(self._control, self._semaphores)

    def _start(self) -> None:
        from graphspec.engines.jit import interpreter
        from graphspec.engines.jit.builder import SIGNATURE
        from graphspec.engines.jit.compiler import native

        self._play = SIGNATURE(native("play", interpreter.play))
        system = _system()
        control = allocate(8 * interpreter.control_size(self.threads)).view(np.int64)
        control[...] = 0
        control[interpreter.WAIT] = system.wait
        control[interpreter.POST] = system.post
        control[interpreter.YIELD] = system.give_way
        control[interpreter.THREADS] = self.threads
        self._control, self._semaphores = control, []
        serve = native("serve", interpreter.serve) if self.threads > 1 else 0
        for thread in range(1, self.threads):
            semaphore = system.make_semaphore()
            self._semaphores.append(semaphore)
            at = interpreter.SEMAPHORE + interpreter.LINE * thread
            control[at] = semaphore if isinstance(semaphore, int) else ctypes.addressof(semaphore)
            threading.Thread(
                target=_serve,
                args=(serve, control, semaphore, thread),
                name=f"graphspec-{thread}",
                daemon=True,
            ).start()
        self._process = os.getpid()


def _serve(serve: int, control: Array, semaphore: Any, thread: int) -> None:
    """Live in the native loop; the arguments keep what it looks at alive."""
    from graphspec.engines.jit.builder import SIGNATURE

    SIGNATURE(serve)(control.ctypes.data, 0, 0, thread)


def _stop(control: Array, semaphores: list[Any]) -> None:
    """Set STOP, count a run, and wake everybody."""
    from graphspec.engines.jit import interpreter

    control[interpreter.STOP] = 1
    control[interpreter.RUN] += 1
    post = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(
        int(control[interpreter.POST])
    )
    for semaphore in semaphores:
        post(semaphore if isinstance(semaphore, int) else ctypes.addressof(semaphore), 1, 0)


class _System(NamedTuple):
    """Addresses of the system's functions, and how a semaphore is made.

    The native loop calls all with the same four arguments. Those that a function does not take are
    in registers that it does not look at; the second is −1 for a wait without end, and 1 for how
    often to post.
    """

    wait: int
    post: int
    give_way: int
    make_semaphore: Any


def _system() -> _System:
    if sys.platform == "win32":
        kernel: Any = ctypes.windll.kernel32
        kernel.CreateSemaphoreW.restype = ctypes.c_void_p
        return _System(
            _address(kernel.WaitForSingleObject),
            _address(kernel.ReleaseSemaphore),
            _address(kernel.SwitchToThread),
            lambda: int(kernel.CreateSemaphoreW(None, 0, 2**30, None)),
        )
    library = ctypes.CDLL(None)
    if sys.platform == "darwin":
        # Unnamed POSIX semaphores do not exist there.
        library.dispatch_semaphore_create.restype = ctypes.c_void_p
        return _System(
            _address(library.dispatch_semaphore_wait),
            _address(library.dispatch_semaphore_signal),
            _address(library.sched_yield),
            lambda: int(library.dispatch_semaphore_create(ctypes.c_long(0))),
        )

    def make() -> Any:
        semaphore = ctypes.create_string_buffer(_SEMAPHORE_BYTES)
        library.sem_init(semaphore, 0, 0)
        return semaphore

    return _System(
        _address(library.sem_wait), _address(library.sem_post), _address(library.sched_yield), make
    )


def _address(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
