from __future__ import annotations

import os
import subprocess
import sys

# In a process of its own: this one was started with a single BLAS thread.
SCRIPT = """
import threading
import numpy
from threadpoolctl import threadpool_info
from graphspec.engines.numpy.blas import one_thread

def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

inside, go_on = threading.Event(), threading.Event()

def other():
    with one_thread():
        inside.set()
        go_on.wait(10)

assert blas_threads() == {2}, blas_threads()
thread = threading.Thread(target=other)
with one_thread():
    thread.start()
    assert inside.wait(10)
    assert blas_threads() == {1}
assert blas_threads() == {1}, "let go while another thread computes"
go_on.set()
thread.join()
assert blas_threads() == {2}, "not given back"
"""


def test_blas_is_held_to_one_thread_and_let_go_after_the_last_block() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
