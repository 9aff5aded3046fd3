"""The worked examples of the lectures: what they say, what is exact, and why the two differ.

Every system has a graph to draw and to step through (two are tables), and a list of claims. What a lecture says stands
as it is printed; every exact number is computed when it is asked for.

>>> from scalargrad import lectures
>>> lectures.names()[:3]
('chain-rule', 'sigmoid-neuron', 'sigmoid-gate')
>>> neuron = lectures.system("sigmoid-neuron")
>>> neuron.title.told("en"), neuron.lecture
('The sigmoid neuron, gate by gate', '004')
>>> claim = next(claim for claim in neuron.claims if claim.what == "∂L/∂x₀")
>>> print(claim.what, claim.says, round(float(claim.exact), 6), claim.verdict.told("en"), sep=" | ")
∂L/∂x₀ | 0.2*2 = 0.4 | 0.393224 | rounded on the way
>>> round(neuron.graph().data, 6)
0.731059
"""

from __future__ import annotations

from difflib import get_close_matches

from scalargrad.language import Text as Text
from scalargrad.language import say
from scalargrad.lectures.claims import Claim as Claim
from scalargrad.lectures.claims import Verdict as Verdict
from scalargrad.lectures.gallery import SYSTEMS as SYSTEMS
from scalargrad.lectures.system import System as System

__all__ = ["SYSTEMS", "Claim", "System", "Text", "Verdict", "names", "system"]


def names() -> tuple[str, ...]:
    """The names of all systems, in the order of the course."""
    return tuple(SYSTEMS)


def system(name: str) -> System:
    """The system of this name.

    Raises ValueError for a name there is not, telling the nearest one.

    >>> system("softmax")
    <System softmax of lecture 002>
    """
    if not isinstance(name, str) or name not in SYSTEMS:
        near = get_close_matches(str(name).lower().replace("_", "-").replace(" ", "-"), SYSTEMS, n=1)
        hint = say("did you mean {0!r}? ", near[0]) if near else ""
        raise ValueError(
            say(
                "there is no system {0!r} in the lectures: {1}all of them are listed by lectures.names() and by the "
                "command scalargrad lecture",
                name,
                hint,
            )
        )
    return SYSTEMS[name]
