"""The pictures of the gallery: ``python notebooks/pictures.py`` makes them all anew, the drawings to the same bytes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from fastpath import Tensor, cross_entropy, relu
from scalargrad import Value, draw, exp, scope, sigmoid, softmax, steps
from scalargrad.drawing import Drawing

FOLDER = Path(__file__).parent / "pictures"


def neuron() -> Value:
    """The lecture's sigmoid neuron."""
    numbers = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
    w0, x0, w1, x1, w2 = (Value(x, label=name) for name, x in numbers.items())
    return 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))


def fork() -> Value:
    """A value that is used three times."""
    a = Value(3.0, label="a")
    return a * a + a


def layer(inputs: list[Value], rows: tuple[tuple[float, ...], ...], name: str, weight: str) -> list[Value]:
    """Sigmoid neurons without a bias, one for each row of weights."""
    outputs = []
    with scope(name):
        for i, row in enumerate(rows, 1):
            products = [Value(w, label=f"{weight}{i}{j}") * x for j, (w, x) in enumerate(zip(row, inputs), 1)]
            outputs.append(sigmoid(sum(products[1:], products[0])))
    return outputs


def network() -> Value:
    """The lecture's network of three inputs, three hidden neurons and two outputs, and its error for the first."""
    inputs = [Value(v, label=f"x{i}") for i, v in enumerate((0.5, 0.9, -0.3), 1)]
    hidden = layer(inputs, ((1, -2, 2), (2, 1, -4), (1, -1, 0)), "hidden layer", "w")
    first, _ = layer(hidden, ((-3, 1, -3), (0, 1, 2)), "output layer", "u")
    error = 0.5 * (first - 0.9) ** 2
    error.label = "E"
    return error


def loss() -> Value:
    """Softmax and cross-entropy of three scores."""
    scores = [Value(v, label=f"z{i}") for i, v in enumerate((5.0, 4.0, 2.0), 1)]
    first = softmax(scores)[0]
    first.label = "p1"
    total = -first.log()
    total.label = "loss"
    return total


def arrays() -> Tensor:
    """A layer and its loss on whole arrays."""
    X = Tensor([[1.0, 2.0], [3.0, -1.0]], label="X")
    W = Tensor([[0.5, -0.5], [0.25, 1.0]], requires_grad=True, label="W")
    return cross_entropy(relu(X @ W), [1, 0])


PICTURES: dict[str, Callable[[], Drawing]] = {
    "sigmoid-neuron": lambda: draw(neuron()),
    "dark": lambda: draw(fork(), theme="dark", legend=False),
    "fork": lambda: draw(fork(), names=True, legend=False),
    "one-step": lambda: steps(neuron(), precision=2)[18],
    "rounded": lambda: steps(neuron(), rounding=2, lang="ru")[25],
    "worksheet": lambda: steps(neuron(), precision=2).worksheet().picture,
    "network": lambda: draw(network(), show=("values", "downstream"), legend=False),
    "network-folded": lambda: draw(network(), depth=0, legend=False),
    "softmax": lambda: draw(loss(), legend=False),
    "arrays": lambda: draw(arrays(), legend=False),
}
"""Every picture by the name of its file."""


def player() -> None:
    """The page that plays the neuron and, where there is Chromium to take it, a picture of it."""
    page = steps(neuron()).save(FOLDER / "sigmoid-neuron.html")
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return
    with sync_playwright() as p:
        try:
            browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        except Error:
            return
        view = browser.new_page(viewport={"width": 1100, "height": 640})
        view.goto(page.as_uri())
        view.click("tbody tr:nth-last-child(8)")
        view.screenshot(path=FOLDER / "player.png")
        browser.close()


def main() -> None:
    """Write all pictures."""
    for name, picture in PICTURES.items():
        print(picture().save(FOLDER / f"{name}.svg").name)
    player()


if __name__ == "__main__":
    main()
