"""From a kernel's Python function to the address of its machine code.

    emit(Kernel) ──▶ LLVM text ──▶ object code ──▶ address
                        └────────── kept on disk, by the hash of the sources ──┘

A kernel is compiled at its first use in a process, and once on a machine: where the cache has it,
its Python function is not even run. So the name of a kernel must name every choice that its
function made (``"gemm_nt_6x16_relu"``), and a kernel may depend on nothing but its name, the
target, and the source of this folder's ``vectors``, ``builder``, ``target`` and ``kernels/`` (and
of ``engines/winograd.py``).
"""

from __future__ import annotations

import functools
import gc
import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from graphspec.engines.choosing import usable_cores
from graphspec.engines.jit.builder import Kernel
from graphspec.engines.jit.cache import ObjectCache, default_folder
from graphspec.engines.jit.target import LOCK, Target, assembly, compile_module, host, load
from graphspec.errors import EngineError

Emit = Callable[[Kernel], None]

# So few are compiled before another process has started.
_FEW = 3
# Seconds after which another process that does not answer is given up.
_PATIENCE = 60.0

CACHE = ObjectCache(default_folder())

_known: dict[tuple[str, Target], tuple[int, Emit]] = {}
"""Addresses, with the function that wrote each kernel first."""
_made: dict[str, bytes] = {}
"""Object code by its key, between its compilation and its loading."""


def native(name: str, emit: Emit, target: Target | None = None) -> int:
    """Address of a kernel with the ``builder.SIGNATURE``; it stays valid while the process lives.

    Raises:
        EngineError: there are no kernels for this processor, or the name is that of another kernel.
    """
    target = target or host()
    known = _known.get((name, target))
    if known is None:
        with LOCK:
            known = _known.get((name, target))
            if known is None:
                known = load(object_code(name, emit, target), name), emit
                _known[name, target] = known
    address, first = known
    if first is not emit and not same_writer(first, emit):
        refuse_another(name, first, emit, target)
    return address


def same_writer(one: Emit, other: Emit) -> bool:
    """Whether two functions are one, with the same choices: they write the same kernel."""
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return (one.func, one.args, one.keywords) == (other.func, other.args, other.keywords)
    return one == other


def refuse_another(name: str, one: Emit, other: Emit, target: Target) -> None:
    """See that two functions write the same kernel.

    Raises:
        EngineError: they do not, so that one would be called in place of the other.
    """
    if llvm_text(name, one, target) != llvm_text(name, other, target):
        raise EngineError(
            f"two kernels have the name {name!r}: one of {one!r}, and one of {other!r}. The name "
            "of a kernel must name every choice that its function makes."
        )


def native_all(kernels: Iterable[tuple[str, Emit]], target: Target | None = None) -> None:
    """Have several kernels ready for ``native``: written here, compiled in two processes.

    Raises:
        EngineError: there are no kernels for this processor.
    """
    target = target or host()
    missing = {name: emit for name, emit in kernels if (name, target) not in _known}
    unknown = {}
    for name, emit in missing.items():
        key = _key(name, emit, target)
        code = CACHE.get(key)
        if code is None:
            unknown[key] = (name, emit)
        else:
            _made[key] = code
    if len(unknown) > _FEW and usable_cores() > 1:
        _compile_in_two(unknown, target)
    for name, emit in missing.items():
        native(name, emit, target)
    _made.clear()


def _compile_in_two(kernels: Mapping[str, tuple[str, Emit]], target: Target) -> None:
    """Fill ``_made``: another process compiles from the first on, while all texts are written here.

    Then this one compiles from the last back, until they meet. Where there is no other process,
    nothing is done: ``native`` compiles what it does not find.
    """

    def keep(key: str, code: bytes) -> None:
        CACHE.put(key, code)
        _made[key] = code

    # A process whose kernels are all on disk has no use for these.
    from concurrent.futures import ThreadPoolExecutor

    from graphspec.engines.jit.translator import Translator

    try:
        other = Translator(target)
    except OSError:
        return
    with ThreadPoolExecutor(1, "graphspec-compile") as pool, other:
        given = []
        for key, (name, emit) in kernels.items():
            text = llvm_text(name, emit, target)
            given.append((key, text, pool.submit(other.translate, text)))
        for key, text, code in reversed(given):
            if code.cancel():
                keep(key, compile_module(text, target))
        for key, text, code in given:
            if not code.cancelled():
                try:
                    keep(key, code.result(_PATIENCE))
                except OSError:
                    keep(key, compile_module(text, target))


def object_code(name: str, emit: Emit, target: Target, cache: ObjectCache | None = None) -> bytes:
    """Machine code of one kernel: from the cache, or compiled and put there."""
    cache = cache or CACHE
    key = _key(name, emit, target)
    code = _made.get(key) or cache.get(key)
    if code is None:
        code = compile_module(llvm_text(name, emit, target), target)
        cache.put(key, code)
    return code


def _key(name: str, emit: Emit, target: Target) -> str:
    """What the machine code of a kernel depends on."""
    return f"{name}|{target.identity}|{source_hash()}|{_file_hash(_file_of(emit))}"


def llvm_text(name: str, emit: Emit, target: Target | None = None) -> str:
    """The kernel in LLVM's assembly language."""
    # A kernel is tens of thousands of objects that all live until its text is there: to search
    # them for garbage time and again takes a quarter of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        kernel = Kernel(name, target)
        emit(kernel)
        return kernel.text()
    finally:
        if collecting:
            gc.enable()


def assembly_text(name: str, emit: Emit, target: Target | None = None) -> str:
    """The kernel in the processor's assembly language, to look at what became of a formula."""
    return assembly(llvm_text(name, emit, target), target or host())


@functools.cache
def source_hash() -> str:
    """Digest of every file that a kernel's code may come from."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in ("vectors", "builder", "target", "vector_math")]
    files += [here.parent / "winograd.py", *sorted((here / "kernels").glob("*.py"))]
    return hashlib.sha256("".join(_file_hash(str(file)) for file in files).encode()).hexdigest()


def _file_of(emit: Emit) -> str:
    """The file that a kernel was written in; tests and the interpreter lie outside ``kernels/``."""
    while isinstance(emit, functools.partial):
        emit = emit.func
    # A function, a method and an object that can be called all know their module.
    return getattr(sys.modules.get(emit.__module__), "__file__", None) or ""


@functools.cache
def _file_hash(path: str) -> str:
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
