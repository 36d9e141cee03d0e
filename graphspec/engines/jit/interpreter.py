"""The native loop that every thread runs through the rows of a table, and how threads meet.

The calling thread is thread 0; it enters ``play`` once for every run of native rows. The others are
inside ``serve`` all the time: they wait for the next run, do their part of every row, and wait
again. Both hold no GIL. They share one array of 64-bit numbers, the control block::

    0   RUN       how many runs have begun; a change wakes who is waiting
    8   ROWS …    what to run: address of the rows, first, last, arrivals before it
    16  ARRIVED   how often a thread has come to a barrier, since the beginning
    24  WAIT …    the system's functions: wait for a semaphore, post one, yield; and their number
    32  (one cache line per thread) PARKED, SEMAPHORE

A barrier is passed when ARRIVED has grown by the number of threads. Who waits spins first, as most
waits are shorter than a microsecond; then it gives its core away again and again, so that on a
crowded machine the thread that it waits for can run; between runs it goes to sleep on a semaphore.

That no wake-up is lost: a worker marks itself as parked and then looks at RUN; the caller changes
RUN and then looks at the mark. Each of the four is one atomic addition, so that whoever comes
second sees what the other did. A post too many only makes a worker look once more.
"""

from __future__ import annotations

from graphspec.engines.jit.builder import I64, Kernel, Pointer, Value

RUN, ROWS, FIRST, LAST, BASE, ARRIVED = 0, 8, 9, 10, 11, 16
WAIT, POST, YIELD, THREADS, STOP = 24, 25, 26, 27, 28
PARKED, SEMAPHORE = 32, 33
LINE = 8
"""Numbers in a cache line."""
_BARRIER_SPINS = 400
_IDLE_SPINS = 6_000
# As in table.py, which is none of the sources that the cache knows a kernel by.
_BARRIER, _ALONE, _ROW = 1, 2, 4


def control_size(threads: int) -> int:
    """Numbers in the control block."""
    return PARKED + LINE * threads


def play(k: Kernel) -> None:
    """Run rows first … last − 1 with all threads; ``thread`` holds the address of the rows.

    Where they are to be done alone, the others sleep on, and nobody waits for anybody.
    """
    control = k.args
    threads = control[THREADS]
    rows = k.address(k.thread, I64)
    alone = k.variable(k.integer(0))
    with k.when(k.first < k.last):
        alone.value = rows[k.first * _ROW + 3] & _ALONE
    with k.either(alone.value.equals(0)) as (together, by_itself):
        with together:
            _together(k, control, threads)
        with by_itself, k.loop(k.first, k.last) as i, k.loop(0, threads) as thread:
            _part(k, rows + i * _ROW, thread, threads)


def _together(k: Kernel, control: Pointer, threads: Value) -> None:
    """Tell the others to run the rows, wake those that sleep, and do thread 0's part."""
    control[ROWS], control[FIRST], control[LAST] = k.thread, k.first, k.last
    base = control.atomic_load(ARRIVED)
    control[BASE] = base
    control.atomic_add(RUN, 1)
    with k.loop(1, threads) as other:
        line = control + other * LINE
        with k.when(line.atomic_add(PARKED, 0).differs(0)):
            semaphore = k.address(line[SEMAPHORE], I64)
            k.call(control[POST], semaphore, k.integer(1), k.integer(0), k.integer(0))
    _rows(k, control, k.address(k.thread, I64), k.first, k.last, k.integer(0), base)


def serve(k: Kernel) -> None:
    """Be thread ``thread``, from run number ``first`` on, until STOP is set."""
    control, thread = k.args, k.thread
    line = control + thread * LINE
    seen = k.variable(k.first)
    going = k.variable(k.integer(1))
    spins = k.variable(k.integer(0))
    with k.repeat_while(lambda: going.value.differs(0)):
        spins.value = k.integer(0)
        with k.repeat_while(
            lambda: control.atomic_load(RUN).equals(seen.value) & (spins.value < _IDLE_SPINS)
        ):
            k.pause()
            spins.value = spins.value + 1
        with k.when(control.atomic_load(RUN).equals(seen.value)):
            line.atomic_add(PARKED, 1)
            with k.repeat_while(lambda: control.atomic_add(RUN, 0).equals(seen.value)):
                semaphore = k.address(line[SEMAPHORE], I64)
                k.call(control[WAIT], semaphore, k.integer(-1), k.integer(0), k.integer(0))
            line.atomic_add(PARKED, -1)
        seen.value = control.atomic_load(RUN)
        with k.either(control.atomic_load(STOP).equals(0)) as (work, stop):
            with work:
                rows = k.address(control[ROWS], I64)
                _rows(k, control, rows, control[FIRST], control[LAST], thread, control[BASE])
            with stop:
                going.value = k.integer(0)


def _rows(
    k: Kernel,
    control: Pointer,
    rows: Pointer,
    first: Value,
    last: Value,
    thread: Value,
    base: Value,
) -> None:
    """One thread's part of the rows, and the wait for all others at the end."""
    threads = control[THREADS]
    passed = k.variable(base)

    def barrier() -> None:
        passed.value = passed.value + threads
        control.atomic_add(ARRIVED, 1)
        spins = k.variable(k.integer(0))
        spins.value = k.integer(0)
        with k.repeat_while(lambda: control.atomic_load(ARRIVED) < passed.value):
            spins.value = spins.value + 1
            with k.either(spins.value < _BARRIER_SPINS) as (soon, late):
                with soon:
                    k.pause()
                with late:
                    none = k.integer(0)
                    k.call(control[YIELD], control, none, none, none)

    with k.loop(first, last) as i:
        row = rows + i * _ROW
        with k.when((row[3] & _BARRIER).differs(0)):
            barrier()
        _part(k, row, thread, threads)
    barrier()


def _part(k: Kernel, row: Pointer, thread: Value, threads: Value) -> None:
    """The chunks of a row that are one thread's."""
    chunks = row[2]
    begin, end = chunks * thread // threads, chunks * (thread + 1) // threads
    with k.when(begin < end):
        k.call(row[0], k.address(row[1], I64), begin, end, thread)
