"""The op registry: what an elementwise operation is, and how it is called.

An :class:`Op` is one row of a table: its forward, one local partial per operand, and how it is written. Everything
else (methods, gradients, drawings, formulas, parser, tests) is a reading of that row.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from scalargrad import numerics
from scalargrad.ops.forms import ALWAYS, FORMS
from scalargrad.ops.given import as_array, require_numbers
from scalargrad.ops.given import as_number as as_number
from scalargrad.ops.given import finite as finite
from scalargrad.ops.given import is_number as is_number
from scalargrad.ops.rows import RESERVED, Row, Table
from scalargrad.ops.rows import NotDifferentiableError as NotDifferentiableError
from scalargrad.ops.rows import remove as remove
from scalargrad.ops.rows import temporary as temporary

OPS: Table[Op] = Table()
"""Every registered op by name, in the order of registration."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Kink:
    """Where a derivative jumps, and the value chosen there.

    ``distance`` of the operands is 0 on the kink and grows away from it; ``at`` is an example on it, and ``slopes``
    are the partials the row gives at that example.
    """

    distance: Callable[..., Any]
    at: tuple[float, ...]
    slopes: tuple[float, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Op(Row):
    """One elementwise operation: a row of the registry, and the function of that name.

    ``forward(xp, *operands)`` computes it with the functions of ``xp`` (:mod:`scalargrad.numerics` on floats, NumPy on
    arrays). ``partials[i](y, *operands)`` is the local derivative by operand ``i``, where ``y`` is the output, written
    in ops so that numbers, arrays, graph nodes and symbols can all run it.

    Called on numbers it gives a number, on arrays an array, on Values a Value, on Tensors a Tensor, on symbols a
    formula. Operands may be given by name; those with a default in ``forward`` may be left out.
    """

    table = OPS
    name: str
    forward: Callable[..., Any]
    partials: tuple[Callable[..., Any], ...]
    note: str = ""
    """What it is, in one line of text."""
    symbol: str = ""
    """What stands in its node in a drawing; the name if not given."""
    text: str = ""
    """The written form, ``#1`` standing for the first operand; ``name(#1, #2)`` if not given."""
    latex: str = ""
    """The same in LaTeX; ``\\operatorname{name}(#1)`` if not given."""
    precedence: int = 9
    """How tightly the written form binds: 1 sums, 2 products, 4 powers, 9 a call."""
    latex_precedence: int | None = None
    """The same for the LaTeX form where it differs (a fraction is enclosed by itself)."""
    domain: tuple[Interval, ...] = ()
    """Where to sample each operand in tests; (-3, 3) if not given."""
    kinks: tuple[Kink, ...] = ()
    ufunc: str = ""
    """NumPy's name for it, where that is another one."""
    aliases: tuple[str, ...] = ()
    """Other names the formula parser knows it by."""
    activation: str = ""
    """The name of its module in :mod:`scalargrad.nn`, if it is an activation; operands with a default are settings."""
    shown: tuple[Callable[..., Any] | None, ...] = ()
    """The partials as formulas show them, ``(*operands)`` in ops, where those above are written for accuracy."""
    why_not: str = ""
    """Why no gradient passes through it; such an op has no partials."""
    operands: tuple[str, ...] = field(init=False)
    defaults: tuple[float, ...] = field(init=False)
    usual: int = field(init=False)
    """How many operands a usual call gives; −1 if every call is looked at first."""
    form: Callable[..., Any] | None = field(init=False)
    """What answers a call in another form (:mod:`.forms`), as one that means Python's function of that name."""

    def __post_init__(self) -> None:
        code = self.forward.__code__  # a lambda's own record: inspect.signature would be slow for a whole table
        names = code.co_varnames[1 : code.co_argcount]
        set_ = object.__setattr__
        set_(self, "operands", names)
        set_(self, "defaults", tuple(float(x) for x in self.forward.__defaults__ or ()))
        set_(self, "usual", -1 if self.name in ALWAYS else len(names))
        set_(self, "form", FORMS.get(self.name))
        set_(self, "symbol", self.symbol or self.name)
        holes = ", ".join(f"#{i + 1}" for i in range(len(names)))
        set_(self, "text", self.text or f"{self.name}({holes})")
        title = self.name.replace("_", r"\_")
        set_(self, "latex", self.latex or rf"\operatorname{{{title}}}({holes})")
        set_(self, "domain", self.domain or ((-3.0, 3.0),) * len(names))
        if self.latex_precedence is None:
            set_(self, "latex_precedence", self.precedence)
        if not self.name.isidentifier() or iskeyword(self.name) or self.name.startswith("_"):
            raise ValueError(f"an op's name must be a Python name that does not begin with _, not {self.name!r}")
        if not names:
            raise ValueError(f"{self.name}: forward must take xp and at least one operand")
        if len(self.partials) != (0 if self.why_not else len(names)):
            raise ValueError(f"{self.name}: {len(names)} operands need as many partials, not {len(self.partials)}")
        if self.shown and len(self.shown) != len(names):
            raise ValueError(f"{self.name}: shown has {len(self.shown)} forms of {len(names)} partials")
        if len(self.domain) != len(names):
            raise ValueError(
                f"{self.name}: {len(names)} operands need as many domain intervals, not {len(self.domain)}"
            )

    def text_of(self, *operands: str | float, style: str = "text") -> str:
        """The written form with these names or numbers as operands, in ``style`` "text" or "latex"."""
        from scalargrad.symbolic import written

        return written(self, operands, style)

    def formula(self, position: int, operands: tuple[str | float, ...], style: str = "text") -> str:
        """The local derivative by one operand, written with these names or numbers as operands."""
        from scalargrad.symbolic import formula

        return formula(self, position, operands, style)

    # --- calling -----------------------------------------------------------------------------------------------------

    def __call__(self, *operands: Any, **named: Any) -> Any:
        if named or len(operands) != self.usual:
            if self.form is not None and (answer := self.form(self, operands, named)) is not NotImplemented:
                return answer
            operands = self.complete(operands, named)
        for operand in operands:
            apply = getattr(type(operand), "_apply_op", None)
            if apply is not None:
                return apply(self, operands)
        if self.form is not None and (answer := self.form(self, operands, {})) is not NotImplemented:
            return answer
        for operand in operands:
            if not isinstance(operand, (float, int)):
                return self._on_other(operands)
        return self.number(*[x if type(x) is float else as_number(x, self.name) for x in operands])

    def complete(self, operands: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The operands in order, with named ones in their place and defaults filled in."""
        total = len(self.operands)
        if len(operands) > total or any(name in self.operands[: len(operands)] for name in named):
            raise TypeError(_said("{0} takes {1}, not {2} operands", self, len(operands) + len(named)))
        filled = list(operands)
        for i in range(len(operands), total):
            name, default = self.operands[i], i - total + len(self.defaults)
            if name in named:
                filled.append(named[name])
            elif default >= 0:
                filled.append(self.defaults[default])
            else:
                raise TypeError(_said("{0} takes {1}; {2} is missing", self, name))
        unknown = set(named) - set(self.operands)
        if unknown:
            raise TypeError(_said("{0} takes {1}; it has no operand {2!r}", self, min(unknown)))
        return tuple(filled)

    def parameters(self) -> list[tuple[str, Any]]:
        required = len(self.operands) - len(self.defaults)
        return list(zip(self.operands, (*[...] * required, *self.defaults)))

    def number(self, *operands: float) -> float:
        """The forward on floats; what Python raises (``1/0``) is answered in IEEE arithmetic."""
        try:
            return self.forward(numerics, *operands)  # type: ignore[no-any-return]
        except ZeroDivisionError:
            return float(numerics.IEEE._apply_op(self, operands))

    def local(self, position: int, y: float, operands: tuple[float, ...]) -> float:
        """The local derivative by one operand, on floats."""
        self.require_derivative()
        try:
            return float(self.partials[position](y, *operands))
        except ZeroDivisionError:
            ieee = numerics.IEEE
            return float(self.partials[position](ieee(y), *map(ieee, operands)))

    def recomputed(self, y: float, operands: tuple[float, ...]) -> float:
        """What the forward gives on these operands now (``y`` is what it gave when the node was made)."""
        return self.number(*operands)

    def pullback(self, upstream: Any, y: Any, operands: tuple[Any, ...], needed: tuple[bool, ...]) -> list[Any]:
        """``upstream * local`` for each needed operand (None for the others), on whatever type the operands have."""
        self.require_derivative()
        pairs = zip(self.partials, needed, strict=True)
        return [upstream * partial(y, *operands) if need else None for partial, need in pairs]

    def _on_other(self, operands: tuple[Any, ...]) -> Any:
        np = sys.modules.get("numpy")
        if any(isinstance(x, (list, tuple)) or (np is not None and isinstance(x, np.ndarray)) for x in operands):
            return self._on_arrays(operands)
        return self.number(*(as_number(x, self.name) for x in operands))

    def _on_arrays(self, operands: tuple[Any, ...]) -> Any:
        import numpy as np

        from scalargrad import special

        arrays = [as_array(x, self.name) for x in operands]
        try:
            np.broadcast_shapes(*[a.shape for a in arrays])
        except ValueError:
            shapes = " and ".join(str(a.shape) for a in arrays if a.shape)
            raise ValueError(f"{self.name}: shapes {shapes} do not broadcast together") from None
        if any(a.dtype == object for a in arrays):
            with np.errstate(all="ignore"):
                return np.frompyfunc(self, len(arrays), 1)(*operands)
        for a in arrays:
            require_numbers(a, self.name)
        whole = [
            x if isinstance(x, float) else a.astype(float) if a.dtype.kind in "iub" else a
            for x, a in zip(operands, arrays, strict=True)
        ]
        dtype = np.result_type(*[a for a in whole if isinstance(a, np.ndarray) and a.ndim] or whole)
        with np.errstate(all="ignore"):
            return np.asarray(self.forward(special, *whole)).astype(dtype, copy=False)[()]


def _said(text: str, row: Op, *details: object) -> str:
    """What is wrong with a call of an op, in the language that is spoken."""
    from scalargrad.language import say

    return say(text, row.name, row.signature, *details)


def op(name: str, forward: Callable[..., Any], partials: tuple[Callable[..., Any], ...] = (), **details: Any) -> Op:
    """Register an elementwise op and return it; it is a function, a method and a name in formulas from now on.

    >>> cube = op("cube", lambda xp, a: a * a * a, (lambda y, a: 3 * a * a,), note="the third power")
    >>> cube(2.0)
    8.0
    >>> remove(cube)
    """
    row = Op(name, forward, partials, **details)
    if name in OPS:
        raise ValueError(f"there is an op called {name} already")
    public = sys.modules["scalargrad"]
    if name in RESERVED or (name in dir(public) and not isinstance(vars(public).get(name), Op)):
        raise ValueError(f"an op cannot be called {name}: that name is taken")
    return OPS.add(row)


def by_ufunc(name: str) -> Op | None:
    """The op that NumPy calls by this name, if there is one."""
    return OPS.get(name) or next((row for row in OPS.values() if row.ufunc == name or name in row.aliases), None)
