"""``python -m scalargrad.ops.stubs`` lists the methods that rows give, for editors, in ``methods.pyi``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scalargrad.ops import structural as structural  # which fills the second table
from scalargrad.ops.composite import COMPOSITE, FUNCTIONS_ONLY
from scalargrad.ops.registry import OPS
from scalargrad.ops.structure import STRUCTURAL


def declarations() -> str:
    """The text of ``methods.pyi``."""
    elementwise = [_declared(row) for row in OPS.values()]
    structural = [_declared(row) for row in STRUCTURAL.values() if not row.many]
    composite = [_declared(f) for f in COMPOSITE.values() if f not in FUNCTIONS_ONLY]
    lines = ["# Written from the rows by: python -m scalargrad.ops.stubs", "from typing import Any, Self", ""]
    lines += ["class ElementwiseMethods:", *sorted(elementwise), ""]
    lines += ["class StructuralMethods:", *sorted(structural + composite), ""]
    return "\n".join(lines)


def _declared(function: Callable[..., Any]) -> str:
    name, (_, *parameters) = function.__name__, inspect.signature(function).parameters.values()
    given = [f"{p.name}: Any" + " = ..." * (p.default is not p.empty) for p in parameters]
    if name in ("reshape", "transpose"):  # the lengths one by one, too
        given = ["*arguments: Any", "**settings: Any"]
    returned = "list[Self]" if name == "split" else "Self"
    taken = ", ".join(["self", *given])
    line = f"    def {name}({taken}) -> {returned}: ..."
    return line if len(line) <= 120 else f"    def {name}(\n        {taken}\n    ) -> {returned}: ..."


if __name__ == "__main__":
    Path(__file__).with_name("methods.pyi").write_text(declarations(), encoding="utf-8")
