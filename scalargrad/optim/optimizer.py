"""The base of all optimizers: from gradients to new numbers, whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.optim import states
from scalargrad.optim.groups import Grouped, apply, group_settings, split
from scalargrad.optim.slots import Named, Slot, TensorSlot, collected, distribute, slots_of
from scalargrad.optim.table import choice, constructor, flag, number, settings_of
from scalargrad.settings import Array

Change = tuple[Slot, Any, tuple[Any, ...]]
"""A slot, the numbers in it, and what the rule makes of them."""

_dot = np.vdot
_quiet = np.errstate(all="ignore")


class Optimizer(Grouped):
    """The base of the optimizers: a subclass says how one array of parameters and its gradient become new numbers.

    ``parameters`` is a module, or Values, Tensors, arrays of Values, ``(name, any of these)`` pairs, or a list of such;
    or a list of *parameter groups*, dicts with such ``"params"`` and settings of their own, as PyTorch has them::

        optim.SGD([{"params": body, "lr": 0.01}, {"params": head}], lr=0.1, momentum=0.9)

    A step takes the gradients g as they lie in the parameters and does, in this order:

    - ``clip_value=c``: each element of g is brought into [−c, c]. ``clip_norm=c``: if the norm of all gradients
      together, n = √Σg², is larger than c, they are multiplied by c/(n + 10⁻⁶). Both as in PyTorch; ``grad`` itself
      stays as it is.
    - ``maximize``: g ← −g, to go up instead of down.
    - ``weight_decay=λ``: g ← g + λx, the gradient of ½λ‖x‖²; where it is *decoupled* (AdamW, Lion), x ← (1 − lr·λ)x.
    - the rule of the optimizer.

    A parameter no backward pass has reached (``grad`` is None) is skipped; for a Value, whose ``grad`` begins as 0,
    that is a gradient of 0. A step does not clear the gradients: call :meth:`zero_grad` before the next backward pass.

    ``lr`` is a number, or a function of the number of steps taken; it may be set at any time. Where there are groups,
    ``optimizer.lr`` is that of the first, and setting it, or a schedule, changes the rates of the others in proportion.
    """

    variants: tuple[str, ...] = ("lecture", "torch")
    """The variants there are. Where a rule has only one form, both names mean it."""
    state_names: tuple[str, ...] = ()
    """The names of the arrays a rule carries from step to step."""
    usual_rate: float | None = None
    """The learning rate where none is given; None if one must be."""
    decoupled_weight_decay: bool = False
    """Whether weight decay shrinks the numbers themselves, and leaves their gradients."""

    variant = choice("torch", "variants")
    weight_decay = number(0.0, named=True, least=0)
    maximize = flag(False, named=True)
    clip_norm = number(None, whole=True, above=0)
    clip_value = number(None, whole=True, above=0)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__signature__ = constructor(cls)  # type: ignore[attr-defined]

    def __init__(self, parameters: Any, *rate_and_settings: Any, **settings: Any) -> None:
        where = type(self).__name__
        for name, setting in settings_of(type(self)).items():
            if setting.also in settings and name not in settings:
                settings[name] = settings.pop(setting.also)
        try:
            bound = constructor(type(self)).bind(parameters, *rate_and_settings, **settings)
        except TypeError as error:
            raise TypeError(f"{where}: {error}") from None
        bound.apply_defaults()
        given = bound.arguments
        parameters, rate = given.pop("parameters"), given.pop("lr")
        for name in sorted(given, key=lambda name: name != "variant"):  # on which defaults depend
            setattr(self, name, given[name])
        self.check()
        self.ready = True
        self._lr: Any = self._rate(rate)
        self.steps = 0
        """How many steps have been taken."""
        self._others: tuple[Optimizer, ...] = ()
        self._proportion = (1.0, 0.0)
        self._slots: list[Slot] = []  # looked for at the first step: the model may be compiled in between
        (first, own), *others = split(parameters, where)
        self._parameters: list[Named] = self._gathered(first)
        self._defaults = {name: getattr(self, name) for name in group_settings(type(self))} | {"lr": self._lr}
        self._lr = self._rate(own.pop("lr", self._lr))
        apply(self, own, new=True)
        for params, own in others:
            self.add_param_group({"params": params} | own)

    # --- the rule ----------------------------------------------------------------------------------------------------

    def start(self, x: Array) -> tuple[Any, ...]:
        """The state before the first step: zeros."""
        return tuple([np.zeros_like(x) for _ in self.state_names])

    def update(self, x: Array, g: Array, lr: float, t: int, *state: Any) -> tuple[Any, ...]:
        """The new x and the new state, in new arrays, at the step number ``t`` (from 1) of this x."""
        raise NotImplementedError

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
        found = [(slot, g) for rule in self._all() for slot in rule._current() if (g := slot.gradient()) is not None]
        gradients = dict(self._clipped(found, self._square(found)))
        return [change for rule in self._all() for change in rule._of_group(gradients)]

    def _of_group(self, gradients: dict[Slot, Any]) -> list[Change]:
        lr, rule, carried = self.lr, getattr(self, self.variant, self.update), len(self.state_names)
        changes = []
        for slot in self._slots:
            if slot not in gradients:
                continue
            g, before = gradients[slot], slot.read()
            x, state = before, slot.state
            if len(state) < carried:  # at the first step, or where a setting was changed
                state += self.start(x)[len(state) :]
            if self.maximize:
                g = -g
            if self.weight_decay:
                x, g = self.decay(x, g, lr)
            changes.append((slot, before, rule(x, g, lr, slot.steps + 1, *state)))
        return changes

    def decay(self, x: Array, g: Array, lr: float) -> tuple[Array, Array]:
        """The numbers and their gradient after weight decay, before the rule: x and g + λx, or (1 − lr·λ)x and g."""
        if self.decoupled_weight_decay:
            return x * (1 - lr * self.weight_decay), g
        return x, g + self.weight_decay * x

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters; those of Tensors are None then, or 0 if ``set_to_none`` is False."""
        for rule in self._all():
            for slot in rule._current():
                slot.clear(set_to_none)

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
            for rule in self._all():
                rule.steps = steps + 1
        except BaseException:  # Ctrl-C, too
            put_back([(slot, x) for slot, x, _ in changes])
            for (slot, _, _), (earlier, count) in zip(changes, states):
                slot.state, slot.steps = earlier, count
            for rule in self._all():
                rule.steps = steps
            raise

    # --- saving ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Array]:
        """What is needed to continue with the same steps, as plain arrays by name: for ``numpy.savez``, say.

        The settings are not in it, but for the learning rates if they are numbers: make the optimizer as before, then
        :meth:`load_state_dict`.
        """
        return states.saved(self)

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Continue from a result of :meth:`state_dict`.

        Raises ValueError, changing nothing, if it is of another rule, or of parameters of other names or shapes.
        """
        states.load(self, saved)

    def _title(self) -> str:
        return f"{type(self).__name__} {self.variant}"

    def __repr__(self) -> str:
        rate = self._lr if isinstance(self._lr, float) else repr(self._lr)
        count = sum(len(rule._parameters) for rule in self._all())
        groups = f" in {1 + len(self._others)} groups" if self._others else ""
        return f"<{type(self).__name__} lr={rate}, {count} parameters{groups}, {self.steps} steps taken>"


def put_back(numbers: list[tuple[Slot, Any]]) -> None:
    """Write the numbers that the slots had before."""
    for slot, x in numbers:
        slot.write(x.copy())


def norm_of(gradients: list[Any]) -> float:
    """√Σg² of all elements, also where the squares would overflow or underflow."""
    largest = max([float(np.abs(g).max()) for g in gradients if g.size], default=0.0)
    if not largest:
        return 0.0
    return largest * math.sqrt(math.fsum(float(np.vdot(s, s)) for s in (np.divide(g, largest) for g in gradients)))


def least(eps: float, x: Any) -> float:
    """ε, but not so small that it is 0 in the type of x: a gradient of 0 would give 0/0 instead of no step."""
    return eps if eps > 1e-37 else max(eps, float(np.finfo(x.dtype).smallest_subnormal))
