"""SIMD vectors for numba kernels: a value of 512 bits that supports ``+ - * /`` and a few functions.

numba compiles loops over numbers and hopes that LLVM turns them into vector instructions; with ``exp`` in the loop
it does not. Here a vector is a type of its own, so the instructions are what the kernel says. LLVM maps it to one
register of AVX-512, two of AVX2 or four of SSE and NEON. It holds 16 float32 or 8 float64 numbers, its *lanes*.

=======================  =============================================================================
``load(a, index)``       lanes from ``a[index]`` on; the last axis of ``a`` must be contiguous
``store(a, index, v)``   write the lanes there
``spread(a, index)``     the one number ``a[index]`` in all lanes
``zeros(a)``             a vector of zeros that fits the array ``a``
``lanes(a)``             how many lanes such a vector has
``total(v)``             sum of the lanes
``x + y``, ``- * /``     lane by lane, also with a float; a product and a sum become one instruction
``exp2(v)``              2 to the power ``v``
``softplus(v)``          log(1 + exp(v))
``sigmoid(v)``           1 / (1 + exp(-v))
=======================  =============================================================================

An index is a tuple and is not checked, neither against bounds nor for negative numbers. Not-a-number passes through
everything. Polynomials through Chebyshev points serve the functions: relative errors of 3e-7 and 4e-15.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

__all__ = ["exp2", "lanes", "load", "sigmoid", "softplus", "spread", "store", "total", "zeros"]

BITS = 512
LOG2_E = math.log2(math.e)
_EXPONENTS = {32: (-126.0, 127.0), 64: (-1022.0, 1023.0)}  # of normal numbers
_MANTISSA = {32: 23, 64: 52}


def _fit(function: Any, low: float, high: float, degree: int) -> list[float]:
    """Coefficients of a polynomial, lowest power first, that is close to ``function`` between ``low`` and ``high``."""
    polynomial = np.polynomial.Chebyshev.interpolate(function, degree, domain=[low, high])
    return [float(c) for c in polynomial.convert(kind=np.polynomial.Polynomial).coef]


def _exp2_share(x: Any) -> Any:
    """``(2**x - 1) / x``."""
    x = x + 1e-300  # the limit at 0, where there is a node
    return np.expm1(x * math.log(2)) / x


def _log1p_share(x: Any) -> Any:
    """``log(1 + x) / x``."""
    return np.log1p(x) / x


# exactly 1 at 0: a decay that is a little off changes a state that is kept for many steps
_EXP2 = {32: [1.0, *_fit(_exp2_share, -0.5, 0.5, 4)], 64: [1.0, *_fit(_exp2_share, -0.5, 0.5, 10)]}
_LOG1P = {32: _fit(_log1p_share, 0.0, 1.0, 8), 64: _fit(_log1p_share, 0.0, 1.0, 20)}


class Vector(types.Type):
    """The type of a vector of ``scalar`` numbers."""

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        self.bits = scalar.bitwidth
        self.lanes = BITS // self.bits
        super().__init__(name=f"Vector({scalar})")

    @property
    def llvm(self) -> Any:
        """The type in LLVM's eyes, such as ``<16 x float>``."""
        return ir.VectorType(ir.FloatType() if self.bits == 32 else ir.DoubleType(), self.lanes)

    @property
    def integers(self) -> Any:
        """Integers of the size of the numbers."""
        return ir.VectorType(ir.IntType(self.bits), self.lanes)

    def constant(self, value: float) -> Any:
        """``value`` in all lanes."""
        exact = float(np.float32(value)) if self.bits == 32 else value  # LLVM refuses what float32 cannot hold
        return ir.Constant(self.llvm, [ir.Constant(self.llvm.element, exact)] * self.lanes)

    def call(self, builder: Any, name: str, *values: Any) -> Any:
        """Call one of LLVM's functions of vectors, such as ``rint``."""
        kind = ir.FunctionType(self.llvm, [self.llvm] * len(values))
        full_name = f"llvm.{name}.v{self.lanes}f{self.bits}"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, full_name), values)

    def polynomial(self, builder: Any, x: Any, coefficients: list[float]) -> Any:
        """Horner's rule, fused; ``coefficients`` begin with the lowest power."""
        value = self.constant(coefficients[-1])
        for coefficient in coefficients[-2::-1]:
            value = self.call(builder, "fmuladd", value, x, self.constant(coefficient))
        return value


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    """A vector is passed around as a plain LLVM value."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, kind.llvm)


_VECTORS = {scalar: Vector(scalar) for scalar in (types.float32, types.float64)}


def _splat(builder: Any, number: Any, kind: Any) -> Any:
    """Put a number into all lanes of the LLVM type ``kind``."""
    nothing, place = ir.Constant(kind, ir.Undefined), ir.IntType(32)
    first = builder.insert_element(nothing, number, ir.Constant(place, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(place, kind.count), [0] * kind.count))


def _address(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """Pointer to ``array[index]``, the first two arguments of an intrinsic."""
    array_type, index_type = signature.args[:2]
    array = context.make_array(array_type)(context, builder, value=values[0])
    strides = cgutils.unpack_tuple(builder, array.strides, array_type.ndim)
    strides[-1] = context.get_constant(types.intp, array_type.dtype.bitwidth // 8)
    index = cgutils.unpack_tuple(builder, values[1], array_type.ndim)
    pointer = builder.bitcast(array.data, ir.IntType(8).as_pointer())
    for place, kind, stride in zip(index, index_type, strides, strict=True):
        pointer = builder.gep(pointer, [builder.mul(context.cast(builder, place, kind, types.intp), stride)])
    return pointer


@intrinsic
def load(_: Any, array: Any, index: Any) -> Any:
    """Vector of the numbers from ``array[index]`` on."""
    vector = _VECTORS[array.dtype]

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _address(context, builder, signature, values)
        return builder.load(builder.bitcast(pointer, vector.llvm.as_pointer()), align=vector.bits // 8)

    return vector(array, index), generate


@intrinsic
def store(_: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a vector to ``array[index]`` and what follows it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _address(context, builder, signature, values)
        builder.store(values[2], builder.bitcast(pointer, value.llvm.as_pointer()), align=value.bits // 8)
        return context.get_dummy_value()

    return types.none(array, index, value), generate


@intrinsic
def spread(_: Any, array: Any, index: Any) -> Any:
    """Put the number ``array[index]`` into all lanes."""
    vector = _VECTORS[array.dtype]

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _address(context, builder, signature, values)
        number = builder.load(builder.bitcast(pointer, vector.llvm.element.as_pointer()))
        return _splat(builder, number, vector.llvm)

    return vector(array, index), generate


@intrinsic
def zeros(_: Any, array: Any) -> Any:
    """Make a vector of zeros that fits ``array``."""
    vector = _VECTORS[array.dtype]
    return vector(array), lambda *_: vector.constant(0.0)


@intrinsic
def lanes(_: Any, array: Any) -> Any:
    """Count the lanes of a vector that fits ``array``."""
    count = _VECTORS[array.dtype].lanes
    return types.intp(array), lambda context, *_: context.get_constant(types.intp, count)


@intrinsic
def total(_: Any, x: Any) -> Any:
    """Sum the lanes."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        kind = ir.FunctionType(x.llvm.element, [x.llvm.element, x.llvm])
        name = f"llvm.vector.reduce.fadd.v{x.lanes}f{x.bits}"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, [ir.Constant(x.llvm.element, -0.0), *values], fastmath=("reassoc",))

    return x.scalar(x), generate


