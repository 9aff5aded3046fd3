"""What the writers of programs have in common: numbers, names, and that a statement is kept only if it runs."""

import ast
import random

import numpy as np

CONSTANTS = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "-1",
    "-2",
    "0.0",
    "-0.0",
    "0.5",
    "1.0",
    "2.0",
    "1e-8",
    "0.1",
    "10",
    "np.pi",
]
SPECIAL = ["float('inf')", "-float('inf')", "1e200", "1e-200", "1e308", "float('nan')"]
UNARY = [
    "tanh", "sin", "cos", "sigmoid", "relu", "softplus", "abs", "square", "softsign", "elu", "leaky_relu", "arctan", "neg",
    "heaviside", "sign",
]  # fmt: skip
LARGEST = 1e4
"""Numbers beyond are no longer what people compute with: a statement that gives one is not kept."""


def used(setup, rest):
    """The statements of the setup that define what is used."""
    kept, names = [], set().union(*map(names_in, rest))
    for statement in reversed(setup):
        (node,) = ast.parse(statement).body
        name = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else node.targets[0].id
        if name in names:
            kept.append(statement)
            names |= names_in(statement)
    return tuple(reversed(kept))


def names_in(text):
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


class Writer:
    """Writes one program. Its numbers are exact (halves and quarters, so that ties stay ties) or any."""

    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(seed)
        self.exact = self.chance(0.5)
        self.special = self.chance(0.08)
        self.setup, self.body = [], []
        self.space = {}
        self.count = 0

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *among):
        return self.random.choice(among[0] if len(among) == 1 else among)

    def number(self):
        """A parameter's number, as text."""
        if self.exact:
            return repr(self.pick([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.0, 2.0]))
        return repr(round(self.random.gauss(0, 1), 3))

    def constant(self):
        return self.pick(SPECIAL) if self.special and self.chance(0.3) else self.pick(CONSTANTS)

    def batch(self):
        return self.random.choices([0, 1, 2, 17, 1000], [1, 2, 5, 4, 0.5])[0]

    def numbers(self, shape):
        """The expression of an argument: of any numbers, of ties, of numbers that are special."""
        if self.special:
            return f"rng.choice([0.0, -0.0, 1.0, -2.5, 1e-300, 1e300, np.inf, -np.inf, np.nan], {shape})"
        if self.exact or self.chance(0.2):
            return self.pick(
                f"rng.integers(-2, 3, {shape}).astype(float)",
                f"rng.choice([-1.0, 0.0, -0.0, 0.5, 1.0, 2.0], {shape})",
                f"rng.choice([0.0, 1.0], {shape})",
                f"np.zeros({shape})",
            )
        return f"rng.normal(size={shape})"

    def name(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def define(self, statement):
        """A statement before the function."""
        with np.errstate(all="ignore"):
            exec(statement, self.space)
        self.setup.append(statement)

    def keep(self, statement, name):
        """Run a statement of the function; keep it if it runs and what it calls ``name`` is worth having."""
        before = dict(self.space)
        try:
            with np.errstate(all="ignore"):
                exec(statement, self.space)
            if not self.worth(self.space[name]):
                raise ValueError("not worth having")
        except Exception:  # whatever a program cannot do
            self.space.clear()
            self.space.update(before)
            return None
        self.body.append(statement)
        return name

    def worth(self, x):
        raise NotImplementedError
