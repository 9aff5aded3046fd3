"""``python -m scalargrad.ops.stubs`` lists the methods that rows give, for editors, in ``methods.pyi``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scalargrad.ops.composite import COMPOSITE, FUNCTIONS_ONLY
from scalargrad.ops.registry import OPS
from scalargrad.ops.structure import STRUCTURAL


def declarations() -> str:
    """The text of ``methods.pyi``."""
    elementwise = [_declared(row.name, row.parameters()) for row in OPS.values()]
    structural = [_declared(row.name, row.parameters()) for row in STRUCTURAL.values() if not row.many]
    composite = [_declared(f.__name__, list(_parameters(f))) for f in COMPOSITE.values() if f not in FUNCTIONS_ONLY]
    lines = ["# Written from the rows by: python -m scalargrad.ops.stubs", "from typing import Any, Self", ""]
    lines += ["class ElementwiseMethods:", *sorted(elementwise), ""]
    lines += ["class StructuralMethods:", *sorted(structural + composite), ""]
    return "\n".join(lines)


def _parameters(function: Any) -> Iterator[tuple[str, Any]]:
    for name, parameter in inspect.signature(function).parameters.items():
        yield name, ... if parameter.default is parameter.empty else parameter.default


def _declared(name: str, parameters: list[tuple[str, Any]]) -> str:
    given = [f"{parameter}: Any" + (" = ..." if default is not ... else "") for parameter, default in parameters[1:]]
    if name in ("reshape", "transpose"):  # the lengths one by one, too
        given = ["*arguments: Any", "**settings: Any"]
    returned = "list[Self]" if name == "split" else "Self"
    return f"    def {name}({', '.join(['self', *given])}) -> {returned}: ..."


if __name__ == "__main__":
    Path(__file__).with_name("methods.pyi").write_text(declarations(), encoding="utf-8")
