"""The settings of the rules as a table: each is one line in its class, checked whenever it is set.

``momentum = number(0.9, least=0, below=1)`` in the class of a rule is an argument of its constructor, an attribute of
the optimizer, and a key of its parameter groups.
"""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import Any

from scalargrad import settings
from scalargrad.settings import pair_of_numbers, short

__all__ = ["choice", "constructor", "flag", "number", "pair", "settings_of"]


class Setting:
    """One setting of a rule: what it is where nothing is given, and how what is given is checked.

    ``default`` may differ by variant: ``{"lecture": …, "torch": …}``. ``also`` is another name of it. A ``fixed`` one
    cannot be changed later, a ``whole`` one is of the optimizer and not of a group, a ``named`` one not by position.
    """

    name: str

    def __init__(
        self, default: Any, *, also: str | None = None, fixed: bool = False, whole: bool = False, named: bool = False
    ) -> None:
        self.default, self.also, self.fixed, self.whole, self.named = default, also, fixed, whole, named or whole

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        if self.also:
            setattr(owner, self.also, property(lambda rule: vars(rule)[name], lambda rule, x: setattr(rule, name, x)))

    def __set__(self, rule: Any, given: Any) -> None:  # reading one is reading the instance's own dictionary
        before, what = vars(rule).get(self.name), f"{type(rule).__name__}: {self.name}"
        if given is None and isinstance(self.default, dict):
            given = self.default[rule.variant]
        new = None if given is None and self.default is None else self.checked(given, what)
        if self.fixed and rule.ready and new != before:
            raise ValueError(f"{what} decides what is carried from step to step: make a new optimizer to change it")
        vars(rule)[self.name] = new
        if rule.ready:
            try:
                rule.check()
            except ValueError:
                vars(rule)[self.name] = before
                raise

    def checked(self, given: Any, what: str) -> Any:
        raise NotImplementedError


class Number(Setting):
    """A finite number within bounds."""

    def __init__(self, default: Any, bounds: dict[str, float], **how: Any) -> None:
        super().__init__(default, **how)
        self.bounds = bounds

    def checked(self, given: Any, what: str) -> Any:
        return settings.number(given, what, **self.bounds)


class Flag(Setting):
    """True or False."""

    def checked(self, given: Any, what: str) -> Any:
        return settings.flag(given, what)


class Pair(Setting):
    """Two numbers, each with a name and bounds of its own."""

    def __init__(self, default: tuple[float, float], parts: dict[str, dict[str, float]], **how: Any) -> None:
        super().__init__(default, **how)
        self.parts = parts

    def checked(self, given: Any, what: str) -> Any:
        pair = pair_of_numbers(given, what, str(self.default))
        where, _, name = what.rpartition(": ")
        return tuple(
            [
                settings.number(x, f"{where}: {part} of {name}", **bounds)
                for x, (part, bounds) in zip(pair, self.parts.items())
            ]
        )


class Choice(Setting):
    """One of the words that an attribute of the class lists."""

    def __init__(self, default: str, words: str, **how: Any) -> None:
        super().__init__(default, **how)
        self.words = words

    def __set__(self, rule: Any, given: Any) -> None:
        self.allowed = getattr(rule, self.words)
        super().__set__(rule, given)

    def checked(self, given: Any, what: str) -> Any:
        if not settings.one_of(given, self.allowed):
            raise ValueError(f"{what} is {' or '.join(map(repr, self.allowed))}, not {short(given)}")
        return given


def number(default: Any, *, also: str | None = None, whole: bool = False, named: bool = False, **bounds: float) -> Any:
    """A setting that is a number; None may be its default."""
    return Number(default, bounds, also=also, whole=whole, named=named)


def flag(default: bool, *, fixed: bool = False, named: bool = False) -> Any:
    """A setting that is True or False."""
    return Flag(default, fixed=fixed, named=named)


def pair(default: tuple[float, float], **parts: Any) -> Any:
    """A setting that is a pair of numbers: ``pair((0.9, 0.999), β1={"least": 0}, β2={…})``."""
    return Pair(default, parts)


def choice(default: str, words: str) -> Any:
    """A setting that is one of the words in the attribute ``words``."""
    return Choice(default, words, fixed=True, whole=True)


def settings_of(rule: type) -> dict[str, Setting]:
    """The settings of a class by name: first those of rules in the order of their lines, then those all rules have."""
    *kinds, base = [kind for kind in rule.__mro__ if any(isinstance(x, Setting) for x in vars(kind).values())]
    found: dict[str, Any] = {}
    for kind in (*reversed(kinds), base):
        found |= {name: x for name, x in vars(kind).items() if kind is not base or name not in found}
    return {name: x for name, x in found.items() if isinstance(x, Setting)}


def constructor(rule: type) -> Signature:
    """The arguments of a class: parameters and learning rate, then its settings, its own by position, too."""
    init = signature(rule.__init__)  # type: ignore[misc]
    if "rate_and_settings" not in init.parameters:  # one that was written out
        return init.replace(parameters=list(init.parameters.values())[1:])
    either, named = Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY
    rate = Parameter.empty if rule.usual_rate is None else rule.usual_rate  # type: ignore[attr-defined]
    arguments = [Parameter("parameters", either), Parameter("lr", either, default=rate)]
    found = sorted(settings_of(rule).values(), key=lambda setting: setting.named)
    for setting in found:
        default = None if isinstance(setting.default, dict) else setting.default
        arguments.append(Parameter(setting.name, named if setting.named else either, default=default))
    return Signature(arguments)
