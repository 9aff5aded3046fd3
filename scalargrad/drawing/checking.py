"""Looking at what a layout program printed before it is believed: it stands in files and pages that others open."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from scalargrad.formatting import visible
from scalargrad.language import say

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = frozenset(
    ["a", "circle", "clipPath", "defs", "desc", "ellipse", "g", "line", "linearGradient", "path", "polygon", "polyline",
     "radialGradient", "rect", "stop", "svg", "text", "title", "tspan"]
)  # fmt: skip
"""What a drawing consists of; nothing else is shown, run or fetched."""

TEXTS = ("title", "id", "class")
"""Attributes that hold any text."""


def fault(picture: bytes, form: str) -> str:
    """Why this is no "svg" or "png" to be shown; empty if it is one."""
    return next(_svg(picture) if form == "svg" else _png(picture), "")


def _svg(picture: bytes) -> Iterator[str]:
    try:
        text = picture.decode("utf-8")
        if re.search(r"<!DOCTYPE[^>]*\[|<!ENTITY|<\?(?!xml )", text):
            yield say("it holds instructions to whoever reads it")
        root = Xml.fromstring(text.encode("utf-8"))
    except (ValueError, Xml.ParseError):
        yield say("it is not whole")
        return
    if root.tag != f"{SVG}svg" or root.find(f"{SVG}g") is None:
        yield say("it is no drawing")
    for element in root.iter():
        name = element.tag.removeprefix(SVG) if isinstance(element.tag, str) else "?"
        if name not in ELEMENTS:
            yield say("it holds <{0}>", visible(name, 40))
        for key, value in element.attrib.items():
            plain = key.rpartition("}")[2].lower()
            outside = plain not in TEXTS and re.search(r"url\s*\(\s*[^#\s]|script:|@import", value, re.IGNORECASE)
            if plain.startswith("on") or plain in ("href", "src") or outside:
                yield say("it holds the attribute {0}", visible(plain, 40))


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
