"""The same with tensors: products that are broadcast and summed, views, and the xor of two halves; as minitorch's
run_tensor.py, with squared errors."""

import random

from fastpath import tensor  # minitorch: from minitorch import tensor


def linear(x, weights, bias):
    (batch, inputs), outputs = x.shape, bias.shape[0]
    products = weights.view(1, inputs, outputs) * x.view(batch, inputs, 1)
    return products.sum(1).view(batch, outputs) + bias


def forward(params, x):
    h = linear(x, params[0], params[1]).relu()
    h = linear(h, params[2], params[3]).relu()
    return linear(h, params[4], params[5]).sigmoid()


def parameter(rows, columns=None):
    numbers = [[2 * (random.random() - 0.5) for _ in range(columns or rows)] for _ in range(rows if columns else 1)]
    return tensor(numbers if columns else numbers[0], requires_grad=True)


def main():
    random.seed(0)
    points = [[random.random(), random.random()] for _ in range(20)]
    X, y = tensor(points), tensor([1.0 if (a < 0.5) != (b < 0.5) else 0.0 for a, b in points])
    shapes = ((2, 6), (6,), (6, 6), (6,), (6, 1), (1,))
    params, losses = [parameter(*shape) for shape in shapes], []
    for _ in range(30):
        out = forward(params, X).view(len(points))
        loss = (out - y) * (out - y)
        (loss / len(points)).sum().view(1).backward()
        losses.append(loss.sum().view(1)[0])
        params = [p.detach() - 1.0 * p.grad for p in params]
        for p in params:
            p.requires_grad_(True)
    return {
        "losses": [float(x) for x in losses[::7]],
        "scores": [float(out[i]) for i in range(4)],
        "last bias": params[5].item(),
    }


EXPECTED = {
    "losses": [5.01524198364, 4.81872369789, 4.46153845232, 4.33743336196, 3.99776290938],
    "scores": [0.575036390462, 0.789520869476, 0.754617992376, 0.563423197741],
    "last bias": 0.697057025926,
}
