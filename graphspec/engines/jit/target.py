"""The processor that kernels are compiled for: its name, its features, its vectors.

    processor    float32 lanes    vector registers    block of a matrix product
    NEON               4                32                   12 × 8
    AVX2               8                16                    6 × 16
    AVX-512           16                32                   14 × 32

The lanes and registers shape every kernel; nothing else of the processor is asked for.
"""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from graphspec.errors import EngineError

# Kernels lay out their own vectors and loops. What is left to do is to turn variables into
# registers, to compute nothing twice, and to test loops at their end; LLVM's own levels take four
# times as long for it, and their code is no faster.
_PASSES = (
    "sroa",
    "instruction_combine",
    "simplify_cfg",
    "loop_rotate",
    "new_gvn",
    "instruction_combine",
    "simplify_cfg",
    "dead_code_elimination",
)


_OLDEST = (20, 0, 0)
"""LLVM's version, in llvmlite 0.45: those before want pointers that say what they point to."""


@dataclass(frozen=True, slots=True)
class Target:
    """A processor: LLVM's name of it and its features, and what its vectors hold."""

    cpu: str
    features: str
    width: int
    registers: int

    @property
    def block(self) -> tuple[int, int]:
        """Rows, and vectors a row, of the block of a matrix product that registers hold.

        rows·vectors sums, one row of B (vectors) and one number of A must fit. Two vectors a row
        leave few channels of a layer over, where channels come in blocks of that many.
        """
        if self.registers < 32:
            return 6, 2
        return (14, 2) if self.width >= 16 else (12, 2)

    @property
    def identity(self) -> str:
        """Everything that machine code depends on, apart from its source."""
        version = ".".join(str(part) for part in llvm.llvm_version_info)
        return f"{self.cpu}|{self.features}|{self.width}|llvmlite {llvmlite.__version__}|{version}"


@functools.cache
def host() -> Target:
    """The processor of this machine.

    Raises:
        EngineError: no kernels are written for it, or llvmlite is too old.
    """
    if llvm.llvm_version_info < _OLDEST:
        raise EngineError(
            f"llvmlite {llvmlite.__version__} is too old for its kernels (pip install -U llvmlite)"
        )
    features = llvm.get_host_cpu_features()
    name, flat = llvm.get_host_cpu_name(), features.flatten()
    if features.get("avx512f") and features.get("avx512vl"):
        return Target(name, flat, width=16, registers=32)
    if features.get("avx2") and features.get("fma"):
        return Target(name, flat, width=8, registers=16)
    if features.get("neon") or llvm.get_process_triple().startswith(("aarch64", "arm64")):
        return Target(name, flat, width=4, registers=32)
    raise EngineError(
        f"it has no kernels for this processor ({name}), only for those with AVX2 and FMA, "
        "AVX-512, or NEON"
    )


# LLVM's compiler objects are shared by all threads, and not made for it.
LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A child must not inherit a lock whose holder it has not, nor half of a compilation.
    os.register_at_fork(
        before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release
    )


@functools.cache
def _start_llvm() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@functools.cache
def _machine(target: Target) -> Any:
    _start_llvm()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small"
    )


def compile_module(text: str, target: Target) -> bytes:
    """Object code of a module in LLVM's assembly language."""
    with LOCK:
        machine = _machine(target)
        # No name holds the module: it is freed here, while this thread still has LLVM.
        return bytes(machine.emit_object(_optimised(text, machine)))


def assembly(text: str, target: Target) -> str:
    """The same as assembler text, for reading."""
    with LOCK:
        machine = _machine(target)
        return str(machine.emit_assembly(_optimised(text, machine)))


def _optimised(text: str, machine: Any) -> Any:
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    for name in _PASSES:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    return module


@functools.cache
def _linker() -> Any:
    _start_llvm()
    return llvm.create_lljit_compiler()


_loaded: list[Any] = []


def load(code: bytes, symbol: str) -> int:
    """Bring object code into this process, for good, and return the address of one function."""
    with LOCK:
        library = llvm.JITLibraryBuilder().add_object_img(code).export_symbol(symbol)
        library.add_current_process()
        tracker = library.link(_linker(), f"{symbol}#{len(_loaded)}")
        _loaded.append(tracker)
        return int(tracker[symbol])
