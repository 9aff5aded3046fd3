"""A system of the lectures: a circuit or a table, with what a lecture says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from scalargrad.endings import Endings
from scalargrad.language import Text, say
from scalargrad.lectures import showing
from scalargrad.lectures.claims import Claim

if TYPE_CHECKING:
    from scalargrad.drawing import Drawing
    from scalargrad.stepper import Stepper


@dataclass(frozen=True)
class System:
    """A worked example of a lecture: its graph, and each claim beside the exact number.

    A notebook shows the table of claims; ``print(system.text())`` does so elsewhere.
    """

    endings: ClassVar[Endings] = Endings(
        "a table is saved as {0}, not as {1!r}",
        {
            ".txt": lambda system, path: system.text() + "\n",
            ".md": lambda system, path: system.markdown() + "\n",
            ".html": lambda system, path: system.html() + "\n",
        },
    )
    """How the table is saved."""

    name: str
    lecture: str
    """The number of the lecture, such as "004"."""
    title: Text
    about: Text
    """The setting in a sentence or two."""
    check: Callable[[], Iterable[Claim]]
    """Computes the claims."""
    build: Callable[[], Any] | None = None
    """Builds the graph: a Value, or several by name; None for a table."""
    precision: int | None = None
    """How many decimals its drawing shows if it is not said; None: four significant digits."""

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Everything the lecture says of it, with the exact numbers."""
        return tuple(self.check())

    def graph(self) -> Any:
        """The graph, built anew: its root, or a dict of roots by name; None for a table."""
        return None if self.build is None else self.build()

    def outputs(self) -> tuple[str, ...]:
        """The names of the roots, if there are several."""
        graph = self.graph()
        return tuple(graph) if isinstance(graph, dict) else ()

    def root(self, output: str | None = None) -> Any:
        """The root of the graph; of several the one that is named, the first if none is.

        Raises ValueError for a table, and for a name there is not.
        """
        graph = self.graph()
        if graph is None:
            raise ValueError(
                say("{0} is a table without a computational graph: read its numbers with text()", self.name)
            )
        roots = graph if isinstance(graph, dict) else {}
        if output is None:
            return next(iter(roots.values()), graph)
        if output not in roots:
            known = ", ".join(roots) or "output=None"
            raise ValueError(say("{0} has no output {1!r}: choose one of {2}", self.name, output, known))
        return roots[output]

    def draw(self, output: str | None = None, **options: Any) -> Drawing:
        """The drawing of the graph; ``options`` are those of :func:`scalargrad.draw`."""
        from scalargrad.drawing import draw

        return draw(self.root(output), **({"precision": self.precision} | options))

    def steps(self, output: str | None = None, **options: Any) -> Stepper:
        """The computation step by step; ``options`` are those of :func:`scalargrad.steps`."""
        from scalargrad.stepper import steps

        return steps(self.root(output), **options)

    def text(self, lang: str | None = None, width: int = 100) -> str:
        """The table: what the lecture says, what is exact, why they differ; no wider than ``width``, or 60."""
        return showing.text(self, lang, width)

    def markdown(self, lang: str | None = None) -> str:
        """The same as Markdown."""
        return showing.markdown(self, lang)

    def html(self, lang: str | None = None) -> str:
        """The same as HTML."""
        return showing.html(self, lang)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return f"<System {self.name} of lecture {self.lecture}>"
