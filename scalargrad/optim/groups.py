"""Parameter groups: parameters with settings and a learning rate of their own, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import copy
from functools import partial
from typing import Any, Self

from scalargrad import settings
from scalargrad.optim.slots import Named, Slot, gather
from scalargrad.optim.table import settings_of

Rate = float | Callable[[int], float]
"""A learning rate: a number, or a function of how many steps have been taken (:mod:`.schedules`)."""


class Grouped:
    """The groups of an optimizer, and their learning rates. It is the rule of its first group itself."""

    steps: int
    ready: bool = False
    """Whether all settings are there."""
    _parameters: list[Named]
    _slots: list[Slot]
    _others: tuple[Grouped, ...]
    """The rules of the other groups: optimizers of their own settings, parameters and slots."""
    _lr: Any
    _proportion: tuple[float, float]
    """The rate of this group, and that of the first when it was set; (1, 0) if it follows no other."""
    _defaults: dict[str, Any]
    """The settings of groups that say no others."""

    def check(self) -> None:
        """Raise ValueError if settings do not go together."""

    def _gathered(self, parameters: Any) -> list[Named]:
        try:
            return gather(parameters)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{type(self).__name__}: parameters: {error}") from None

    def _all(self) -> tuple[Self, ...]:
        """The rule of each group, this one first."""
        return (self, *self._others)  # type: ignore[arg-type]

    @property
    def param_groups(self) -> tuple[Group, ...]:
        """The parameter groups, as dicts whose settings may be read and set; see :class:`~.groups.Group`."""
        return tuple([Group(self, i) for i in range(1 + len(self._others))])

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own; those that are not given are the optimizer's first ones.

        Raises ValueError for a parameter that is in another group already.
        """
        where = type(self).__name__
        parameters, own = taken(group, where)
        other = copy(self)
        other._others, other._slots, other._parameters = (), [], self._gathered(parameters)
        known = {x for rule in self._all() for _, x in rule._parameters}
        for name, x in other._parameters:
            if x in known:
                raise ValueError(f"{where}: parameters: {name} is in another parameter group already")
        own = self._defaults | own
        rate = self._rate(own.pop("lr"))
        apply(other, own, new=True)
        self._set_rate(other, rate)
        self._others = (*self._others, other)

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        rate = self._lr
        if isinstance(rate, float):
            return rate
        return self._setting("the learning rate of the schedule", rate(self.steps), least=0)

    @lr.setter
    def lr(self, new: Rate) -> None:
        rate = self._rate(new)
        scaled = [rule._in_proportion(rate) for rule in self._others]
        self._lr = rate
        for rule, other in zip(self._others, scaled):
            rule._lr = other

    def _rate(self, given: Any) -> Any:
        return given if callable(given) else self._setting("lr", given, least=0)

    def _set_rate(self, rule: Grouped, new: Any) -> None:
        """Set the rate of one group, and of no other."""
        rule._lr = rule._rate(new)
        rule._proportion = (1.0, 0.0)
        for other in (rule, *self._others):
            if isinstance(other._lr, float):
                other._proportion = (other._lr, self.lr)
        if rule is not self and callable(self._lr):
            rule._lr = rule._in_proportion(self._lr)

    def _in_proportion(self, first: Any) -> Any:
        """The rate of this group when that of the first group is ``first``."""
        own, base = self._proportion
        if not base:  # a schedule of its own, or nothing to be in proportion to
            return self._lr
        return partial(_scaled, first, own, base) if callable(first) else _scaled(first, own, base)

    def _setting(self, name: str, given: Any, **bounds: float) -> float:
        """A number as a plain float: a NumPy scalar would change the dtype of the parameters."""
        return settings.number(given, f"{type(self).__name__}: {name}", **bounds)


def _scaled(rate: Any, own: float, base: float, t: int | None = None) -> float:
    """``own`` as far up or down as ``rate`` has gone from ``base``; of a schedule at ``t``."""
    now = rate if t is None else float(rate(t))
    return own if now == base else own * (now / base)


class Group(MutableMapping[str, Any]):
    """A parameter group of an optimizer, as a dict: ``"params"``, ``"lr"`` and the settings of the rule.

    What is set holds from the next step on.

    >>> from scalargrad import Value, optim
    >>> w, b = Value(1.0), Value(1.0)
    >>> optimizer = optim.SGD([{"params": [w]}, {"params": [b], "lr": 0.5}], lr=0.1)
    >>> for group in optimizer.param_groups:
    ...     group["lr"] *= 0.1
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.010000000000000002, 0.05]
    """

    def __init__(self, optimizer: Grouped, number: int) -> None:
        self._optimizer, self._rule = optimizer, optimizer._all()[number]
        self._keys = ("params", "lr", *group_settings(type(optimizer)))

    def __getitem__(self, key: str) -> Any:
        if key == "params":
            return [x for _, x in self._rule._parameters]
        if key not in self._keys and key not in aliases(type(self._rule)):
            raise KeyError(key)
        return getattr(self._rule, key)

    def __setitem__(self, key: str, new: Any) -> None:
        if key == "lr":
            self._optimizer._set_rate(self._rule, new)
        else:
            apply(self._rule, {key: new})

    def __delitem__(self, key: str) -> None:
        raise TypeError(f"{type(self._rule).__name__}: a group keeps its {key!r}: set it instead")

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        told = [f"{key!r}: {self[key]!r}" for key in self._keys[1:]]
        return "{" + ", ".join([f"'params': <{len(self._rule._parameters)} parameters>", *told]) + "}"


def group_settings(rule: type) -> list[str]:
    """The settings that may differ between groups."""
    return [name for name, setting in settings_of(rule).items() if not setting.whole]


def aliases(rule: type) -> list[str]:
    """The other names of settings."""
    return [setting.also for setting in settings_of(rule).values() if setting.also]


def split(parameters: Any, where: str) -> list[tuple[Any, dict[str, Any]]]:
    """The parameters of each group with its own settings; one group without any where there are no dicts.

    Raises TypeError for a dict among parameters without ``"params"``.
    """
    if not isinstance(parameters, (list, tuple)) or not any(isinstance(x, Mapping) for x in parameters):
        return [(parameters, {})]
    return [taken(group, where) for group in parameters]


def taken(group: Any, where: str) -> tuple[Any, dict[str, Any]]:
    """The parameters and the settings of one group."""
    if not isinstance(group, Mapping) or "params" not in group:
        raise TypeError(
            f"{where}: parameters: a group is a dict with its parameters in 'params', such as "
            f"{{'params': layer.parameters(), 'lr': 0.1}}, and groups do not stand among parameters"
        )
    return group["params"], {key: x for key, x in group.items() if key != "params"}


def apply(rule: Grouped, own: Mapping[str, Any], *, new: bool = False) -> None:
    """Give the settings of a group to its rule: all, or none if one is not known or wrong, or fixed and not new."""
    known = group_settings(type(rule))
    before = dict(vars(rule))
    try:
        rule.ready = not new
        for name, x in own.items():
            if name not in known and name not in aliases(type(rule)):
                raise TypeError(
                    f"{type(rule).__name__}: a parameter group has no {name!r}, but {', '.join(['lr', *known])}"
                )
            setattr(rule, name, x)
        rule.ready = True
        rule.check()
    except BaseException:
        vars(rule).update(before)
        raise
