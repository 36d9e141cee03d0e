from __future__ import annotations

import threading

from threadpoolctl import threadpool_info, threadpool_limits

from graphspec.engines.numpy.blas import one_thread


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blas_is_held_to_one_thread_and_let_go_after_the_last_block() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread():
            inside.set()
            go_on.wait(10)

    with threadpool_limits(2, user_api="blas"):
        thread = threading.Thread(target=other)
        with one_thread():
            thread.start()
            assert inside.wait(10)
            assert blas_threads() == {1}
        assert blas_threads() == {1}
        go_on.set()
        thread.join()
        assert blas_threads() == {2}
