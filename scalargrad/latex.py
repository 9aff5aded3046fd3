"""LaTeX that compiles and does nothing but write: formulas looked at before they are believed, and documents."""

from __future__ import annotations

import re
import unicodedata

from scalargrad.ops.registry import OPS
from scalargrad.symbolic import latex_name, latex_text

__all__ = ["compilable", "document", "is_mathematics", "words"]

_NAMES = """
alpha arctan bar begin beta cdot cdots chi cos cosh Delta delta dots end ensuremath epsilon eta frac gamma Gamma ge
infty iota kappa lambda Lambda lceil le left lfloor ln log mathrm max min mu ne nu Omega omega operatorname partial
phi Phi
Pi pi prod psi Psi rceil rfloor rho right sigma Sigma sin sinh sqrt sum surd tan tanh tau text textasciicircum
textasciitilde textbackslash theta Theta times to top uparrow upsilon xi Xi zeta _ # $ % & { } ,
"""
COMMANDS = frozenset([*_NAMES.split(), "\\"])
"""What a formula is written with in LaTeX, besides what the registered ops use."""


def is_mathematics(latex: str) -> bool:
    r"""Whether LaTeX from a file does no more than write a formula.

    >>> is_mathematics(r"\frac{1}{x_{0}}"), is_mathematics(r"\input{secret}"), is_mathematics("^^5cinput x")
    (True, False, False)
    """
    used = re.findall(r"\\([A-Za-z]+|.|$)", latex, re.DOTALL)
    if not all(word in COMMANDS for word in used):
        known = {word for row in OPS.values() for word in re.findall(r"\\([A-Za-z]+|.)", row.latex)}
        if not all(word in COMMANDS or word in known for word in used):
            return False
    if set(re.findall(r"\\(?:begin|end)(?![A-Za-z])\s*(\{.*?\}|.?)", latex, re.DOTALL)) - {"{cases}"}:
        return False
    plain = re.sub(r"\\([A-Za-z]+|.)", " ", latex)
    if re.search(r"[$#%]|\^\^", plain):
        return False
    if ("&" in plain or "\\" in used) and "{cases}" not in latex:  # only there they begin a column or a line
        return False
    if re.search(r"(?<!\\)(\\\\)+[A-Za-z]", latex):  # a new line, then what looks like a command
        return False
    depth = 0
    for c in plain:
        depth += (c == "{") - (c == "}")
        if depth < 0:
            return False
    return depth == 0 and used.count("left") == used.count("right") and used.count("begin") == used.count("end")


def words(text: str) -> str:
    r"""Any text as LaTeX's text: nothing in it is a command.

    >>> print(words("w₀ & x²"))
    w\ensuremath{_{0}} \& x\ensuremath{^{2}}
    """
    return compilable(latex_text(text))


_ASCII = {"′": "'", "−": "-"}
_COMMANDS = {
    "∂": r"\partial", "×": r"\times", "·": r"\cdot", "≥": r"\ge", "≤": r"\le", "≠": r"\ne", "∞": r"\infty",
    "√": r"\surd", "→": r"\to", "↑": r"\uparrow",
}  # fmt: skip
_GREEK = re.compile(r"[Α-Ωα-ω]")


def compilable(latex: str) -> str:
    """LaTeX on one line, without the mathematical characters that pdflatex does not know."""
    line = "".join(map(_known, " ".join(latex.split())))
    return _GREEK.sub(lambda found: rf"\ensuremath{{{latex_name(found[0])}}}", line)


def _known(c: str) -> str:
    if c in _COMMANDS:
        return rf"\ensuremath{{{_COMMANDS[c]}}}"
    if not c.isprintable():
        return "?"
    if c.isascii() or c in _ASCII:
        return _ASCII.get(c, c)
    form, plain = unicodedata.decomposition(c).partition(">")[0], unicodedata.normalize("NFKC", c).replace("−", "-")
    if form in ("<sub", "<super") and plain.isascii():
        return rf"\ensuremath{{{'_' if form == '<sub' else '^'}{{{plain}}}}}"
    return c


def document(body: str, packages: tuple[str, ...] = (), paper: str = "margin=2cm") -> str:
    """A whole document around the body, with the fonts its letters need."""
    lines = [r"\documentclass[a4paper]{article}", rf"\usepackage[{paper}]{{geometry}}", r"\usepackage{amsmath}"]
    lines += [rf"\usepackage{{{name}}}" for name in packages]
    letters = {c for c in body if ord(c) > 0x17F and c not in "–—‘’“”„…"}
    if all("Ѐ" <= c <= "ӿ" for c in letters):
        lines.insert(1, rf"\usepackage[{'T2A' if letters else 'T1'}]{{fontenc}}")
    else:
        lines.insert(
            0, "% compile with lualatex or xelatex, and a font that has the letters: " + "".join(sorted(letters))
        )
    return "\n".join([*lines, r"\begin{document}", body + r"\end{document}"]) + "\n"
