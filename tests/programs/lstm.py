"""A long short-term memory that learns to spell, its gates in a dict; as autograd's lstm.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.special import logsumexp  # autograd: from autograd.scipy.special import logsumexp
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad

TEXT = ["abracadabra ", "barbarababa ", "abba cab arb"]
ALPHABET = sorted(set("".join(TEXT)))


def sigmoid(x):
    return 0.5 * (np.tanh(x) + 1.0)


def gate(weights, *parts):
    return np.dot(np.hstack((*parts, np.ones((parts[0].shape[0], 1)))), weights)


def log_probabilities(params, inputs):
    count = inputs.shape[1]
    hiddens = np.repeat(params["init hiddens"], count, axis=0)
    cells = np.repeat(params["init cells"], count, axis=0)

    def output(hiddens):
        scores = gate(params["predict"], hiddens)
        return scores - logsumexp(scores, axis=1, keepdims=True)

    outputs = [output(hiddens)]
    for letters in inputs:
        change = np.tanh(gate(params["change"], letters, hiddens))
        forget = sigmoid(gate(params["forget"], letters, hiddens))
        entry = sigmoid(gate(params["ingate"], letters, hiddens))
        exit = sigmoid(gate(params["outgate"], letters, hiddens))
        cells = cells * forget + entry * change
        hiddens = exit * np.tanh(cells)
        outputs.append(output(hiddens))
    return outputs


def loss(params, inputs):
    total = 0.0
    outputs = log_probabilities(params, inputs)
    for t in range(len(inputs)):
        total += np.sum(outputs[t] * inputs[t])
    return -total / (len(inputs) * inputs.shape[1])


def main():
    random = np.random.RandomState(0)
    n, size = len(ALPHABET), 6
    inputs = np.array([[[float(c == other) for other in ALPHABET] for c in text] for text in TEXT]).swapaxes(0, 1)
    params = {"init cells": 0.1 * random.randn(1, size), "init hiddens": 0.1 * random.randn(1, size)}
    for name in ("change", "forget", "ingate", "outgate"):
        params[name] = 0.3 * random.randn(n + size + 1, size)
    params["predict"] = 0.3 * random.randn(size + 1, n)
    losses = []
    for _ in range(25):
        value, gradient = value_and_grad(loss)(params, inputs)
        params = {name: p - 2.0 * gradient[name] for name, p in params.items()}
        losses.append(value)
    return {"losses": losses[::8], "init cells": params["init cells"], "forget": params["forget"][0]}


EXPECTED = {
    "losses": [1.79271833219, 1.4728378786, 1.33345657567, 1.16224442428],
    "init cells": [
        [0.165996828843, 0.323443707879, -0.0601830578973, 0.251276143856, -0.0438058030034, -0.119333924719]
    ],
    "forget": [-0.0048380053336, 0.360073768056, 0.0729244846686, 0.296779782913, 0.101326052935, 0.214020493744],
}
TOLERANCE = 1e-8
