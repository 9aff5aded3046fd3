"""The registry's second kind: operations that move or reduce.

A :class:`StructuralOp` works on whole arrays, so it has no local derivative per element; it has a **pullback**, which
takes the upstream gradient to the downstream ones, and an **expand**, which states it in scalar ops.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scalargrad import modes
from scalargrad.ops.axes import normalized
from scalargrad.ops.expansions import Expansion
from scalargrad.ops.given import (
    REFUSALS,
    as_array,
    called_here,
    is_integer,
    is_neutral,
    is_number,
    is_raw,
    kind_of,
    named,
    require_numbers,
    shown,
    wrong_setting,
)
from scalargrad.ops.python import PYTHONS
from scalargrad.ops.registry import OPS
from scalargrad.ops.rows import RESERVED, Row, Table
from scalargrad.ops.rows import remove as remove

STRUCTURAL: Table[StructuralOp] = Table()
"""Every structural op by name, in the order of registration."""

_PLAIN = {type(None), bool, int, float, str, tuple}

Settings = dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class StructuralOp(Row):
    """One operation that moves or reduces: a row of the registry, and the function of that name.

    ``forward(xp, *arrays, **settings)`` computes it, ``xp`` being NumPy. ``pullbacks[i](g, y, *arrays, **settings)``
    is the downstream gradient of array ``i`` for the upstream ``g`` and the output ``y``, written in ops, operators
    and methods that arrays and Tensors share, so that it runs on both and can be differentiated again. It may be left
    larger or smaller than its array along axes that broadcast: the engine sums or repeats it.
    ``expand(xp, *arrays, **settings)`` states the op in scalar ops on object arrays of Values; where the forward itself
    runs on those, it is the expansion.

    Arrays come first, then the settings under NumPy's names. With ``many``, the first argument is a sequence of arrays.
    """

    table = STRUCTURAL
    name: str
    forward: Callable[..., Any]
    pullbacks: tuple[Callable[..., Any], ...]
    """One per array; with ``many`` a single one, which takes the array's place as ``place=``."""
    note: str = ""
    """What it is, in one line of text."""
    expand: Callable[..., Any] | None = None
    symbol: str = ""
    """What stands in its node in a drawing; the name if not given."""
    formulas: tuple[str, ...] = ()
    """The downstream gradients as formulas of the upstream ``Ḡ``, the output ``Y`` and the operands ``#1``, …"""
    samples: tuple[Callable[..., Any], ...] = ()
    """Calls to test it with, of a maker of operands: ``lambda x: sum(x(2, 3), axis=0)``."""
    arrange: Callable[..., tuple[tuple[Any, ...], Settings]] | None = None
    """Makes operands and settings of a call's arguments, where the usual way does not do."""
    explain: Callable[..., str] | None = None
    """Why arrays do not fit, of the arrays and settings, where NumPy's message would not say it."""
    integers: tuple[int, ...] = ()
    """The places of operands that may be integers and stay so (labels); all others are turned into floats."""
    saves: bool = False
    """Whether the forward returns, with the output, what the pullback then gets as ``saved=``.

    On Tensors, where the gradient has a graph of its own, ``saved`` is None, and the pullback computes it by ops.
    """
    many: bool = False
    together: Callable[..., list[Any]] | None = None
    """With ``many``, all pullbacks at once, in time linear in the arrays: a list, None where ``needed`` is false."""
    wide: bool = False
    """Whether it adds up: float16 is then added in float32 and rounded at the end, integers are added as floats."""
    decides: bool = False
    """Whether the expansion depends on the numbers of Values, unless they are traced: its result then remembers it."""
    why_not: str = ""
    """Why no gradient passes through it; such an op has no pullbacks."""
    operands: tuple[str, ...] = field(init=False)
    settings: Settings = field(init=False)
    """The settings' defaults; ``...`` for one that must be given."""
    required: tuple[str, ...] = field(init=False)
    python: Callable[..., Any] | None = field(init=False)
    """What answers a call that means Python's own function of the op's name (:mod:`.python`)."""

    def __post_init__(self) -> None:
        code = self.forward.__code__
        set_ = object.__setattr__
        set_(self, "operands", code.co_varnames[1 : code.co_argcount])
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        defaults = self.forward.__kwdefaults__ or {}
        set_(self, "settings", {name: defaults.get(name, ...) for name in names})
        set_(self, "required", tuple(name for name in names if name not in defaults))
        set_(self, "python", PYTHONS.get(self.name))
        set_(self, "symbol", self.symbol or self.name)
        if len(self.pullbacks) != (0 if self.why_not else 1 if self.many else len(self.operands)):
            raise ValueError(f"{self.name}: give a pullback for each array, or say why not")

    def parameters(self) -> list[tuple[str, Any]]:
        if self.arrange is None:
            names = ["arrays"] if self.many else list(self.operands)
            return [*[(name, ...) for name in names], *self.settings.items()]
        given = [p for p in inspect.signature(self.arrange).parameters.values() if p.kind is not p.KEYWORD_ONLY]
        defaults = [... if p.default is p.empty else p.default for p in given]
        return [("*" * (p.kind is p.VAR_POSITIONAL) + p.name, default) for p, default in zip(given, defaults)]

    # --- calling -----------------------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        if self.python is not None and not (len(arguments) == 1 and hasattr(arguments[0], "ndim") and not settings):
            answer = self.python(self, arguments, settings)
            if answer is not NotImplemented:
                return answer
        operands, settings = self.arranged(arguments, settings)
        for operand in operands:
            apply = getattr(type(operand), "_apply_structural", None)
            if apply is not None:
                return apply(self, operands, settings)
        return self.on_arrays(operands, settings)

    def arranged(self, arguments: tuple[Any, ...], settings: Settings) -> tuple[tuple[Any, ...], Settings]:
        """A call's arguments as the operands and the settings, these by name and with defaults filled in."""
        if self.arrange:
            try:
                return self.arrange(*arguments, **settings)
            except REFUSALS as error:
                if error.__traceback__ and error.__traceback__.tb_next is None and type(error) is TypeError:
                    told = f"{self.name} takes {self.signature}{called_here(settings)}"
                    raise TypeError(told) from None  # the call itself did not fit
                if is_raw(error):
                    raise named(error, self.name, STRUCTURAL) from None
                raise
        if self.many:
            given = arguments[:1] or (settings.pop("arrays", None),)
            try:
                operands, rest = tuple(given[0]), arguments[1:]
            except TypeError:
                raise TypeError(f"{self.name} takes {self.signature}: a sequence of arrays first") from None
            if not operands:
                raise ValueError(f"{self.name}: the sequence of arrays is empty; give at least one")
        else:
            count = len(self.operands)
            operands, rest = arguments[:count], arguments[count:]
            for name in self.operands[len(operands) :]:
                if name not in settings:
                    raise TypeError(f"{self.name} takes {self.signature}; {name} is missing")
                operands += (settings.pop(name),)
        full = {**self.settings, **settings}
        if rest:
            names = list(self.settings)
            if len(rest) > len(names):
                raise TypeError(f"{self.name} takes {self.signature}, not {len(rest) - len(names)} arguments more")
            for name in names[: len(rest)]:
                if name in settings:
                    raise TypeError(f"{self.name} takes {self.signature}; {name} is given twice")
            full.update(zip(names, rest))
        if len(full) != len(self.settings):
            operands = self._without_others(operands, full)
        for name, value in full.items():
            if type(value) is list:
                full[name] = tuple(value)
            elif type(value) not in _PLAIN:
                if hasattr(type(value), "_apply_op") and not is_integer(value):
                    raise TypeError(f"{self.name}: {name} is a setting, not a number of the graph as {shown(value)}")
                if name == "ddof" and not is_number(value):
                    raise TypeError(f"{self.name}: ddof is a number, not {shown(value)}")
        for name in self.required:
            if full[name] is ...:
                raise TypeError(f"{self.name} takes {self.signature}; {name} is missing")
        return operands, full

    def _without_others(self, operands: tuple[Any, ...], full: Settings) -> tuple[Any, ...]:
        """Take NumPy's settings that the op has not got out of the full ones; the operands in the ``dtype`` given."""
        for name in [name for name in full if name not in self.settings]:
            given = full.pop(name)
            if name == "dtype" and self.wide and given is not None:
                try:
                    operands = tuple([STRUCTURAL["astype"](x, given) for x in operands])
                except REFUSALS as error:
                    raise named(error, self.name, STRUCTURAL) from None
            elif not is_neutral(name, given):
                raise TypeError(f"{self.name} takes {self.signature}; it has no {name!r}{called_here([name])}")
        return operands

    def on_arrays(self, operands: tuple[Any, ...], settings: Settings) -> Any:
        """The op on NumPy arrays, lists and numbers; on object arrays of Values, its expansion."""
        import numpy as np

        arrays = tuple([self._as_array(np, x) for x in operands])
        run, expands = self.forward, False
        for a in arrays:
            if a.dtype.kind not in "fiub":
                require_numbers(a, self.name)
                run, expands = self.expand or run, True
                settings = self._on_axes_of(a, settings)
        if not expands and self.wide:
            run = self.in_float32
        try:
            with np.errstate(all="ignore"):
                result = run(np, *arrays, **settings)
        except REFUSALS as error:
            if not is_raw(error):
                raise
            raise self.misfit(arrays, settings, error) from None
        result = result[0] if self.saves else result
        if expands and self.decides and modes.tracer() is None:
            self._remember(arrays, settings, result)
        return result

    def _remember(self, arrays: tuple[Any, ...], settings: Settings, result: Any) -> None:
        """Mark the nodes an expansion made with what they expand; operands that it returned are left alone."""
        made = result.ravel().tolist() if hasattr(result, "ravel") else [result]
        remember = next((x._remember for x in made if hasattr(type(x), "_remember")), None)
        if remember is not None:
            given = {id(x) for a in arrays if a.dtype == object for x in a.ravel().tolist()}
            remember(made, given, Expansion(self, tuple([a.copy() for a in arrays]), settings))

    def in_float32(self, np: Any, *arrays: Any, **settings: Any) -> Any:
        """The forward with float16 as float32 and integers as floats, so that sums neither overflow nor wrap round."""

        def widened(place: int, a: Any) -> Any:
            if a.dtype.kind == "f":
                return a.astype(np.float32) if a.dtype.char == "e" else a
            return a if place in self.integers else a.astype(float)

        result = self.forward(np, *map(widened, range(len(arrays)), arrays), **settings)
        if {a.dtype.char for a in arrays if a.dtype.kind == "f"} != {"e"}:
            return result
        return (result[0].astype(np.float16), result[1]) if self.saves else result.astype(np.float16)

    def _as_array(self, np: Any, x: Any) -> Any:
        array = x if type(x) is np.ndarray else np.asarray(as_array(x, self.name))
        if array.dtype != object or any(hasattr(type(v), "_apply_op") for v in array.flat):
            return array
        require_numbers(array, self.name)
        try:
            return array.astype(float)  # no Values: an array of numbers
        except OverflowError:
            raise OverflowError(f"{self.name}: an integer given is too large for a float") from None

    def _on_axes_of(self, nodes: Any, settings: Settings) -> Settings:
        """The settings for an object array, whose axes no ufunc of NumPy checks."""
        axis = settings.get("axis")
        if axis is None or self.many:
            return settings
        if wrong := wrong_setting({"axis": axis}):
            raise TypeError(f"{self.name}: {wrong}")
        if nodes.ndim == 0 and axis in (0, -1):  # as NumPy has it
            return {**settings, "axis": None}
        try:
            normalized(axis, nodes.ndim)
        except ValueError as error:
            raise self.misfit((nodes,), settings, error) from None
        return settings

    def misfit(self, arrays: tuple[Any, ...], settings: Settings, error: Exception) -> Exception:
        """The error for shapes or settings that do not fit, in one sentence with the shapes in it."""
        message, kind = str(error), kind_of(error)
        if wrong := wrong_setting(settings):
            return TypeError(f"{self.name}: {wrong}")
        reason = self.explain(*arrays, **settings) if self.explain else ""
        if kind is TypeError or kind not in REFUSALS or (not reason and message.startswith(f"{self.name}: ")):
            return named(error, self.name)  # a sentence of its own
        reason = " ".join((reason or message).split())
        shapes = [str(a.shape) for a in arrays]
        fit = f"shapes {' and '.join(shapes)} do not fit" if shapes[1:] else f"shape {shapes[0]} does not fit"
        return kind(f"{self.name}: {fit}: {reason}")

    # --- gradients ---------------------------------------------------------------------------------------------------

    def downstream(
        self, place: int, g: Any, y: Any, arrays: tuple[Any, ...], settings: Settings, saved: Any = None
    ) -> Any:
        """The gradient passed on to the array in this place, before it is fitted to the array's shape."""
        if self.why_not:
            self.require_derivative()
        if self.wide and g.dtype.char == "e":
            g, y, *wide = [x.astype("float32") if x.dtype.char == "e" else x for x in (g, y, *arrays)]
            arrays = tuple(wide)
        if self.saves:
            return self.pullbacks[place](g, y, *arrays, saved=saved, **settings)
        if self.many:
            return self.pullbacks[0](g, y, *arrays, place=place, **settings)
        return self.pullbacks[place](g, y, *arrays, **settings)

    def formula(self, place: int) -> str:
        """The downstream gradient of the array in this place, as a formula of ``Ḡ``, ``Y``, ``#1``, …

        >>> from scalargrad import matmul
        >>> matmul.formula(0), matmul.formula(1)
        ('Ḡ #2ᵀ', '#1ᵀ Ḡ')
        """
        self.require_derivative()
        return self.formulas[0 if self.many else place] if self.formulas else "Ḡ"


def structural(
    name: str, forward: Callable[..., Any], pullbacks: tuple[Callable[..., Any], ...] = (), **details: Any
) -> StructuralOp:
    """Register a structural op and return it; it is a function and a method of Tensors from now on.

    >>> twice = structural("twice", lambda xp, a: xp.concatenate([a, a]), (lambda g, y, a: g[: len(a)] + g[len(a) :],))
    >>> twice([1.0, 2.0])
    array([1., 2., 1., 2.])
    >>> remove(twice)
    """
    row = StructuralOp(name, forward, pullbacks, **details)
    if name in STRUCTURAL:
        raise ValueError(f"there is a structural op called {name} already")
    if name in RESERVED or name in OPS:
        raise ValueError(f"an op cannot be called {name}: that name is taken")
    return STRUCTURAL.add(row)
