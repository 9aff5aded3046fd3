"""Where the first nan or infinity is born: what ``detect_anomaly`` checks, op by op and edge by edge."""

from __future__ import annotations

from typing import Any

from scalargrad.graph import short


def _is_finite(x: Any) -> bool:
    number = float(x)
    return number - number == 0


def names_of(operands: tuple[Any, ...]) -> list[Any]:
    """What formulas call each operand: its label, or x (a, b, … where there are more); a constant by its number."""
    few = ["x"] if len(operands) == 1 else [chr(ord("a") + i % 26) for i in range(len(operands))]
    return [x if isinstance(x, float) else short(x.label) if x.label else few[i] for i, x in enumerate(operands)]


def _at(names: list[Any], operands: tuple[Any, ...]) -> str:
    values = [f"{n} = {float(x)!r}" for n, x in zip(names, operands, strict=True) if not isinstance(x, float)]
    return " and ".join(values)


def check_forward(op: Any, data: float, operands: tuple[Any, ...]) -> None:
    """Raise if this op made a nan or an infinity out of finite operands."""
    if not _is_finite(data) and all(map(_is_finite, operands)):
        names = names_of(operands)
        raise FloatingPointError(f"forward: {op.text_of(*names)} = {data} at {_at(names, operands)}")


def check_backward(node: Any, position: int, upstream: float, local: float, downstream: float) -> None:
    """Raise if this edge made a nan or an infinity, its operands and the upstream gradient being finite."""
    if not _is_finite(downstream) and _is_finite(upstream) and all(map(_is_finite, node.inputs)):
        names = names_of(node.inputs)
        raise FloatingPointError(
            f"backward: through {node.op.text_of(*names)} to {names[position]}, {upstream!r} × {local!r} = "
            f"{downstream!r} at {_at(names, node.inputs)}"
        )


def check_sum(node: Any, position: int, earlier: float, downstream: float, total: float) -> None:
    """Raise if finite contributions to an operand's gradient add up to an infinity."""
    if not _is_finite(total) and _is_finite(earlier) and _is_finite(downstream):
        names = names_of(node.inputs)
        raise FloatingPointError(
            f"backward: what reaches {names[position]}, {earlier!r} + {downstream!r}, is {total!r}"
        )
