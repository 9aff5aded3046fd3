"""A polynomial of third degree fitted to the sine, tensors updated by hand; as the third of PyTorch's "Learning PyTorch
with examples"."""

import math

import fastpath as torch  # torch: import torch


def main():
    x = torch.linspace(-math.pi, math.pi, 200)
    y = torch.sin(x)
    a = torch.tensor(0.1, requires_grad=True)
    b = torch.tensor(0.5, requires_grad=True)
    c = torch.tensor(-0.2, requires_grad=True)
    d = torch.tensor(0.0, requires_grad=True)
    rate, losses = 1e-5, []
    for t in range(300):
        guess = a + b * x + c * x**2 + d * x**3
        loss = (guess - y).pow(2).sum()
        if t % 100 == 99:
            losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            a -= rate * a.grad
            b -= rate * b.grad
            c -= rate * c.grad
            d -= rate * d.grad
            a.grad = None
            b.grad = None
            c.grad = None
            d.grad = None
    return {"losses": losses, "polynomial": [a.item(), b.item(), c.item(), d.item()]}


EXPECTED = {
    "losses": [11.1282871201, 7.6951260111, 5.41827960573],
    "polynomial": [0.0775917514041, 0.661840124082, -0.0132611694209, -0.0656511336247],
}
