"""The base of all optimizers: from gradients to new numbers, whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.optim.slots import Named, Slot, TensorSlot, collected, distribute, gather, of_values, slots_of
from scalargrad.settings import Array, number, one_of, short

Rate = float | Callable[[int], float]
"""A learning rate: a number, or a function of how many steps have been taken (:mod:`.schedules`)."""

Change = tuple[Slot, Any, tuple[Any, ...]]
"""A slot, the numbers in it, and what the rule makes of them."""

_dot = np.vdot
_quiet = np.errstate(all="ignore")


class Optimizer:
    """The base of the optimizers: a subclass says how one array of parameters and its gradient become new numbers.

    ``parameters`` is a module, or Values, Tensors, arrays of Values, ``(name, any of these)`` pairs, or a list of such.
    A step takes the gradients g as they lie in the parameters and does, in this order:

    - ``clip_value=c``: each element of g is brought into [−c, c]. ``clip_norm=c``: if the norm of all gradients
      together, n = √Σg², is larger than c, they are multiplied by c/(n + 10⁻⁶). Both as in PyTorch; ``grad`` itself
      stays as it is.
    - ``weight_decay=λ``: g ← g + λx, the gradient of ½λ‖x‖² (AdamW decays otherwise).
    - the rule of the optimizer.

    A parameter no backward pass has reached (``grad`` is None) is skipped; for a Value, whose ``grad`` begins as 0,
    that is a gradient of 0. A step does not clear the gradients: call :meth:`zero_grad` before the next backward pass.

    ``lr`` is a number, or a function of the number of steps taken; it may be set at any time.
    """

    variants: tuple[str, ...] = ("lecture", "torch")
    """The variants there are. Where a rule has only one form, both names mean it."""
    state_names: tuple[str, ...] = ()
    """The names of the arrays a rule carries from step to step."""

    def __init__(
        self,
        parameters: Any,
        lr: Rate,
        *,
        variant: str = "torch",
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        if not one_of(variant, self.variants):
            known = " or ".join(map(repr, self.variants))
            raise ValueError(f"{type(self).__name__}: variant is {known}, not {short(variant)}")
        self.variant = variant
        self.weight_decay = self._setting("weight_decay", weight_decay, least=0)
        self.clip_norm = None if clip_norm is None else self._setting("clip_norm", clip_norm, above=0)
        self.clip_value = None if clip_value is None else self._setting("clip_value", clip_value, above=0)
        self.lr = lr
        self.steps = 0
        """How many steps have been taken."""
        try:
            self._parameters: list[Named] = gather(parameters)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{type(self).__name__}: parameters: {error}") from None
        self._slots: list[Slot] = []  # looked for at the first step: the model may be compiled in between

    def _setting(self, name: str, given: Any, **bounds: float) -> float:
        """A setting as a plain float: a NumPy scalar would change the dtype of the parameters."""
        return number(given, f"{type(self).__name__}: {name}", **bounds)

    # --- the rule ----------------------------------------------------------------------------------------------------

    def start(self, x: Array) -> tuple[Any, ...]:
        """The state before the first step: zeros."""
        return tuple([np.zeros_like(x) for _ in self.state_names])

    def update(self, x: Array, g: Array, lr: float, t: int, *state: Any) -> tuple[Any, ...]:
        """The new x and the new state, in new arrays, at the step number ``t`` (from 1) of this x."""
        raise NotImplementedError

    # --- the learning rate -------------------------------------------------------------------------------------------

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        rate = self._lr
        if isinstance(rate, float):
            return rate
        return self._setting("the learning rate of the schedule", rate(self.steps), least=0)

    @lr.setter
    def lr(self, new: Rate) -> None:
        self._lr: Any = new if callable(new) else self._setting("lr", new, least=0)

    # --- stepping ----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients, all of them or none.

        ``closure``, if given, is called first: it clears the gradients, computes the loss and goes backward; what it
        returns is returned.

        Raises FloatingPointError if a gradient is not finite, naming the parameter.
        """
        result = None if closure is None else closure()
        self._commit(self._changes())
        return result

    @_quiet
    def _changes(self) -> list[Change]:
        """The new numbers and states, computed before anything is written."""
        found = [(slot, g) for slot in self._current() if (g := slot.gradient()) is not None]
        found = self._clipped(found, self._square(found))
        lr, rule = self.lr, getattr(self, self.variant, self.update)
        changes = []
        for slot, g in found:
            before = x = slot.read()
            state = slot.state or self.start(x)
            if self.weight_decay:
                x, g = self.decay(x, g, lr)
            changes.append((slot, before, rule(x, g, lr, slot.steps + 1, *state)))
        return changes

    def decay(self, x: Array, g: Array, lr: float) -> tuple[Array, Array]:
        """The numbers and their gradient after weight decay, before the rule: g + λx."""
        return x, g + self.weight_decay * x

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters."""
        for slot in self._current():
            slot.clear()

    def _current(self) -> list[Slot]:
        """Where the parameters are now: compiling a model moves its Values, and their state moves along."""
        slots = self._slots
        if not slots:
            self._slots = slots_of(self._parameters)
        elif not all(slot.current() for slot in slots):
            tensors = [slot for slot in slots if isinstance(slot, TensorSlot)]
            moved = slots_of([(name, x) for name, x in self._parameters if isinstance(x, Value)])
            distribute(moved, self._parameters, *collected(slots, self._parameters))
            self._slots = tensors + moved
        return self._slots

    def _square(self, found: list[tuple[Slot, Any]]) -> float:
        """Σg², having made sure that each g is finite."""
        total = 0.0
        for _, g in found:
            total += float(_dot(g, g))
        if not math.isfinite(total):  # a sum that overflows is no reason to stop
            for slot, g in found:
                wrong = np.flatnonzero(~np.isfinite(g))
                if wrong.size:
                    i = int(wrong[0])
                    raise FloatingPointError(
                        f"the gradient of {slot.element(i)} is {np.ravel(g)[i]} at step {self.steps + 1}, so nothing "
                        "was changed: try a smaller learning rate, or find its origin with scalargrad.detect_anomaly()"
                    )
        return total

    def _clipped(self, found: list[tuple[Slot, Any]], square: float) -> list[tuple[Slot, Any]]:
        if self.clip_value is not None:
            c = self.clip_value
            found = [(slot, np.clip(g, -c, c)) for slot, g in found]
        if self.clip_norm is not None:
            norm = math.sqrt(square) if self.clip_value is None else norm_of([g for _, g in found])
            norm = norm if math.isfinite(norm) else norm_of([g for _, g in found])
            if norm > self.clip_norm:
                found = [(slot, g * (self.clip_norm / (norm + 1e-6))) for slot, g in found]
        return found

    def _commit(self, changes: list[Change]) -> None:
        """Write what was computed; if interrupted, put back what was there."""
        steps = self.steps
        states = [(slot.state, slot.steps) for slot, _, _ in changes]
        try:
            for slot, _, (x, *state) in changes:
                slot.write(x)
                slot.state = tuple(state)
                slot.steps += 1
            self.steps = steps + 1
        except BaseException:  # Ctrl-C, too
            put_back([(slot, x) for slot, x, _ in changes])
            for (slot, _, _), (earlier, count) in zip(changes, states):
                slot.state, slot.steps = earlier, count
            self.steps = steps
            raise

    # --- saving ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Array]:
        """What is needed to continue with the same steps, as plain arrays by name: for ``numpy.savez``, say.

        The settings are not in it, but for the learning rate if it is a number: make the optimizer as before, then
        :meth:`load_state_dict`.
        """
        saved = {"rule": np.array(self._title()), "steps": np.array(self.steps)}
        if isinstance(self._lr, float):
            saved["lr"] = np.array(self._lr)
        for name, _, (count, state) in self._states():
            if count:
                saved[f"{name}.steps"] = np.array(count)
                saved |= {f"{name}.{what}": np.array(array) for what, array in zip(self.state_names, state)}
        return saved

    def _states(self) -> list[tuple[str, Any, tuple[int, tuple[Any, ...]]]]:
        """The name, the shape, and the steps and state of each Tensor and, together, of all Values."""
        slots = self._current()
        values = of_values(slots)
        states: list[Any] = [(s.name, s.read().shape, (s.steps, s.state)) for s in slots if isinstance(s, TensorSlot)]
        if values:
            size = sum(len(slot.members) for slot in values)
            states.append(("values", (size,), collected(slots, self._parameters)))
        return states

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Continue from a result of :meth:`state_dict`.

        Raises ValueError, changing nothing, if it is of another rule, or of parameters of other names or shapes.
        """
        if not isinstance(saved, Mapping):
            raise TypeError(f"{type(self).__name__}: a state is what state_dict() gave, not {type(saved).__name__}")
        left = {name: np.asarray(array) for name, array in saved.items()}
        rule = str(left.pop("rule", ""))
        if rule != self._title():
            raise ValueError(f"the state is of {rule or 'no optimizer'}, not of {self._title()}: make such a one first")
        steps = _taken(left, "steps")
        lr = self._setting("the lr of the state", left.pop("lr"), least=0) if "lr" in left else None
        loaded: dict[str, tuple[int, tuple[Array, ...]]] = {}
        for owner, shape, _ in self._states():
            count = _taken(left, f"{owner}.steps")
            names = [f"{owner}.{name}" for name in self.state_names] if count else []
            for name in names:
                if name not in left:
                    raise ValueError(f"the state has no {name}: it is not complete")
                if left[name].shape != shape:
                    raise ValueError(f"the state {name} has the shape {left[name].shape}, the parameter {shape}")
                if left[name].dtype.kind not in "fiub":
                    raise ValueError(f"the state {name} must be numbers, not an array of {left[name].dtype}")
            loaded[owner] = count, tuple([left.pop(name) for name in names])
        if left:
            raise ValueError(f"the state is of other parameters: this optimizer has none called {min(left)!r}")
        slots = self._current()
        before = self._lr, self.steps, [(slot.steps, slot.state) for slot in slots]
        try:
            if lr is not None and isinstance(self._lr, float):
                self._lr = lr
            self.steps = steps
            distribute(slots, self._parameters, *loaded.get("values", (0, ())))
            for slot in slots:
                if isinstance(slot, TensorSlot):
                    slot.steps, state = loaded[slot.name]
                    slot.state = tuple([np.array(array, dtype=slot.read().dtype) for array in state])
        except BaseException:  # Ctrl-C, too
            self._lr, self.steps, states_before = before
            for slot, (count, state) in zip(slots, states_before):
                slot.steps, slot.state = count, state
            raise

    def _title(self) -> str:
        return f"{type(self).__name__} {self.variant}"

    def __repr__(self) -> str:
        rate = self._lr if isinstance(self._lr, float) else repr(self._lr)
        return f"<{type(self).__name__} lr={rate}, {len(self._parameters)} parameters, {self.steps} steps taken>"


def put_back(numbers: list[tuple[Slot, Any]]) -> None:
    """Write the numbers that the slots had before."""
    for slot, x in numbers:
        slot.write(x.copy())


def _taken(state: dict[str, Array], name: str) -> int:
    """A number of steps, taken out of a state."""
    given = state.pop(name, np.array(0))
    if given.ndim or given.dtype.kind not in "iu" or given < 0:
        raise ValueError(f"the state's {name} must be a whole number from 0 on, not {given}")
    return int(given)


def norm_of(gradients: list[Any]) -> float:
    """√Σg² of all elements, also where the squares would overflow or underflow."""
    largest = max([float(np.abs(g).max()) for g in gradients if g.size], default=0.0)
    if not largest:
        return 0.0
    return largest * math.sqrt(math.fsum(float(np.vdot(s, s)) for s in (np.divide(g, largest) for g in gradients)))
