"""A sum of sigmoids learns a cosine; as the CogWorks course's notebook on universal function approximators, which uses
MyGrad."""

import numpy as np

import fastpath as mg  # mygrad: import mygrad as mg
from fastpath import sigmoid  # mygrad: from mygrad.nnet.activations import sigmoid
from fastpath.nn import Parameter as tensor  # mygrad: from mygrad import tensor


class Model:
    def __init__(self, neurons, random):
        self.w = tensor(random.randn(1, neurons) * 2)
        self.b = tensor(random.randn(neurons))
        self.v = tensor(random.randn(neurons, 1) * 0.3)

    def __call__(self, x):
        return mg.matmul(sigmoid(mg.matmul(x, self.w) + self.b), self.v)


def main():
    random = np.random.RandomState(0)
    model = Model(10, random)
    x = np.linspace(-2 * np.pi, 2 * np.pi, 200).reshape(200, 1)
    losses = []
    for _ in range(4):
        order = random.permutation(200)
        for start in range(0, 200, 25):
            batch = x[order[start : start + 25]]
            loss = mg.mean(mg.abs(model(batch) - np.cos(batch)))
            loss.backward()
            for name in ("w", "b", "v"):
                p = getattr(model, name)
                setattr(model, name, tensor(p.data - 0.1 * p.grad))
            losses.append(loss.item())
    return {"losses": losses[::8], "v": model.v.data[:4, 0], "curve": model(x[::50]).data[:, 0]}


EXPECTED = {
    "losses": [0.752406557828, 0.701925937726, 0.655070910088, 0.702917270938],
    "v": [-0.869550790159, 0.133362165398, 0.228258327314, -0.328204083617],
    "curve": [-0.0439700021167, -0.0453852823397, 0.139253285942, 0.209465721431],
}
