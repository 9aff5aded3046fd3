"""Modules of one's own: the polynomial, and one of four or five terms from step to step that uses a weight twice; as the
last two of "Learning PyTorch with examples"."""

import math
import random

import fastpath as torch  # torch: import torch
from fastpath import nn, optim  # torch: from torch import nn, optim


class Polynomial3(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(0.1))
        self.b = nn.Parameter(torch.tensor(0.4))
        self.c = nn.Parameter(torch.tensor(-0.1))
        self.d = nn.Parameter(torch.tensor(0.05))

    def forward(self, x):
        return self.a + self.b * x + self.c * x**2 + self.d * x**3


class Dynamic(Polynomial3):
    def __init__(self, random):
        super().__init__()
        self.e = nn.Parameter(torch.tensor(0.01))
        self.random = random

    def forward(self, x):
        y = self.a + self.b * x + self.c * x**2 + self.d * x**3
        for power in range(4, self.random.randint(4, 6)):
            y = y + self.e * x**power
        return y


def trained(model, optimizer, steps):
    x = torch.linspace(-math.pi, math.pi, 200)
    y = torch.sin(x)
    loss_of, losses = nn.MSELoss(reduction="sum"), []
    for _ in range(steps):
        loss = loss_of(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def main():
    fixed = Polynomial3()
    losses = trained(fixed, optim.SGD(fixed.parameters(), lr=1e-5), 100)
    dynamic = Dynamic(random.Random(0))
    losses_too = trained(dynamic, optim.SGD(dynamic.parameters(), lr=1e-8, momentum=0.9), 100)
    return {
        "losses": losses[::33],
        "found": [p.item() for p in (fixed.a, fixed.b, fixed.c, fixed.d)],
        "losses of the other": losses_too[::33],
        "its e": dynamic.e.item(),
    }


EXPECTED = {
    "losses": [227.868623547, 22.110591356, 19.3193021482, 16.9696113497],
    "found": [0.0956934462014, 0.47679883735, -0.0163712792359, -0.0395664487648],
    "losses of the other": [201.156329323, 259.659017464, 96.1452958553, 71.5431856485],
    "its e": -0.00457313249067,
}
