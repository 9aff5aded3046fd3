"""Looking at what a layout program printed before it is believed: pictures stand in files that others open."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator

from scalargrad.language import say


def fault(told: bytes, form: str) -> str:
    """Why this is no "png" to be shown, or no layout in "json0"; empty if it is one."""
    return next(_png(told) if form == "png" else _layout(told), "")


def _layout(told: bytes) -> Iterator[str]:
    try:
        rest = told.decode("utf-8").strip()
        while rest:  # a graph after the other
            graph, end = json.JSONDecoder().raw_decode(rest)
            if not isinstance(graph, dict) or not isinstance(graph.get("bb"), str):
                yield say("it is no drawing")
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        yield say("it is not whole")


def _png(picture: bytes) -> Iterator[str]:
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        yield say("it is no drawing")
    at, kinds = 8, []
    while at + 12 <= len(picture):
        size, kind = struct.unpack_from(">I4s", picture, at)
        inner = picture[at + 4 : at + 8 + size]
        if picture[at + 8 + size : at + 12 + size] != struct.pack(">I", zlib.crc32(inner)):
            yield say("it is not whole")
        kinds.append(kind)
        at += 12 + size
    if at != len(picture) or kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or b"IDAT" not in kinds:
        yield say("it is not whole")
