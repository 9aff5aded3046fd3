"""A GPT in single numbers: embeddings, attention with two heads, root mean square norm, cross entropy, Adam; on the engine
of micrograd."""

import random

from scalargrad.micrograd.engine import Value  # micrograd: from micrograd.engine import Value

LETTERS, WIDTH, HEADS, LENGTH = 5, 4, 2, 4


def exp(x):
    """micrograd has powers of numbers only: the limit that the schoolbook has, exact enough for small x."""
    return (x * (1 / 256) + 1.0) ** 256


def matrix(rows, columns, spread=0.3):
    return [[Value(random.gauss(0, spread)) for _ in range(columns)] for _ in range(rows)]


def linear(x, W):
    return [sum(w * a for w, a in zip(row, x)) for row in W]


def softmax(scores):
    largest = max(s.data for s in scores)
    powers = [exp(s - largest) for s in scores]
    total = sum(powers)
    return [p / total for p in powers]


def rmsnorm(x):
    scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def gpt(params, letter, place, keys, values):
    x = rmsnorm([a + b for a, b in zip(params["letters"][letter], params["places"][place])])
    y = rmsnorm(x)
    q, k, v = (linear(y, params[name]) for name in ("query", "key", "value"))
    keys.append(k)
    values.append(v)
    mixed, size = [], WIDTH // HEADS
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = [sum(a * b for a, b in zip(q[part], k[part])) / size**0.5 for k in keys]
        weights = softmax(scores)
        mixed += [sum(w * v[part][j] for w, v in zip(weights, values)) for j in range(size)]
    x = [a + b for a, b in zip(x, linear(mixed, params["out"]))]
    hidden = [h.relu() ** 2 for h in linear(rmsnorm(x), params["up"])]
    x = [a + b for a, b in zip(x, linear(hidden, params["down"]))]
    return linear(x, params["scores"])


def main():
    random.seed(42)
    params = {
        "letters": matrix(LETTERS, WIDTH),
        "places": matrix(LENGTH, WIDTH),
        **{name: matrix(WIDTH, WIDTH) for name in ("query", "key", "value", "out")},
        "up": matrix(2 * WIDTH, WIDTH),
        "down": matrix(WIDTH, 2 * WIDTH),
        "scores": matrix(LETTERS, WIDTH),
    }
    flat = [p for W in params.values() for row in W for p in row]
    m, v, losses = [0.0] * len(flat), [0.0] * len(flat), []
    words = [[0, 1, 2, 1, 0], [0, 3, 4, 3, 0], [0, 1, 2, 4, 0]]
    for step in range(6):
        word = words[step % 3]
        keys, values, likelihoods = [], [], []
        for place in range(LENGTH):
            p = softmax(gpt(params, word[place], place, keys, values))[word[place + 1]]
            likelihoods.append((p - 1) ** 2)
        loss = sum(likelihoods) / LENGTH
        for p in flat:
            p.grad = 0
        loss.backward()
        for i, p in enumerate(flat):
            m[i] = 0.9 * m[i] + 0.1 * p.grad
            v[i] = 0.99 * v[i] + 0.01 * p.grad**2
            p.data -= 0.05 * (m[i] / (1 - 0.9 ** (step + 1))) / ((v[i] / (1 - 0.99 ** (step + 1))) ** 0.5 + 1e-8)
        losses.append(loss.data)
    return {"losses": losses, "numbers": len(flat), "some": [p.data for p in flat[::40]]}


EXPECTED = {
    "losses": [0.747018439044, 0.662041412131, 0.656113915408, 0.54752796553, 0.500745141408, 0.440586757407],
    "numbers": 184.0,
    "some": [0.0869688139227, 0.0716657802242, -0.0857961263177, -0.200904917601, 0.556886242774],
}
TOLERANCE = 1e-8
