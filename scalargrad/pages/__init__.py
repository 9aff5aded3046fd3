"""Pages: one file each, with the drawing, the numbers and the scripts in it, and nothing to fetch.

What every page needs is here: the :func:`shell`, a :func:`picture` that zooms, the :func:`controls` to go through
states, :func:`data` for its scripts, and the :func:`block` that shows it in a notebook. The style sheets and scripts
are the files beside this one; those of one page stand in the package that makes it.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from scalargrad.drawing import Drawing
from scalargrad.formatting import one_line
from scalargrad.language import Text
from scalargrad.pages.svg import compact

__all__ = ["Page", "asset", "block", "controls", "data", "fill", "frame", "picture", "rows", "script", "shell", "words"]

PREFIX = "sg-"
"""What ids and classes in a page begin with."""

PICTURE = {
    "smaller": Text("smaller"), "whole": Text("the whole graph"), "near": Text("this step"), "larger": Text("larger"),
}  # fmt: skip
CONTROLS = {
    "first": Text("first step"),
    "back": Text("step back"),
    "play": Text("play"),
    "pause": Text("pause"),
    "next": Text("next step"),
    "last": Text("last step"),
    "step": Text("step"),
    "turn": Text("to the backward pass"),
    "speed": Text("speed"),
}


class Page(str):
    """A page as text; in a notebook it shows itself."""

    notebook: Callable[[], str]
    """Makes the HTML for a notebook."""

    def _repr_html_(self) -> str:
        return shown_or_why(self.notebook)


def asset(name: str, package: str = __name__) -> str:
    """A file that stands in a package: a page, a style sheet, a script."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def fill(template: str, parts: Mapping[str, str]) -> str:
    """A page with each ``{{hole}}`` filled, with HTML; what is filled in has no holes of its own."""
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], template)


def words(texts: Mapping[str, Text], lang: str) -> dict[str, str]:
    """The texts in a language, as HTML."""
    return {key: html.escape(text.told(lang)) for key, text in texts.items()}


def shell(title: str, lang: str, css: str, body: str) -> str:
    """A whole page around a body of HTML; the title is any text."""
    return fill(asset("shell.html"), {"lang": lang, "title": html.escape(title), "css": css, "body": body})


def picture(drawing: Drawing, lang: str) -> str:
    """A drawing with buttons to make it larger, which the function ``zoomable`` of ``zoom.js`` makes work."""
    return fill(asset("picture.html"), words(PICTURE, lang) | {"svg": compact(drawing)})


def controls(count: int, lang: str) -> str:
    """The buttons and the slider to go through so many states, made to work by ``controls`` of ``controls.js``."""
    return fill(asset("controls.html"), words(CONTROLS, lang) | {"maximum": str(count - 1)})


def rows(lines: Sequence[str]) -> str:
    """Numbered rows of a table; HTML lets their ends be left out."""
    return "\n".join(f"<tr><td>{i}<td>{html.escape(text)}" for i, text in enumerate(lines, 1))


def data(content: Any) -> str:
    """An element with JSON for the page's scripts."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    # in a script element only these could end it, or begin a comment
    written = written.replace("<", "\\u003c").replace("\u2028", "\\u2028")
    return f'<script type="application/json" class="{PREFIX}data">{written}</script>'


def script(*sources: str) -> str:
    """An element that runs the sources together, in a scope of their own; in ``root`` is the page's section."""
    body = "".join(sources)
    return (
        '<script>"use strict";\n(function () {\n'
        f'const root = document.currentScript.closest(".{PREFIX}page");\n{body}}})();\n</script>'
    )


def frame(document: str, title: str, height: int) -> str:
    """A page within another one."""
    style, source = f"width:100%;height:{height}px;border:0", html.escape(document, quote=True)
    return f'<iframe title="{html.escape(title)}" style="{style}" srcdoc="{source}"></iframe>'


def block(document: str, title: str, still: Drawing, head: str, lines: Sequence[str]) -> str:
    """A page in a notebook: a still picture and a table of lines, and a frame with the page, which hides the two.

    A notebook that is not trusted drops the frame and keeps the rest. Nothing in it has an id, so it may be shown twice
    in one page; the page has a document of its own, so it takes no key that is not pressed in it. There it hides the
    still picture that stands before it, and makes its frame as high as it needs.
    """
    source = base64.b64encode(still.svg.encode()).decode()
    document = document.replace("</body>", f"<script>{asset('frame.js')}</script>\n</body>")
    return (
        f'<div class="sg-steps-block"><div class="sg-still"><img alt="{html.escape(title)}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{source}"><table><thead><tr><th>#</th><th>{html.escape(head)}</th></tr>'
        f"</thead><tbody>{rows(lines)}</tbody></table></div>{frame(document, title, 0)}</div>"
    )


def shown_or_why(make: Callable[[], str]) -> str:
    """HTML for a notebook; where it cannot be made, why: a notebook must show something."""
    try:
        return make()
    except Exception as error:
        return f"<pre>{html.escape(one_line(error))}</pre>"