def _define(symbol: Any, instruction: str) -> None:
    """Teach numba an operator of two vectors, and of a vector and a float."""

    @type_callable(symbol)
    def _(_: Any) -> Any:
        return lambda x, y: x if isinstance(x, Vector) and (y == x or isinstance(y, types.Float)) else None

    @lower_builtin(symbol, Vector, Vector)
    def _(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return getattr(builder, instruction)(*values, flags=("contract",))  # allows fused multiply and add

    @lower_builtin(symbol, Vector, types.Float)
    def _(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        vector, kind = signature.args
        number = _splat(builder, context.cast(builder, values[1], kind, vector.scalar), vector.llvm)
        return getattr(builder, instruction)(values[0], number, flags=("contract",))


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define(_symbol, _instruction)


def _exp2(builder: Any, kind: Vector, x: Any) -> Any:
    """Split ``x`` into an integer, for the exponent of the result, and a rest, for a polynomial."""
    low, high = kind.constant(_EXPONENTS[kind.bits][0]), kind.constant(_EXPONENTS[kind.bits][1])
    x = builder.select(builder.fcmp_ordered("<", x, low), low, x)  # not-a-number fails both comparisons and stays
    x = builder.select(builder.fcmp_ordered(">", x, high), high, x)
    whole = kind.call(builder, "rint", x)
    fraction = kind.polynomial(builder, builder.fsub(x, whole), _EXP2[kind.bits])
    shift = ir.Constant(kind.integers, [ir.Constant(kind.integers.element, _MANTISSA[kind.bits])] * kind.lanes)
    exponent = builder.shl(builder.fptosi(whole, kind.integers), shift)
    return builder.bitcast(builder.add(builder.bitcast(fraction, kind.integers), exponent), kind.llvm)


def _exp_of_minus_size(builder: Any, kind: Vector, x: Any) -> Any:
    """``exp(-|x|)``, which cannot overflow."""
    return _exp2(builder, kind, builder.fmul(kind.call(builder, "fabs", x), kind.constant(-LOG2_E)))


@intrinsic
def exp2(_: Any, x: Any) -> Any:
    """2 to the power ``x``; too small a result becomes the smallest normal number, too large a one is cut off."""
    return x(x), lambda _, builder, __, values: _exp2(builder, x, *values)


@intrinsic
def softplus(_: Any, x: Any) -> Any:
    """``log(1 + exp(x))``, as ``max(x, 0) + log(1 + exp(-|x|))``."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        zero = x.constant(0.0)
        positive = builder.select(builder.fcmp_ordered("<", values[0], zero), zero, values[0])
        small = _exp_of_minus_size(builder, x, values[0])
        return builder.fadd(positive, builder.fmul(x.polynomial(builder, small, _LOG1P[x.bits]), small))

    return x(x), generate


@intrinsic
def sigmoid(_: Any, x: Any) -> Any:
    """``1 / (1 + exp(-x))``, as ``s`` or ``exp(-|x|) s`` with ``s = 1 / (1 + exp(-|x|))``."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        small, one = _exp_of_minus_size(builder, x, values[0]), x.constant(1.0)
        large = builder.fdiv(one, builder.fadd(one, small))
        is_positive = builder.fcmp_ordered(">", values[0], x.constant(0.0))
        return builder.select(is_positive, large, builder.fmul(small, large))

    return x(x), generate
