"""Gradient descent: the learning rates of lecture 001."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scalargrad.derivatives import grad, hessian
from scalargrad.engine import Value
from scalargrad.language import Text
from scalargrad.lectures.circuits import leaves
from scalargrad.lectures.claims import FORMULA_ONLY, Claim
from scalargrad.lectures.system import System

RATE, CURVATURE = 2.5, 0.84
"""The rate of the lecture's run, and the largest eigenvalue of its Hessian, as the slide prints it."""


def _step() -> Any:
    """One step in one dimension, w − η·∂E/∂w with E = ½λw²: how the distance to the minimum grows is ∂w'/∂w."""
    w, η, λ = leaves(w=1.0, η=RATE, λ=CURVATURE)
    slope = grad(0.5 * (λ * w.square()), w)
    slope.label = "slope"
    after = w - η * slope
    after.label = "w_next"
    return after


def _mean_error(bias: bool) -> tuple[Any, Any, Any]:
    """E(w) = ½·mean (Xw − y)² on set-1 rebuilt, with its X (n, weights) and y = ±1."""
    import numpy as np

    from scalargrad.data import gaussians
    from scalargrad.ops.elementwise import square
    from scalargrad.ops.structural import matmul, mean

    X, classes = gaussians(seed=0)
    if bias:
        X = np.column_stack([X, np.ones(len(X))])
    y = 2 * classes - 1
    return lambda w: 0.5 * mean(square(matmul(X, w) - y)), X, y


def _growth(rate: float, steps: int = 60) -> float:
    """What the distance to the minimum is multiplied by in the last of these steps of batch gradient descent."""
    import numpy as np

    from scalargrad.optim import GD

    error, X, y = _mean_error(bias=False)
    lowest = np.linalg.lstsq(X, y, rcond=None)[0]
    w: Any = np.array(leaves(w1=0.0, w2=0.0))
    optimizer = GD(w, lr=rate)
    distances = []
    for _ in range(steps):
        optimizer.zero_grad()
        error(w).backward()
        optimizer.step()
        distances.append(float(np.linalg.norm([x.data - low for x, low in zip(w, lowest)])))
    return distances[-1] / distances[-2]


_REBUILT = Text("the lecture does not give its data; on the rebuilt set this follows from λ_max")


def _rate_claims() -> Iterator[Claim]:
    import numpy as np

    from scalargrad.derivatives.curvature import eta_max, eta_opt, largest_eigenvalue

    error, X, _ = _mean_error(bias=False)
    origin = np.zeros(2)
    λ, best, most = (measure(error, origin) for measure in (largest_eigenvalue, eta_opt, eta_max))
    yield Claim("λ_max", "0.84", λ)
    yield Claim("η_max", "2.38", most)
    yield Claim("η_max", "2*η_opt", most, at={"η_opt": best})
    ((second,),) = hessian(lambda w: 0.5 * λ * w[0] ** 2, [1.0])
    in_one = Text("η_opt in one dimension, H = ∂²E/∂ω²")
    yield Claim(in_one, "H^(-1)", best, at={"H": float(second)})
    yield Claim("η_opt", "", best, FORMULA_ONLY)
    step = _step()
    step.backward()
    w = next(x for x in _leaves(step) if x.label == "w")
    yield Claim(
        Text("the factor of a step at η = 2.5"), "", w.grad,
        Text("the lecture shows a run that diverges: |1 − ηλ| > 1, and the minimum is overshot each time"),
    )  # fmt: skip
    grown = Text("what the error of the weights grows by in a step of the run")
    yield Claim(grown, "", _growth(RATE), _REBUILT)
    yield Claim(
        Text("the batch rate like η = 0.2 after each example"),
        "20", 0.2 * len(X),
    )  # fmt: skip
    with_bias, X, _ = _mean_error(bias=True)
    yield Claim(
        Text("λ_max when the bias is a weight, too"), "",
        largest_eigenvalue(with_bias, np.zeros(3)),
        Text("the lecture's neuron has a bias, but .84 is the eigenvalue of its two weights"),
    )  # fmt: skip


def _leaves(root: Value) -> list[Value]:
    from scalargrad.graph import topological_order

    return [node for node in topological_order(root) if node.op is None]


SYSTEMS = (
    System(
        "learning-rate", "001",
        Text("The largest learning rate"),
        Text(
            "A linear neuron on set-1, 100 examples of two Gaussians, rebuilt here with means ±(.4, .8) and covariance "
            ".04·I; E = ½·mean (Xw − y)². The graph is one step in one dimension, w − η·∂E/∂w with E = ½λw²."
        ),
        _rate_claims, _step,
    ),
)  # fmt: skip
