"""Numbers, vectors and addresses inside a kernel: what a formula in a kernel is written with.

A ``Value`` is one number or one vector of ``kernel.width`` numbers. Python's operators emit one
instruction each, and where a vector meets a single number (of the kernel or of Python) the number
is spread over the lanes:

    y = fma(a, x, y)                      a·x + y, rounded once
    y = maximum(x, 0.0)                   the second where the first is NaN, or not larger
    y = select(x > 0.0, x, slope * x)     lane by lane

A ``Pointer`` is an address with the type of its elements; offsets count elements:

    p[i]              one element            p[i] = v          set one element
    p.load(i)         a vector from p[i]     p.store(v, i)     and back
    p.load(i, lanes)  only the lanes that the mask names: the others are 0 and are not read
    p.spread(i)       p[i] in every lane     p + i             the address of p[i]

Floating-point operators are never reordered or contracted: what is written is what is rounded,
so that a kernel gives the same bits on every run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llvmlite import ir

if TYPE_CHECKING:
    from graphspec.engines.jit.builder import Kernel

# Types of an element. Bytes (I8) are unsigned; the wider integers are signed.
F32: Any = ir.FloatType()
F64: Any = ir.DoubleType()
I64: Any = ir.IntType(64)
I32: Any = ir.IntType(32)
I8: Any = ir.IntType(8)
BIT: Any = ir.IntType(1)
PTR: Any = ir.PointerType()
VOID: Any = ir.VoidType()

_SIZES = {F32: 4, F64: 8, I64: 8, I32: 4, I8: 1}


def type_suffix(kind: Any) -> str:
    """How LLVM writes a type inside the name of an intrinsic: v8f32, i64."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{type_suffix(kind.element)}"
    return {F32: "f32", F64: "f64"}.get(kind) or f"i{kind.width}"


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One number, or one vector of them."""

    kernel: Kernel
    ir: Any

    @property
    def is_vector(self) -> bool:
        """Whether there is one number per lane."""
        return isinstance(self.ir.type, ir.VectorType)

    @property
    def element(self) -> Any:
        """The type of the number, or of one lane."""
        return self.ir.type.element if self.is_vector else self.ir.type

    @property
    def lanes(self) -> int:
        """How many numbers there are."""
        return int(self.ir.type.count) if self.is_vector else 1

    @property
    def is_float(self) -> bool:
        """Whether the numbers are floats."""
        return self.element in (F32, F64)

    def _binary(self, other: Number, for_floats: str, for_integers: str) -> Value:
        a, b = matching(self, other)
        emit = getattr(self.kernel.code, for_floats if self.is_float else for_integers)
        return Value(self.kernel, emit(a.ir, b.ir))

    def __add__(self, other: Number) -> Value:
        return self._binary(other, "fadd", "add")

    def __radd__(self, other: Number) -> Value:
        return self + other

    def __sub__(self, other: Number) -> Value:
        return self._binary(other, "fsub", "sub")

    def __rsub__(self, other: Number) -> Value:
        a, b = matching(self, other)
        return b - a

    def __mul__(self, other: Number) -> Value:
        return self._binary(other, "fmul", "mul")

    def __rmul__(self, other: Number) -> Value:
        return self * other

    def __truediv__(self, other: Number) -> Value:
        return self._binary(other, "fdiv", "sdiv")

    def __rtruediv__(self, other: Number) -> Value:
        a, b = matching(self, other)
        return b / a

    def __floordiv__(self, other: Number) -> Value:
        """Quotient of integers, towards zero (Python rounds down; sizes are never negative)."""
        return self._binary(other, "fdiv", "sdiv")

    def __mod__(self, other: Number) -> Value:
        return self._binary(other, "frem", "srem")

    def __and__(self, other: Number) -> Value:
        return self._binary(other, "and_", "and_")

    def __or__(self, other: Number) -> Value:
        return self._binary(other, "or_", "or_")

    def __xor__(self, other: Number) -> Value:
        return self._binary(other, "xor", "xor")

    def __lshift__(self, other: Number) -> Value:
        return self._binary(other, "shl", "shl")

    def __rshift__(self, other: Number) -> Value:
        """Shift right; the sign stays."""
        return self._binary(other, "ashr", "ashr")

    def __neg__(self) -> Value:
        code = self.kernel.code
        return Value(self.kernel, code.fneg(self.ir) if self.is_float else code.neg(self.ir))

    def __invert__(self) -> Value:
        return Value(self.kernel, self.kernel.code.not_(self.ir))

    def _compare(self, sign: str, other: Number) -> Value:
        a, b = matching(self, other)
        code = self.kernel.code
        if self.is_float:
            # Only "!=" holds where one side is NaN, as in Python.
            emit = code.fcmp_unordered if sign == "!=" else code.fcmp_ordered
        else:
            emit = code.icmp_unsigned if self.element == I8 else code.icmp_signed
        return Value(self.kernel, emit(sign, a.ir, b.ir))

    def __lt__(self, other: Number) -> Value:
        return self._compare("<", other)

    def __le__(self, other: Number) -> Value:
        return self._compare("<=", other)

    def __gt__(self, other: Number) -> Value:
        return self._compare(">", other)

    def __ge__(self, other: Number) -> Value:
        return self._compare(">=", other)

    def equals(self, other: Number) -> Value:
        """A mask: where the two are equal."""
        return self._compare("==", other)

    def differs(self, other: Number) -> Value:
        """A mask: where the two are not equal (or one is NaN)."""
        return self._compare("!=", other)

    def within(self, extent: Number) -> Value:
        """A mask: where 0 ≤ the number < extent, as of a place in an image."""
        return (self >= 0) & (self < extent)

    def to(self, element: Any) -> Value:
        """The same number in another type: float to integer drops the fraction."""
        if element == self.element:
            return self
        code, target = self.kernel.code, self._shaped(element)
        if self.is_float and element in (F32, F64):
            emit = code.fptrunc if element == F32 else code.fpext
        elif self.is_float:
            emit = code.fptosi
        elif element in (F32, F64):
            emit = code.uitofp if self.element in (I8, BIT) else code.sitofp
        elif element.width < self.element.width:
            emit = code.trunc
        else:
            emit = code.zext if self.element in (I8, BIT) else code.sext
        return Value(self.kernel, emit(self.ir, target))

    def bits(self, element: Any) -> Value:
        """The same bits, read as another type of the same size."""
        return Value(self.kernel, self.kernel.code.bitcast(self.ir, self._shaped(element)))

    def _shaped(self, element: Any) -> Any:
        return ir.VectorType(element, self.lanes) if self.is_vector else element

    def spread(self) -> Value:
        """The number in every lane; a vector stays what it is."""
        return self if self.is_vector else self.kernel.vector([self] * self.kernel.width)

    def lane(self, index: int) -> Value:
        """The number in one lane."""
        return Value(self.kernel, self.kernel.code.extract_element(self.ir, I32(index)))

    def shuffle(self, other: Value, picks: Sequence[int]) -> Value:
        """A vector of picked lanes: 0…n−1 are this vector's, n…2n−1 the other's."""
        mask = ir.Constant(ir.VectorType(I32, len(picks)), list(picks))
        return Value(self.kernel, self.kernel.code.shuffle_vector(self.ir, other.ir, mask))

    def folded(self, combine: Callable[[Value, Value], Value]) -> Value:
        """One number of all lanes: halves are combined until one is left, in a fixed order."""
        vector, count = self, self.lanes
        while count > 1:
            count //= 2
            low = vector.shuffle(vector, range(count))
            high = vector.shuffle(vector, range(count, 2 * count))
            vector = combine(low, high)
        return vector.lane(0)

    def total(self) -> Value:
        """The sum of the lanes."""
        return self.folded(lambda a, b: a + b)

    def largest(self) -> Value:
        """The largest of the lanes."""
        return self.folded(maximum)


Number = Value | int | float


def matching(a: Value, b: Number) -> tuple[Value, Value]:
    """Both as vectors when one is, and a number of Python in the type of the other."""
    if not isinstance(b, Value):
        return a, Value(a.kernel, ir.Constant(a.ir.type, float(b) if a.is_float else int(b)))
    if a.is_vector and not b.is_vector:
        b = a.kernel.vector([b] * a.lanes)
    elif b.is_vector and not a.is_vector:
        a = a.kernel.vector([a] * b.lanes)
    return a, b


def fma(a: Value, b: Number, c: Number) -> Value:
    """a·b + c, rounded once."""
    a, b = matching(a, b)
    a, c = matching(a, c)
    b, c = matching(b, c)
    return a.kernel.intrinsic("fma", a, b, c)


def select(mask: Value, a: Value, b: Number) -> Value:
    """``a`` where the mask holds, else ``b``."""
    a, b = matching(a, b)
    if mask.is_vector:
        a, b = a.spread(), b.spread()
    return Value(a.kernel, a.kernel.code.select(mask.ir, a.ir, b.ir))


def maximum(a: Value, b: Number) -> Value:
    """The larger; ``b`` where either is NaN, so ``maximum(zeros, x)`` keeps a NaN of x."""
    a, b = matching(a, b)
    return select(a > b, a, b)


def minimum(a: Value, b: Number) -> Value:
    """The smaller; ``b`` where either is NaN."""
    a, b = matching(a, b)
    return select(a < b, a, b)


def sqrt(a: Value) -> Value:
    """The square root, correctly rounded."""
    return a.kernel.intrinsic("sqrt", a)


def absolute(a: Value) -> Value:
    """The magnitude of floats."""
    return a.kernel.intrinsic("fabs", a)


def floor(a: Value) -> Value:
    """The largest whole number that is not larger."""
    return a.kernel.intrinsic("floor", a)


def nearest(a: Value) -> Value:
    """The nearest whole number; halves go to the even one."""
    return a.kernel.intrinsic("rint", a)


def with_sign_of(a: Value, b: Value) -> Value:
    """The magnitude of ``a`` with the sign of ``b``."""
    return a.kernel.intrinsic("copysign", a, b)


def transposed(rows: Sequence[Value]) -> list[Value]:
    """n vectors of n lanes: lane j of row i becomes lane i of row j.

    Squares of 1, 2, 4 … lanes off the diagonal change places.
    """
    out, size = list(rows), len(rows)
    distance = size // 2
    while distance:
        for i in range(size):
            if not i & distance:
                a, b = out[i], out[i | distance]
                keep = [j if not j & distance else size + j - distance for j in range(size)]
                out[i] = a.shuffle(b, keep)
                out[i | distance] = a.shuffle(b, [j + distance for j in keep])
        distance //= 2
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """An address, and the type of what lies there."""

    kernel: Kernel
    ir: Any
    element: Any

    def __add__(self, offset: Value | int) -> Pointer:
        """The address so many elements further on."""
        address = self.kernel.code.gep(
            self.ir, [self.kernel.integer(offset).ir], source_etype=self.element
        )
        return Pointer(self.kernel, address, self.element)

    @property
    def number(self) -> Value:
        """The address as an integer; ``Kernel.address`` makes it an address again."""
        return Value(self.kernel, self.kernel.code.ptrtoint(self.ir, I64))

    def of(self, element: Any) -> Pointer:
        """The same address, seen as elements of another type."""
        return Pointer(self.kernel, self.ir, element)

    def __getitem__(self, index: Value | int) -> Value:
        address = (self + index).ir
        size = _SIZES[self.element]
        return Value(self.kernel, self.kernel.code.load(address, align=size, typ=self.element))

    def __setitem__(self, index: Value | int, value: Number) -> None:
        value = self.kernel.constant(value, self.element)
        self.kernel.code.store(value.ir, (self + index).ir, align=_SIZES[self.element])

    def spread(self, index: Value | int = 0) -> Value:
        """One element in every lane."""
        return self[index].spread()

    def load(self, index: Value | int = 0, lanes: Value | None = None) -> Value:
        """A vector of elements; lanes outside the mask are 0 and their memory is not touched."""
        address = (self + index).ir
        kind = ir.VectorType(self.element, self.kernel.width)
        size = _SIZES[self.element]
        if lanes is None:
            return Value(self.kernel, self.kernel.code.load(address, align=size, typ=kind))
        read = self.kernel.outside(
            f"llvm.masked.load.{type_suffix(kind)}.p0", kind, [PTR, I32, lanes.ir.type, kind]
        )
        zeros = ir.Constant(kind, None)
        arguments = [address, I32(size), lanes.ir, zeros]
        return Value(self.kernel, self.kernel.code.call(read, arguments))

    def store(self, value: Value, index: Value | int = 0, lanes: Value | None = None) -> None:
        """Write a vector; memory of the lanes outside the mask is not touched."""
        address = (self + index).ir
        size = _SIZES[self.element]
        value = value.spread()
        if lanes is None:
            self.kernel.code.store(value.ir, address, align=size)
            return
        kind = value.ir.type
        write = self.kernel.outside(
            f"llvm.masked.store.{type_suffix(kind)}.p0", VOID, [kind, PTR, I32, lanes.ir.type]
        )
        self.kernel.code.call(write, [value.ir, address, I32(size), lanes.ir])

    def prefetch(self, index: Value | int = 0, *, write: bool = False) -> None:
        """Ask for the cache line of one element, to be read (or written) soon."""
        fetch = self.kernel.outside("llvm.prefetch.p0", VOID, [PTR, I32, I32, I32])
        self.kernel.code.call(fetch, [(self + index).ir, I32(int(write)), I32(3), I32(1)])

    def atomic_load(self, index: Value | int = 0) -> Value:
        """One element, and what its writer wrote before the ``atomic_add`` that is seen here."""
        address, size = (self + index).ir, _SIZES[self.element]
        code = self.kernel.code
        return Value(self.kernel, code.load_atomic(address, "acquire", size, typ=self.element))

    def atomic_add(self, index: Value | int, value: Number) -> Value:
        """Add to one element in one go, and return what it was before."""
        value = self.kernel.constant(value, self.element)
        old = self.kernel.code.atomic_rmw("add", (self + index).ir, value.ir, "acq_rel")
        return Value(self.kernel, old)


@dataclass(slots=True, eq=False)
class Variable:
    """A number or vector that changes: a sum in a loop. It lives in a register."""

    kernel: Kernel
    slot: Any
    kind: Any

    @property
    def value(self) -> Value:
        """What it is now."""
        return Value(self.kernel, self.kernel.code.load(self.slot, typ=self.kind))

    @value.setter
    def value(self, value: Value) -> None:
        self.kernel.code.store(value.ir, self.slot)
