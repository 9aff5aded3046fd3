"""Legendre's third polynomial as a Function with a backward of its own; as the fourth of "Learning PyTorch with
examples"."""

import math

import fastpath as torch  # torch: import torch


class Legendre(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * (5 * x**3 - 3 * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * x**2 - 1)


def main():
    x = torch.linspace(-math.pi, math.pi, 200)
    y = torch.sin(x)
    a = torch.full((), 0.0, requires_grad=True)
    b = torch.full((), -1.0, requires_grad=True)
    c = torch.full((), 0.0, requires_grad=True)
    d = torch.full((), 0.3, requires_grad=True)
    losses = []
    for _ in range(200):
        guess = a + b * Legendre.apply(c + d * x)
        loss = (guess - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= 5e-5 * p.grad
                p.grad = None
    return {"losses": losses[::66], "found": [p.item() for p in (a, b, c, d)]}


EXPECTED = {
    "losses": [46.4015662001, 23.7088056446, 18.5065023883, 14.5025017096],
    "found": [1.28356526796e-18, -1.39784521868, -1.33226762955e-19, 0.248060244531],
}
TOLERANCE = 1e-8
