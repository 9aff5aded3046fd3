"""Reading a Trace that was written as JSON: every type, place and number is looked at, since views trust a Trace."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from scalargrad.records import ENTRIES, FORMAT, ArrayNumber, EdgeGrad, Number, Trace, TraceNode

AXES = 64
"""How many axes an array has at most."""

_NODE = ("index", "name", "label", "op", "symbol", "operands", "formula", "latex", "value", "grad", "scope")
_EDGE = ("input", "position", "output", "upstream", "local", "downstream", "formula", "latex", "named")
_ARRAY = ("shape", "dtype", "mean", "norm", "entries")
_WORDS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


class _NoTraceError(Exception):
    """What is wrong with a text that is no Trace."""


def _fail(why: str) -> NoReturn:
    raise _NoTraceError(why)


def read(text: str | bytes) -> Trace:
    """The Trace that ``Trace.to_json`` wrote; ValueError with one sentence if it did not write this."""
    try:
        data = json.loads(text, parse_float=_float, parse_constant=_constant)
        return _trace(data)
    except _NoTraceError as error:
        why = str(error)
    except (ValueError, TypeError, RecursionError):
        why = "it is no JSON"
    raise ValueError(f"this text is not a trace as Trace.to_json writes it (JSON, format {FORMAT}): {why}")


def _float(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _fail("it has a number that is too large")


def _constant(word: str) -> NoReturn:
    _fail(f"the number {word} is written as a text there")


def _record(data: Any, keys: tuple[str, ...], what: str) -> dict[str, Any]:
    if not isinstance(data, dict) or not set(data) <= set(keys):
        _fail(f"{what} is not made of {', '.join(keys)}")
    missing = [key for key in keys if key not in data]
    return data if not missing else _fail(f"{what} has no {missing[0]}")


def _list(data: Any, what: str) -> list[Any]:
    return data if isinstance(data, list) else _fail(f"{what} is no list")


def _whole(data: Any, end: int, what: str) -> int:
    """A whole number from 0 on, below ``end``."""
    if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data < end:
        _fail(f"{what} is no whole number from 0 on and below {end}")
    return data


def _text(data: Any, what: str) -> str:
    return data if isinstance(data, str) else _fail(f"{what} is no text")


def _text_or_none(data: Any, what: str) -> str | None:
    return None if data is None else _text(data, what)


def _number(data: Any, what: str) -> float:
    if isinstance(data, str) and data in _WORDS:
        return _WORDS[data]
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        _fail(f"{what} is no number")
    try:
        return float(data)
    except OverflowError:
        _fail("it has a number that is too large")


def _value(data: Any, what: str) -> Number:
    """A number or an array."""
    if not isinstance(data, dict):
        return _number(data, what)
    array = _record(data, _ARRAY, what)
    shape = tuple(_whole(n, 1 << 62, f"an axis of {what}") for n in _list(array["shape"], f"the shape of {what}"))
    if len(shape) > AXES:
        _fail(f"{what} has more than {AXES} axes")
    entries = array["entries"]
    if entries is not None:
        if math.prod(shape) > ENTRIES:
            _fail(f"{what} has more than {ENTRIES} elements written out")
        entries = _entries(entries, shape, what)
    mean, norm = _number(array["mean"], what), _number(array["norm"], what)
    return ArrayNumber(shape, _text(array["dtype"], f"the dtype of {what}"), mean, norm, entries)


def _entries(data: Any, shape: tuple[int, ...], what: str) -> Any:
    if not shape:
        return _number(data, what)
    if len(_list(data, what)) != shape[0]:
        _fail(f"the elements of {what} do not have its shape")
    return tuple([_entries(x, shape[1:], what) for x in data])


def _trace(data: Any) -> Trace:
    whole = _record(data, ("format", "root", "nodes", "edges"), "it")
    if whole["format"] != FORMAT:
        _fail("its format is another one")
    nodes = [_node(x, i) for i, x in enumerate(_list(whole["nodes"], "nodes"))]
    if not nodes:
        _fail("it has no nodes")
    if _whole(whole["root"], len(nodes), "root") != len(nodes) - 1:
        _fail("its root is not the last node")
    edges: list[EdgeGrad] = []
    seen: set[tuple[int, int]] = set()
    for i, x in enumerate(_list(whole["edges"], "edges")):
        edge = _edge(x, i, nodes)
        place = edge.output.index, edge.position
        if place in seen or (edges and edge.output.index > edges[-1].output.index):
            _fail(f"edge {i} is not in the order of the backward pass")
        seen.add(place)
        edges.append(edge)
    return Trace(tuple(nodes), tuple(edges))


def _node(data: Any, index: int) -> TraceNode:
    what = f"node {index}"
    node = _record(data, _NODE, what)
    if _whole(node["index"], index + 1, f"the index of {what}") != index:
        _fail(f"{what} has the index of another one")
    op = _text_or_none(node["op"], f"the op of {what}")
    operands = tuple([_operand(x, index) for x in _list(node["operands"], f"operands of {what}")])
    if op is None and operands:
        _fail(f"{what} has operands without an op")
    return TraceNode(
        index=index,
        name=_text(node["name"], f"the name of {what}"),
        label=_text_or_none(node["label"], f"the label of {what}"),
        op=op,
        symbol=_text(node["symbol"], f"the symbol of {what}"),
        operands=operands,
        formula=_text(node["formula"], f"the formula of {what}"),
        latex=_text(node["latex"], f"the latex of {what}"),
        value=_value(node["value"], f"the value of {what}"),
        grad=None if node["grad"] is None else _value(node["grad"], f"the grad of {what}"),
        scope=_text_or_none(node["scope"], f"the scope of {what}"),
    )


def _operand(data: Any, index: int) -> int | float:
    what = f"an operand of node {index}"
    if isinstance(data, dict) and set(data) == {"node"}:
        return _whole(data["node"], index, what)
    return _number(_record(data, ("constant",), what)["constant"], what)


def _edge(data: Any, i: int, nodes: list[TraceNode]) -> EdgeGrad:
    what = f"edge {i}"
    edge = _record(data, _EDGE, what)
    source, output = (nodes[_whole(edge[key], len(nodes), f"the {key} of {what}")] for key in ("input", "output"))
    position = _whole(edge["position"], len(output.operands), f"the position of {what}")
    operand = output.operands[position]
    if not isinstance(operand, int) or operand != source.index:
        _fail(f"{what} does not lead to an operand of its output")
    if source.grad is None or output.grad is None:
        _fail(f"{what} lies between nodes without a gradient")
    return EdgeGrad(
        input=source,
        position=position,
        output=output,
        upstream=_value(edge["upstream"], f"upstream of {what}"),
        local=None if edge["local"] is None else _value(edge["local"], f"local of {what}"),
        downstream=_value(edge["downstream"], f"downstream of {what}"),
        formula=_text(edge["formula"], f"the formula of {what}"),
        latex=_text(edge["latex"], f"the latex of {what}"),
        named=_text(edge["named"], f"named of {what}"),
    )
