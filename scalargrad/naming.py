"""How the nodes of a graph are called: their names, the symbols in them, and the scopes they were made in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalargrad.ops.registry import OPS

_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def names_of(order: Sequence[Any]) -> list[str]:
    """A name for each node, no two alike: its label, or v₁, v₂, …; a root without a label is L."""
    return names_by([node.label for node in order])


def names_by(labels: Sequence[str | None]) -> list[str]:
    """The names of nodes with these labels; the last is the root."""
    from scalargrad.symbolic import (
        pretty_name,  # here and below: loaded when a graph is looked at, not with the package
    )

    taken = {""}
    uses: dict[str, int] = {}
    names = []
    for given in labels:
        label = "" if given is None else pretty_name(given)
        name = label
        if label:
            while name in taken:
                uses[label] = uses.get(label, 0) + 1
                name = label + ("′" * uses[label] if uses[label] <= 3 else f"′{uses[label]}")
            taken.add(name)
        names.append(name)
    count = 0
    last = len(names) - 1
    for i, name in enumerate(names):
        if name:
            continue
        if i == last > 0 and "L" not in taken:
            names[i] = "L"
            continue
        count += 1
        while (name := "v" + str(count).translate(_SUBSCRIPT)) in taken:
            count += 1
        names[i] = name
    return names


def symbol(op: Any, operands: tuple[str | float, ...]) -> str:
    """What stands in an op's node: its symbol, with constant operands put in (``+1``, ``×(−1)``, ``1/x``, ``x²``).

    They have six digits at most: ``×0.2`` for 0.19999999999999996.
    """
    from scalargrad.symbolic import number_text

    operands = tuple(float(f"{x:.6g}") if isinstance(x, float) else x for x in operands)
    constants = [x for x in operands if isinstance(x, float)]
    if not constants or len(constants) == len(operands):
        return str(op.symbol)
    if op.name in ("add", "mul") and len(operands) == 2:
        number = number_text(constants[0])
        return f"{op.symbol}({number})" if number.startswith("−") else f"{op.symbol}{number}"
    if op.name == "pow" and operands[1:] == (2.0,):
        return str(OPS["square"].symbol)
    letters = iter("x" if len(operands) - len(constants) == 1 else "abcdefgh")
    return str(op.text_of(*(x if isinstance(x, float) else next(letters) for x in operands)))


class Scopes:
    """Paths of scopes as they are shown: where two modules of one name meet, the second is numbered, ``Linear 2``."""

    def __init__(self) -> None:
        self.paths: dict[int, str] = {}
        self.known: dict[tuple[str, str, int], str] = {}
        self.taken: set[str] = set()

    def shown(self, path: Any) -> str | None:
        """The path of this node's scope: the same for the same modules, another for others."""
        if not path:
            return path  # type: ignore[no-any-return]
        shown = self.paths.get(id(path))  # the nodes keep the paths alive
        if shown is None:
            shown = ""
            names = path.split("/")
            for name, module in zip(names, getattr(path, "of", (0,) * len(names))):
                shown = self.place(shown, name, module)
            self.paths[id(path)] = shown
        return shown

    def place(self, outer: str, name: str, module: int) -> str:
        key = outer, name, module
        if key not in self.known:
            base = shown = f"{outer}/{name}" if outer else name
            number = 1
            while shown in self.taken:
                number += 1
                shown = f"{base} {number}"
            self.taken.add(shown)
            self.known[key] = shown
        return self.known[key]
