"""The state of an optimizer as plain arrays by name, saved and loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.optim.slots import TensorSlot, collected, distribute, of_values
from scalargrad.settings import Array

if TYPE_CHECKING:
    from scalargrad.optim.optimizer import Optimizer

State = tuple[int, tuple[Array, ...]]
"""The steps a parameter has taken part in, and what the rule keeps of it."""


def saved(optimizer: Optimizer) -> dict[str, Array]:
    """The result of :meth:`Optimizer.state_dict`."""
    found = {"rule": np.array(optimizer._title()), "steps": np.array(optimizer.steps)}
    for prefix, rule in _groups(optimizer):
        if isinstance(rule._lr, float):
            found[f"{prefix}lr"] = np.array(rule._lr)
        for name, _, (count, state) in _states(rule):
            if count:
                found[f"{prefix}{name}.steps"] = np.array(count)
                found |= {f"{prefix}{name}.{what}": np.array(array) for what, array in zip(rule.state_names, state)}
    return found


def _groups(optimizer: Optimizer) -> Iterator[tuple[str, Optimizer]]:
    """The rule of each group, with what the names of its state begin with: nothing for the first."""
    for i, rule in enumerate(optimizer._all()):
        yield f"groups.{i}." if i else "", rule


def _states(rule: Optimizer) -> list[tuple[str, Any, State]]:
    """The name, the shape, and the steps and state of each Tensor and, together, of all Values of a group."""
    slots = rule._current()
    values = of_values(slots)
    states: list[Any] = [(s.name, s.read().shape, (s.steps, s.state)) for s in slots if isinstance(s, TensorSlot)]
    if values:
        size = sum(len(slot.members) for slot in values)
        states.append(("values", (size,), collected(slots, rule._parameters)))
    return states


def load(optimizer: Optimizer, given: Mapping[str, Any]) -> None:
    """What :meth:`Optimizer.load_state_dict` does."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{type(optimizer).__name__}: a state is what state_dict() gave, not {type(given).__name__}")
    left = {name: np.asarray(array) for name, array in given.items()}
    title = str(left.pop("rule", ""))
    if title != optimizer._title():
        raise ValueError(
            f"the state is of {title or 'no optimizer'}, not of {optimizer._title()}: make such a one first"
        )
    steps = _taken(left, "steps")
    read = [(rule, *_read(rule, left, prefix)) for prefix, rule in _groups(optimizer)]
    if left:
        raise ValueError(f"the state is of other parameters: this optimizer has none called {min(left)!r}")
    before = [
        (rule, rule._lr, rule.steps, [(slot, slot.steps, slot.state) for slot in rule._current()]) for rule, *_ in read
    ]
    try:
        for rule, rate, loaded in read:
            if rate is not None and isinstance(rule._lr, float):
                rule._lr = rate
            rule.steps = steps
            _put(rule, loaded)
    except BaseException:  # Ctrl-C, too
        for rule, rate, count, kept in before:
            rule._lr, rule.steps = rate, count
            for slot, taken_part, state in kept:
                slot.steps, slot.state = taken_part, state
        raise


def _read(rule: Optimizer, left: dict[str, Array], prefix: str) -> tuple[float | None, dict[str, State]]:
    """The learning rate and the states of a group, checked and taken out of what is left."""
    rate = left.pop(f"{prefix}lr", None)
    lr = None if rate is None else rule._setting("the lr of the state", rate, least=0)
    loaded: dict[str, State] = {}
    for owner, shape, _ in _states(rule):
        count = _taken(left, f"{prefix}{owner}.steps")
        names = [f"{prefix}{owner}.{name}" for name in rule.state_names] if count else []
        for name in names:
            if name not in left:
                raise ValueError(f"the state has no {name}: it is not complete")
            if left[name].shape != shape:
                raise ValueError(f"the state {name} has the shape {left[name].shape}, the parameter {shape}")
            if left[name].dtype.kind not in "fiub":
                raise ValueError(f"the state {name} must be numbers, not an array of {left[name].dtype}")
        loaded[owner] = count, tuple([left.pop(name) for name in names])
    return lr, loaded


def _put(rule: Optimizer, loaded: dict[str, State]) -> None:
    slots = rule._current()
    distribute(slots, rule._parameters, *loaded.get("values", (0, ())))
    for slot in slots:
        if isinstance(slot, TensorSlot):
            slot.steps, state = loaded[slot.name]
            slot.state = tuple([np.array(array, dtype=slot.read().dtype) for array in state])


def _taken(state: dict[str, Array], name: str) -> int:
    """A number of steps, taken out of a state."""
    given = state.pop(name, np.array(0))
    if given.ndim or given.dtype.kind not in "iu" or given < 0:
        raise ValueError(f"the state's {name} must be a whole number from 0 on, not {given}")
    return int(given)
