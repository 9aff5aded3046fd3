"""Three arms of a spiral told apart by a net with one hidden layer; as the CogWorks course's exercise, which uses
MyGrad."""

import numpy as np

import fastpath as mg  # mygrad: import mygrad as mg
from fastpath import cross_entropy, relu  # mygrad: from mygrad.nnet import relu, softmax_crossentropy as cross_entropy
from fastpath.nn import Parameter as tensor  # mygrad: from mygrad import tensor


def spirals(random, arms=3, count=20):
    t = np.linspace(0.1, 1, count)
    X, labels = [], []
    for arm in range(arms):
        angle = 2 * np.pi * arm / arms + 4 * t + 0.1 * random.randn(count)
        X.append(np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1))
        labels += [arm] * count
    return np.concatenate(X), np.array(labels)


def scores(params, X):
    W1, b1, W2 = params
    return mg.matmul(relu(mg.matmul(X, W1) + b1), W2)


def main():
    random = np.random.RandomState(0)
    X, labels = spirals(random)
    params = [tensor(random.randn(2, 15)), tensor(0.1 * random.randn(15)), tensor(0.3 * random.randn(15, 3))]
    losses = []
    for _ in range(100):
        loss = cross_entropy(scores(params, X), labels)
        loss.backward()
        params = [tensor(p.data - 0.5 * p.grad) for p in params]
        losses.append(loss.item())
    guesses = np.argmax(scores(params, X).data, axis=1)
    return {"losses": losses[::33], "W2": params[2].data[0], "accuracy": np.mean(guesses == labels)}


EXPECTED = {
    "losses": [1.22289375924, 0.63548323141, 0.545828182329, 0.456023590874],
    "W2": [1.14628911803, -0.500031157394, -0.411493742601],
    "accuracy": 0.75,
}
TOLERANCE = 1e-8
