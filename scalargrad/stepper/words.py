"""The words of the steps, one table per language; everything else in a step is mathematics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What a language must supply; ``{0}`` and ``{1}`` are names of nodes."""

    forward: str
    backward: str
    leaf: str
    """The title of a step: a number is given."""
    compute: str
    """An operation ``{1}`` computes ``{0}``."""
    seed: str
    """The backward pass starts at ``{0}``."""
    edge: str
    """A gradient goes from ``{0}`` back to ``{1}``."""
    sum: str
    """The gradients that reached ``{0}`` are added up."""
    via: str
    """What names one of several contributions to ``{0}``: the one that came through ``{1}``."""
    operand: str
    """``{0}`` as the operand number ``{1}``, where a node is used twice by the same operation."""
    why_one: str
    """Why the gradient of ``{0}`` by itself is 1."""
    why_sum: str
    """Why the contributions to ``{0}``, ``{1}`` of them, are added up."""


WORDS = {
    "en": Words(
        forward="Forward",
        backward="Backward",
        leaf="Input {0}",
        compute="Compute {0} ({1})",
        seed="Start at {0}",
        edge="From {0} back to {1}",
        sum="Add up what came back to {0}",
        via="{0} via {1}",
        operand="{0}, operand {1}",
        why_one="a change of {0} changes {0} by exactly as much, so the backward pass starts from 1",
        why_sum="{0} is used {1} times, and each use adds its share",
    ),
}
