"""Drawing a computational graph with its numbers: the value and gradient of every node, and on every edge
upstream × local = downstream.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from scalargrad import graph
from scalargrad.drawing import dot, layout, png, svg, tikz
from scalargrad.drawing.folding import scopes_of
from scalargrad.drawing.opening import folded_for, opened
from scalargrad.drawing.parts import Parts
from scalargrad.drawing.placing import Layout, arranged
from scalargrad.drawing.style import AUTO, PARTS, Style
from scalargrad.drawing.style import theme as theme_of
from scalargrad.endings import Endings
from scalargrad.formatting import number, one_line, visible
from scalargrad.language import language, say
from scalargrad.records import Trace
from scalargrad.tracing import trace

__all__ = ["Drawing", "draw"]

NOTEBOOK_NODES = 150
"""Up to how many nodes a notebook gets the PNG beside the SVG."""

LONGEST = 200
"""Up to how many characters of a label stand in the table of text."""


class Drawing:
    """A drawn Trace: DOT source, SVG or PNG, made when asked for.

    A notebook shows it as it is. :meth:`save` writes a file.
    """

    endings = Endings(
        "a drawing is saved as {0}, not as {1!r}",
        {
            ".svg": lambda drawing, path: drawing.svg,
            ".png": lambda drawing, path: drawing.png,
            ".dot": lambda drawing, path: drawing.dot,
            ".tex": lambda drawing, path: tikz.write(drawing.layout, drawing.style),
            ".json": lambda drawing, path: drawing.trace.to_json(indent=1),
        },
    )
    """How a drawing is saved."""

    def __init__(self, trace: Trace, style: Style, depth: int | None) -> None:
        self.trace = trace
        self.style = style
        self.depth = depth

    @cached_property
    def parts(self) -> Parts:
        """What the drawing consists of: nodes, edges and frames with their texts, as plain records."""
        return opened(self.trace, self.style, self.depth)

    @cached_property
    def dot(self) -> str:
        """The DOT source: the same text in every run."""
        return str(dot.write(self.parts, self.style).source)

    @cached_property
    def svg(self) -> str:
        """The drawing as SVG; as wide as where it stands at most."""
        return svg.write(self.layout, self.style)

    @cached_property
    def png(self) -> bytes:
        """The drawing as PNG, at twice the size of the screen's points."""
        return layout.render(png.source(self.layout, self.style), "png", "-Knop2", "-Gdpi=144")

    @cached_property
    def layout(self) -> Layout:
        """The parts of the drawing in their places."""
        return arranged(self.parts, self.style.direction)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing; the ending of the name says how, see ``endings``; ``.json`` is the Trace.

        The file is replaced as a whole, or not at all.
        """
        return self.endings.save(self, path)

    def render(
        self, filename: str | os.PathLike[str] = "graph", *, format: str | None = None, view: bool = False
    ) -> str:
        """What a ``graphviz.Digraph`` has: write ``filename`` with the ending ``format``, and give the file's name.

        ``format`` is "svg" unless the name has an ending; ``view`` opens the file.
        """
        path = Path(filename)
        if format is not None or path.suffix.lower() not in self.endings.writers:
            path = path.with_name(f"{path.name}.{format or 'svg'}")
        saved = self.save(path)
        if view:
            import webbrowser  # slow to load, and seldom asked for

            webbrowser.open(saved.resolve().as_uri())
        return str(saved)

    @property
    def text(self) -> str:
        """The numbers as a table of text: what is shown where pictures are not."""
        p = self.style.precision
        said = [say(word, lang=self.style.lang) for word in ("node", "value", "gradient", "made by", "(given)")]
        lines = [f"{said[0]:<12} {said[1]:>12} {said[2]:>12}  {said[3]}"]
        for n in self.trace.nodes:
            grad = "–" if n.grad is None else number(n.grad, p)
            name, formula = visible(n.name, LONGEST), visible(n.formula, LONGEST) or said[4]
            lines.append(f"{name:<12} {number(n.value, p):>12} {grad:>12}  {formula}")
        return "\n".join(lines)

    def _html(self, png: bytes | None) -> str:
        """The SVG as a part of a page; where that drops it, as in a notebook that is not trusted, the PNG is seen.

        Where the page is narrow, as on a phone, it scrolls: its smallest letters, of 11 points, stay as large as 868
        pixels make them.
        """
        picture = self.svg[self.svg.index("<svg") :]
        picture = picture.replace("<svg", f'<svg style="min-width:{0.8 * self.layout.width:.0f}px"', 1)
        if png is not None:
            picture = picture.replace("<style>", "<style>.sg-png{display:none}", 1)
            picture += f'<img class="sg-png" alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        return f'<div style="max-width:100%;overflow-x:auto" tabindex="0">{picture}</div>'

    def __repr__(self) -> str:
        return f"<Drawing of {visible(self.trace.root.name, LONGEST)}: {len(self.trace.nodes)} nodes>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {}
        try:  # a notebook must show something, whatever is wrong with the machine's Graphviz or this graph
            bundle["text/plain"] = self.text
            bundle["image/svg+xml"] = self.svg
            if len(self.trace.nodes) <= NOTEBOOK_NODES:
                bundle["image/png"] = self.png
            if self.style.auto:  # only in the page itself does an SVG know its theme
                bundle["text/html"] = self._html(bundle.get("image/png"))
        except Exception as error:
            bundle["text/plain"] = "\n\n".join([one_line(error), bundle.get("text/plain", repr(self))])
        return bundle


def draw(
    root: Any,
    *,
    precision: int | None = None,
    direction: str = AUTO,
    theme: str = "light",
    show: str | Iterable[str] = PARTS,
    max_nodes: int = 500,
    depth: int | None = None,
    legend: bool = True,
    highlight: Collection[str] = (),
    id_prefix: str = "",
    lang: str | None = None,
    names: bool = False,
    gradients: str = "computed",
) -> Drawing:
    """Draw the graph behind a result, or a Trace.

    What cannot be read at once is folded: a card for each neuron of a network, for each step of a recurrence. Long
    drawings are cut into rows. ``depth`` folds or opens scopes by hand (0: each outermost scope is one box; 9: all is
    open). ``precision`` is the number of decimals of inexact numbers (four significant digits if not given);
    ``direction`` of the data "LR" (left to right), "TB" (downward) or "auto"; ``theme`` "light", "dark", or "auto" for
    that of the page; ``show`` which of "values", "upstream", "local", "downstream", "formulas" appear;
    ``highlight`` the ids of nodes
    (``node-3``) and edges (``edge-5-0``: output and position) to emphasise; ``id_prefix`` what ids in the SVG begin
    with; ``lang`` the language of the legend, such as "en" or "ru"; ``names`` whether every node has its name (v₁, L),
    as the steps call it; ``gradients`` "computed", or "stored" for what ``.grad`` of the nodes says. Raises ValueError
    if more than ``max_nodes`` nodes would be drawn, and StaleGraphError like :func:`scalargrad.trace`.

    >>> from scalargrad import Value, draw
    >>> picture = draw(Value(2.0, label="w") * Value(-1.0, label="x"))
    >>> picture
    <Drawing of L: 3 nodes>
    >>> "1 × (−1) = " in picture.svg
    True
    """
    if precision is not None and (
        isinstance(precision, bool) or not isinstance(precision, int) or not 0 <= precision <= 17
    ):
        raise ValueError(say("precision is a number of decimals from 0 to 17, not {0!r}", precision))
    if direction not in (AUTO, "LR", "TB"):
        raise ValueError(say("direction is 'auto', 'LR' (left to right) or 'TB' (downward), not {0!r}", direction))
    parts = [show] if isinstance(show, str) else list(show)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise ValueError(say("show takes {0}, not {1!r}", ", ".join(PARTS), unknown[0]))
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise ValueError(say("depth is how many levels of scopes stay open, 0 or more, not {0!r}", depth))
    if isinstance(max_nodes, bool) or not isinstance(max_nodes, int) or max_nodes < 1:
        raise ValueError(say("max_nodes is a whole number from 1 on, not {0!r}", max_nodes))
    colors = theme_of(theme)
    if isinstance(root, graph.Node):  # seen before the work of tracing it, where nothing is folded
        order = graph.topological_order(root)
        if len(order) > max_nodes and all(len(scopes_of(n.scope)) <= (depth or 0) for n in order):
            raise _too_many(len(order), max_nodes)
    taken = trace(root, gradients=gradients)
    style = Style(
        colors,
        precision,
        direction,
        tuple(parts),
        legend,
        frozenset(highlight),
        id_prefix,
        lang=language(lang),
        names=names,
        auto=theme == AUTO,
    )
    if len(taken.nodes) > max_nodes:
        count = len(folded_for(taken, depth))
        if count > max_nodes:
            raise _too_many(count, max_nodes)
    return Drawing(taken, style, depth)


def _too_many(count: int, most: int) -> ValueError:
    sentence = say(
        "this drawing would have {0} nodes, more than {1}: allow them with max_nodes={0}, or fold scopes with depth=0 "
        "(give the parts of a computation names with scalargrad.scope)",
        count,
        most,
    )
    return ValueError(sentence)
