"""The optimizers of lecture 000 on f = x², from x₀ = 1: the lecture's lines, run as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from scalargrad.engine import Value
from scalargrad.expression import parse
from scalargrad.language import Text
from scalargrad.lectures.claims import Claim
from scalargrad.lectures.system import System
from scalargrad.symbolic import pretty_name

START = 1.0
STEPS = 4


@dataclass(frozen=True)
class Rule:
    """An optimizer as the lecture writes it."""

    optimizer: str
    """Its name in :mod:`scalargrad.optim`."""
    lines: dict[str, str]
    """What each name becomes in a step, in this order; g is the gradient ∇f of f = x²."""
    settings: dict[str, float]
    options: dict[str, Any]
    """The same settings as the optimizer takes them."""
    torch: Text
    """How PyTorch's rule differs."""
    first: Text | None = None
    """Why the first step is as long as it is, where that surprises."""

    def begin(self) -> dict[str, float]:
        """All numbers before the first step; what a rule keeps begins at 0."""
        return self.settings | {"x": START, "x_prev": START, "v": 0.0, "G": 0.0}

    def step(self, now: dict[str, Any], k: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """All names when step ``k`` comes to x, and after the step; Values are labelled with ``k``."""
        before, after = now, now
        for name, line in self.lines.items():
            formula, before = parse(line), after
            result = formula.evaluate(**{known: before[known] for known in formula.names})
            if isinstance(result, Value):
                result.label = f"{name}{k}"
            after = before | {name: result}
        return before, after | {"x_prev": before["x"]}


ε = 1e-10
_GRADIENT = {"g": "2*x"}
_EPSILON = Text("PyTorch adds ε to the root, the lecture under it: no digit here shows it")
RULES = {
    "momentum": Rule(
        "Momentum",
        _GRADIENT | {"x": "x - α*g + β*(x - x_prev)"},
        {"α": 0.1, "β": 0.9},
        {"lr": 0.1, "momentum": 0.9},
        Text("PyTorch keeps the velocity instead of the last step, which is the same while α does not change"),
    ),
    "nesterov": Rule(
        "Nesterov",
        {"g": "2*(x + β*v)", "v": "β*v - α*g", "x": "x + v"},
        {"α": 0.1, "β": 0.9},
        {"lr": 0.1, "momentum": 0.9},
        Text("PyTorch's x is the lecture's x + βv"),
    ),
    "adagrad": Rule(
        "Adagrad",
        _GRADIENT | {"G": "G + g^2", "x": "x - α/sqrt(G + ε)*g"},
        {"α": 0.1, "ε": ε},
        {"lr": 0.1, "eps": ε},
        _EPSILON,
    ),
    "rmsprop": Rule(
        "RMSProp",
        _GRADIENT | {"G": "γ*G + (1 - γ)*g^2", "x": "x - α/sqrt(G + ε)*g"},
        {"α": 0.1, "γ": 0.9, "ε": ε},
        {"lr": 0.1, "gamma": 0.9, "eps": ε},
        _EPSILON,
        Text("G begins at 0, so the first step is α/√(1 − γ)"),
    ),
    "adam": Rule(
        "Adam",
        _GRADIENT | {"v": "β1*v + (1 - β1)*g", "G": "β2*G + (1 - β2)*g^2", "x": "x - α/sqrt(G + ε)*v"},
        {"α": 0.1, "β1": 0.9, "β2": 0.999, "ε": ε},
        {"lr": 0.1, "betas": (0.9, 0.999), "eps": ε},
        Text("PyTorch corrects v and G for having begun at 0, the lecture does not"),
        Text("v and G begin at 0, so the first step is α·(1 − β₁)/√(1 − β₂)"),
    ),
}


def iterates(rule: Rule, variant: str, steps: int = STEPS) -> list[float]:
    """The first x of :mod:`scalargrad.optim`'s optimizer, in the variant of the lecture or of PyTorch."""
    from scalargrad import optim

    x = Value(START, label="x")
    optimizer = getattr(optim, rule.optimizer)([x], variant=variant, **rule.options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = x.square()
        loss.backward()
        return loss

    found = []
    for _ in range(steps):
        optimizer.step(closure)
        found.append(float(x.data))
    return found


def _claims(rule: Rule) -> Iterator[Claim]:
    found = iterates(rule, "lecture")
    now = rule.begin()
    for k, x in enumerate(found, start=1):
        at, now = rule.step(now, k)
        yield Claim(pretty_name(f"x{k}"), rule.lines["x"], x, at=at)
    if rule.first is not None:
        what = Text("the first step, in units of α")
        yield Claim(what, "", (START - found[0]) / rule.settings["α"], rule.first)
    theirs = iterates(rule, "torch")
    yield Claim(Text("x₁ to x₄ in PyTorch's variant"), "", theirs, rule.torch)


def _graph(rule: Rule) -> Any:
    _, now = rule.step(rule.begin(), 1)
    labels = {name: f"{name}1" for name in ("x", "v", "G", "g")} | {"x_prev": "x0"}
    _, after = rule.step({name: Value(number, label=labels.get(name, name)) for name, number in now.items()}, 2)
    return after["x"]


def _system(name: str, title: Text, written: str) -> System:
    rule = RULES[name]
    about = Text("{0}. On f = x² from x₀ = 1 with {1}; the graph is the second step.", written, _settings(rule))
    return System(name, "000", title, about, partial(_claims, rule), partial(_graph, rule), 4)


def _settings(rule: Rule) -> str:
    return ", ".join(f"{pretty_name(name)} = {number:g}" for name, number in rule.settings.items())


SYSTEMS = (
    _system("momentum", Text("Momentum"), "x ← x − α∇f(x) + β(x − x_prev)"),
    _system("nesterov", Text("Nesterov momentum"), "v ← βv − α∇f(x + βv), x ← x + v"),
    _system("adagrad", Text("Adagrad"), "G ← G + (∇f)², x ← x − α/√(G + ε)·∇f"),
    _system("rmsprop", Text("RMSProp"), "G ← γG + (1 − γ)(∇f)², x ← x − α/√(G + ε)·∇f"),
    _system("adam", Text("Adam"), "v ← β₁v + (1 − β₁)∇f, G ← β₂G + (1 − β₂)(∇f)², x ← x − α/√(G + ε)·v"),
)
