"""The vector builder: kernels written in Python, as formulas, and compiled to machine code.

A kernel is a Python function that is run once, at build time, on a ``Kernel``: every operator
emits an instruction. The compiled function has one signature,

    void kernel(int64 *args, int64 first, int64 last, int64 thread)

``args`` holds addresses, sizes, strides, and float32 numbers as their bits (``float_bits``); the
kernel does chunks first … last − 1 of its work; ``thread`` picks a thread's own scratch memory.
What a chunk is, the kernel says. Arguments are taken in the order of the calls that read them.

    def axpy(k: Kernel) -> None:
        "y ← a·x + y; chunk c is elements 4096c … 4096c + 4095."
        x, y = k.pointer(), k.pointer()                       # args[0], args[1]
        n, a = k.size(), k.scalar()                           # args[2], args[3]
        with k.chunks() as chunk:
            begin, end = k.span(chunk, 4096, n)
            for i, lanes in k.sweep(begin, end, unroll=2):    # whole vectors, then the tail
                y.store(fma(a, x.load(i, lanes), y.load(i, lanes)), i, lanes)

    address = native("axpy", axpy)                            # compiler.py: compiled or cached
    args = np.array([x.ctypes.data, y.ctypes.data, n, float_bits(0.5)], np.int64)
    SIGNATURE(address)(args.ctypes.data, 0, -(-n // 4096), 0)

The body of ``for … in k.sweep(…)`` runs in Python once for every copy that is emitted: first with
``lanes=None`` (a whole vector), last with the mask of the tail. The same holds for every Python
loop: ``for r in range(6)`` unrolls, ``with k.loop(0, n) as i`` makes a loop in the kernel. What
changes in such a loop is a ``Variable``:

    total = k.variable(k.zeros())
    with k.loop(0, n, k.width) as i:
        total.value = fma(x.load(i), y.load(i), total.value)
    z[0] = total.value.total()

Nothing may leave the body of a ``with`` or ``for`` early (no break, no return).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from graphspec.engines.jit.target import Target, host
from graphspec.engines.jit.vectors import (
    BIT,
    F32,
    F64,
    I8,
    I32,
    I64,
    PTR,
    VOID,
    Number,
    Pointer,
    Value,
    Variable,
    absolute,
    floor,
    fma,
    maximum,
    minimum,
    nearest,
    select,
    sqrt,
    transposed,
    type_suffix,
    with_sign_of,
)

__all__ = [
    "BIT",
    "F32",
    "F64",
    "I8",
    "I32",
    "I64",
    "SIGNATURE",
    "Kernel",
    "Number",
    "Pointer",
    "Value",
    "Variable",
    "absolute",
    "float_bits",
    "floor",
    "fma",
    "maximum",
    "minimum",
    "nearest",
    "select",
    "sqrt",
    "transposed",
    "with_sign_of",
]

# A foreign call through ctypes holds no GIL while it runs.
SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
_KERNEL_TYPE: Any = ir.FunctionType(VOID, [PTR, I64, I64, I64])


def float_bits(number: float) -> int:
    """How a float32 number stands in ``args``: its 32 bits, as an integer."""
    return int(struct.unpack("<I", struct.pack("<f", number))[0])


class Kernel:
    """One kernel while it is being written. ``width`` is how many float32 a vector holds."""

    def __init__(self, name: str, target: Target | None = None) -> None:
        self.target = target or host()
        self.width = self.target.width
        self.module: Any = ir.Module(name)
        self.function: Any = ir.Function(self.module, _KERNEL_TYPE, name)
        self.function.attributes.add("nounwind")
        self._entry: Any = self.function.append_basic_block("entry")
        # Slots of variables are gathered in a block of their own, in front of everything: only
        # there does LLVM turn them into registers, and outside of loops they do not grow a stack.
        self._slots: Any = ir.IRBuilder(self._entry)
        self.code: Any = ir.IRBuilder(self.function.append_basic_block("body"))
        self._first_body = self.code.block
        args, first, last, thread = self.function.args
        self.args = Pointer(self, args, I64)
        self.first, self.last, self.thread = (Value(self, v) for v in (first, last, thread))
        self._taken = 0

    def text(self) -> str:
        """The finished kernel in LLVM's assembly language. Ask once, at the end."""
        self.code.ret_void()
        self._slots.branch(self._first_body)
        return str(self.module)

    # --- arguments ---------------------------------------------------------------------------

    def size(self) -> Value:
        """The next argument: an integer (a size, a stride, a count)."""
        self._taken += 1
        return self.args[self._taken - 1]

    def pointer(self, element: Any = F32) -> Pointer:
        """The next argument: an address of elements."""
        return self.address(self.size(), element)

    def scalar(self) -> Value:
        """The next argument: a float32, stored by ``float_bits``."""
        return self.size().to(I32).bits(F32)

    def address(self, number: Value, element: Any = F32) -> Pointer:
        """An integer of the kernel, taken as an address."""
        return Pointer(self, self.code.inttoptr(number.ir, PTR), element)

    # --- values ------------------------------------------------------------------------------

    def constant(self, number: Number, element: Any) -> Value:
        """A number of Python as one of the kernel; a Value stays what it is."""
        if isinstance(number, Value):
            return number
        return Value(self, element(float(number) if element in (F32, F64) else int(number)))

    def integer(self, number: Value | int) -> Value:
        """An index or size, as a 64-bit integer."""
        return self.constant(number, I64)

    def number(self, number: float) -> Value:
        """A float32 constant."""
        return self.constant(number, F32)

    def zeros(self, element: Any = F32) -> Value:
        """A vector of zeros."""
        return Value(self, ir.Constant(ir.VectorType(element, self.width), None))

    def vector(self, numbers: Sequence[Value]) -> Value:
        """A vector of single numbers; the same one in every lane is spread by one instruction."""
        kind = ir.VectorType(numbers[0].ir.type, len(numbers))
        built: Any = ir.Constant(kind, ir.Undefined)
        if all(number is numbers[0] for number in numbers):
            built = self.code.insert_element(built, numbers[0].ir, I32(0))
            picks = ir.Constant(ir.VectorType(I32, len(numbers)), None)
            return Value(self, self.code.shuffle_vector(built, built, picks))
        for index, number in enumerate(numbers):
            built = self.code.insert_element(built, number.ir, I32(index))
        return Value(self, built)

    def lane_numbers(self) -> Value:
        """0, 1, 2 … width − 1, as 32-bit integers."""
        kind = ir.VectorType(I32, self.width)
        return Value(self, ir.Constant(kind, list(range(self.width))))

    def first_lanes(self, count: Value | int) -> Value:
        """The mask of the first ``count`` lanes (all of them when there are fewer)."""
        if isinstance(count, Value):
            count = count.to(I32)
        return self.lane_numbers() < count

    def variable(self, initial: Value) -> Variable:
        """A number or vector that changes."""
        slot = self._slots.alloca(initial.ir.type)
        self.code.store(initial.ir, slot)
        return Variable(self, slot, initial.ir.type)

    def scratch(self, count: int, element: Any = F32) -> Pointer:
        """A few elements of memory of this call, on its stack, on a cache line of their own."""
        slot = self._slots.alloca(element, size=count)
        slot.align = 64
        # llvmlite still types what alloca returns, and would not let a vector be stored there.
        slot.type = PTR
        return Pointer(self, slot, element)

    # --- control -----------------------------------------------------------------------------

    @contextmanager
    def loop(self, begin: Value | int, end: Value | int, step: Value | int = 1) -> Iterator[Value]:
        """Do the body for begin, begin + step, … below end; never, if there is none."""
        code, end, step = self.code, self.integer(end), self.integer(step)
        head, body, after = (self.function.append_basic_block(part) for part in _PARTS)
        before, start = code.block, self.integer(begin)
        code.branch(head)
        code.position_at_end(head)
        index = code.phi(I64)
        index.add_incoming(start.ir, before)
        code.cbranch(code.icmp_signed("<", index, end.ir), body, after)
        code.position_at_end(body)
        yield Value(self, index)
        index.add_incoming(code.add(index, step.ir), code.block)
        code.branch(head)
        code.position_at_end(after)

    @contextmanager
    def chunks(self) -> Iterator[Value]:
        """Do the body for each chunk that this call was given."""
        with self.loop(self.first, self.last) as chunk:
            yield chunk

    @contextmanager
    def repeat_while(self, condition: Callable[[], Value]) -> Iterator[None]:
        """Do the body as long as the condition, which is computed anew each time, holds."""
        code = self.code
        head, body, after = (self.function.append_basic_block(part) for part in _PARTS)
        code.branch(head)
        code.position_at_end(head)
        code.cbranch(condition().ir, body, after)
        code.position_at_end(body)
        yield
        code.branch(head)
        code.position_at_end(after)

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Do the body only if the condition holds."""
        with self.code.if_then(condition.ir):
            yield

    @contextmanager
    def either(self, condition: Value) -> Iterator[tuple[Any, Any]]:
        """``with k.either(c) as (yes, no):`` and in it ``with yes:`` and ``with no:``."""
        with self.code.if_else(condition.ir) as branches:
            yield branches

    def choose(self, condition: Value, a: Pointer, b: Pointer) -> Pointer:
        """The address ``a`` if the condition holds, else ``b``."""
        return Pointer(self, self.code.select(condition.ir, a.ir, b.ir), a.element)

    def span(self, chunk: Value, size: Value | int, count: Value) -> tuple[Value, Value]:
        """Where chunk number ``chunk`` of ``size`` elements begins and ends among ``count``."""
        begin = chunk * size
        return begin, minimum(begin + size, count)

    def sweep(
        self, begin: Value | int, end: Value | int, unroll: int = 1
    ) -> Iterator[tuple[Value, Value | None]]:
        """Cover begin … end − 1 by vectors: yields an index and a mask (None: the whole vector)."""
        begin, end = self.integer(begin), self.integer(end)
        for count in sorted({unroll, 1}, reverse=True):
            step = self.width * count
            stop = begin + (end - begin) // step * step
            with self.loop(begin, stop, step) as start:
                for part in range(count):
                    yield start + part * self.width, None
            begin = stop
        with self.when(begin < end):
            yield begin, self.first_lanes(end - begin)

    # --- the world outside --------------------------------------------------------------------

    def outside(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        """A function that is defined elsewhere: one of LLVM's own, in the first place."""
        known = self.module.globals.get(name)
        if known is None:
            known = ir.Function(self.module, ir.FunctionType(result, list(arguments)), name)
        return known

    def intrinsic(self, name: str, *values: Value) -> Value:
        """One of LLVM's functions that work lane by lane: sqrt, fma, floor."""
        kind = values[0].ir.type
        function = self.outside(f"llvm.{name}.{type_suffix(kind)}", kind, [kind] * len(values))
        return Value(self, self.code.call(function, [value.ir for value in values]))

    def call(
        self, function: Value, args: Pointer, first: Value, last: Value, thread: Value
    ) -> None:
        """Call another kernel by its address."""
        target = self.code.inttoptr(function.ir, ir.PointerType(_KERNEL_TYPE))
        self.code.call(target, [args.ir, first.ir, last.ir, thread.ir])

    def pause(self) -> None:
        """Tell the processor that this is a loop that waits."""
        if "sse2" in self.target.features:
            self.code.call(self.outside("llvm.x86.sse2.pause", VOID, []), [])
        else:
            self.code.call(self.outside("llvm.aarch64.hint", VOID, [I32]), [I32(1)])


_PARTS = ("head", "body", "after")
