"""A linear SVM of several classes, written with loops and without, and its gradient by hand; as CS231n's first
assignment, which has no library: here PyTorch differentiates."""

import numpy as np

import fastpath as torch  # torch: import torch


def loss_of_loops(W, X, y, reg):
    loss = 0.0
    for i in range(X.shape[0]):
        scores = X[i] @ W
        for j in range(W.shape[1]):
            if j != y[i]:
                margin = scores[j] - scores[y[i]] + 1
                if margin > 0:
                    loss = loss + margin
    return loss / X.shape[0] + reg * (W * W).sum()


def loss_of_arrays(W, X, y, reg):
    n = X.shape[0]
    scores = X @ W
    correct = scores[torch.arange(n), y].reshape(n, 1)
    margins = torch.maximum(torch.tensor(0.0), scores - correct + 1)
    return (margins.sum() - n) / n + reg * (W * W).sum()


def gradient_by_hand(W, X, y, reg):
    scores = X @ W
    over = (scores - scores[np.arange(len(y)), y][:, None] + 1 > 0).astype(float)
    over[np.arange(len(y)), y] = 0
    over[np.arange(len(y)), y] = -over.sum(axis=1)
    return X.T @ over / len(y) + 2 * reg * W


def main():
    random = np.random.RandomState(0)
    y = random.randint(0, 3, 12)
    data = random.randn(12, 4) + np.eye(3, 4)[y]
    start = 0.1 * random.randn(4, 3)
    X, labels = torch.tensor(data), torch.tensor(y)
    results = {}
    for name, loss_of in (("loops", loss_of_loops), ("arrays", loss_of_arrays)):
        W = torch.tensor(start, requires_grad=True)
        loss = loss_of(W, X, labels, 0.1)
        loss.backward()
        results |= {f"loss, {name}": loss.item(), f"gradient, {name}": W.grad}
    results["gradient by hand"] = gradient_by_hand(start, data, y, 0.1)
    for _ in range(100):
        loss = loss_of_arrays(W, X, labels, 0.1)
        W.grad = None
        loss.backward()
        with torch.no_grad():
            W -= 0.1 * W.grad
    guesses = (X @ W).argmax(1)
    return results | {"trained": loss.item(), "accuracy": (guesses == labels).sum() / len(y)}


EXPECTED = {
    "loss, loops": 1.76960712033,
    "gradient, loops": [
        [-1.01638725202, 0.578441510019, 0.475758356688],
        [0.501223490524, -0.734954800615, 0.225750985739],
        [0.14588763487, 0.276762726569, -0.422232848611],
        [0.136680127175, -0.579140665905, 0.419632649156],
    ],
    "loss, arrays": 1.76960712033,
    "gradient, arrays": [
        [-1.01638725202, 0.578441510019, 0.475758356688],
        [0.501223490524, -0.734954800615, 0.225750985739],
        [0.14588763487, 0.276762726569, -0.422232848611],
        [0.136680127175, -0.579140665905, 0.419632649156],
    ],
    "gradient by hand": [
        [-1.01638725202, 0.578441510019, 0.475758356688],
        [0.501223490524, -0.734954800615, 0.225750985739],
        [0.14588763487, 0.276762726569, -0.422232848611],
        [0.136680127175, -0.579140665905, 0.419632649156],
    ],
    "trained": 0.814931677438,
    "accuracy": 0.75,
}
