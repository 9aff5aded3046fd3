"""The stepper: a computation and its gradients one step at a time, in text, in drawings, on a page that plays."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from scalargrad import latex
from scalargrad.endings import Endings
from scalargrad.formatting import one_line
from scalargrad.language import language, say
from scalargrad.replaying import rounded_along
from scalargrad.stepper import rendering
from scalargrad.stepper.markup import printable
from scalargrad.stepper.texts import Steps
from scalargrad.tracing import trace

if TYPE_CHECKING:
    from scalargrad.stepper.frames import StepDrawing
    from scalargrad.stepper.worksheet import Worksheet

__all__ = ["Stepper", "steps"]


class Stepper(Steps, Sequence["StepDrawing"]):
    """All steps of a computation: the forward pass node by node, then the backward pass edge by edge.

    A sequence: ``stepper[i]`` is one step, a drawing with that step lit and its line of text. A notebook shows the
    whole as a player.
    """

    endings = Endings(
        "steps are saved as {0}, not as {1!r}: choose one",
        {
            ".txt": lambda stepper, path, predict: stepper.text,
            ".md": lambda stepper, path, predict: stepper.markdown,
            ".tex": lambda stepper, path, predict: latex.document(stepper.latex),
            ".html": lambda stepper, path, predict: stepper.player(predict),
        },
    )
    """How steps are saved."""

    @overload
    def __getitem__(self, index: int) -> StepDrawing: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[StepDrawing, ...]: ...

    def __getitem__(self, index: int | slice) -> StepDrawing | tuple[StepDrawing, ...]:
        from scalargrad.stepper.frames import StepDrawing

        places = range(len(self))[index]
        return StepDrawing(self, places) if isinstance(places, int) else tuple(StepDrawing(self, i) for i in places)

    def __repr__(self) -> str:
        return f"<Stepper of {printable(self.trace.root.name)}: {len(self)} steps>"

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """All steps as numbered lines of Unicode text."""
        return rendering.as_text(self)

    @property
    def markdown(self) -> str:
        """All steps as two numbered lists in Markdown."""
        return rendering.as_markdown(self)

    @property
    def latex(self) -> str:
        """All steps as the body of a LaTeX document that loads amsmath; :meth:`save` writes the whole document."""
        return rendering.as_latex(self)

    @property
    def html(self) -> str:
        """A page that plays the steps on the drawing: one file, with nothing to fetch."""
        return self.player()

    def player(self, predict: bool = False) -> str:
        """The same page; with ``predict`` it asks for each number before it shows it, and explains what a slip was.

        As the last line of a notebook's cell it shows the player there.
        """
        from scalargrad.stepper.player import page

        return page(self, predict)

    def worksheet(self, blanks: Any = "all", *, seed: int = 0, title: str | None = None) -> Worksheet:
        """A page to print and fill in: the drawing and the formulas with numbers left blank; ``.key`` has the answers.

        ``blanks`` says which numbers: "all" that are computed, "forward", "backward", how many of them (chosen by
        ``seed``), or the indices of steps. Raises ValueError if there is nothing to leave blank.
        """
        from scalargrad.stepper.worksheet import make

        return make(self, blanks, seed, title)

    def save(self, path: str | PathLike[str], *, predict: bool = False) -> Path:
        """Write the steps to a file in the form its name asks for, in UTF-8.

        As a text, in Markdown, in LaTeX, or as a page that plays them, with no need of a network (and, with
        ``predict``, asks for the numbers first); see ``endings``. The file is replaced as a whole, or not at all.
        """
        return self.endings.save(self, path, predict)

    def open(self, *, predict: bool = False) -> Path:
        """Show the player in the web browser; the page is a temporary file, whose path is returned."""
        import tempfile
        import webbrowser

        path = self.save(Path(tempfile.mkdtemp(prefix="scalargrad-")) / "steps.html", predict=predict)
        webbrowser.open(path.as_uri())
        return path

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        bundle: dict[str, str] = {}
        try:  # a notebook must show something, whatever is wrong with the machine's Graphviz or this graph
            from scalargrad.stepper.player import notebook

            bundle["text/plain"] = self.text
            bundle["text/html"] = notebook(self)
        except Exception as error:
            bundle["text/plain"] = "\n\n".join([one_line(error), bundle.get("text/plain", repr(self))])
        return bundle


def steps(
    root_or_trace: Any, *, precision: int | None = None, lang: str | None = None, rounding: int | None = None
) -> Stepper:
    """The computation behind a result, step by step: forward, then backward.

    Exact numbers are written exactly, others to four significant digits, or to ``precision`` decimals.

    ``lang`` is the language, such as "en" or "ru" (``SCALARGRAD_LANG`` if not given). With ``rounding=2`` every number
    is rounded to two decimals before the next one is computed from it, as on the lecture's slides, and the exact number
    stands beside it.

    Pure, like :func:`scalargrad.trace`: no ``grad`` is touched, and a stale graph is refused with StaleGraphError.

    >>> from scalargrad import Value, steps
    >>> w, x = Value(2.0, label="w0"), Value(-1.0, label="x0")
    >>> stepper = steps(w * x, precision=2)
    >>> print(stepper.text)
    Forward
      1. w₀ = 2
      2. x₀ = −1
      3. L = w₀·x₀ = 2 × (−1) = −2
    <BLANKLINE>
    Backward
      4. dL/dL = 1 (a change of L changes L by exactly as much, so the backward pass starts from 1)
      5. dL/dw₀ = dL/dL × ∂(w₀·x₀)/∂w₀ = 1 × x₀ = 1 × (−1) = −1
      6. dL/dx₀ = dL/dL × ∂(w₀·x₀)/∂x₀ = 1 × w₀ = 1 × 2 = 2
    <BLANKLINE>
    >>> stepper[-1].title, stepper[-1].local, stepper[-1].result
    ('From L back to x₀', 'w₀', '2')
    >>> steps(Value(0.196612, label="u") * w, rounding=1)[2].text
    'L = u·w₀ = 0.2 × 2 = 0.4 (exactly 0.3932)'
    """
    for name, decimals in (("precision", precision), ("rounding", rounding)):
        if decimals is None:
            continue
        if isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 17:
            raise ValueError(say("{0} is a number of decimals from 0 to 17, not {1!r}", name, decimals))
    return Stepper(trace(root_or_trace), precision, language(lang), rounding)
