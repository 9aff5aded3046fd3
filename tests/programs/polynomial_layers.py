"""The polynomial once more, with layers, a loss class and an optimizer; as the fifth and sixth of "Learning PyTorch with
examples"."""

import math

import fastpath as torch  # torch: import torch
from fastpath import nn, optim  # torch: from torch import nn, optim


def model():
    made = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
    with torch.no_grad():
        for p, start in zip(made.parameters(), (0.1, -0.2)):
            p.data[...] = start
    return made


def main():
    x = torch.linspace(-2.0, math.pi, 200)
    y = torch.sin(x)
    powers = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
    loss_of = nn.MSELoss(reduction="sum")

    by_hand, losses = model(), []
    for _ in range(100):
        loss = loss_of(by_hand(powers), y)
        losses.append(loss.item())
        by_hand.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in by_hand.parameters():
                p -= 1e-5 * p.grad

    by_rmsprop = model()
    optimizer = optim.RMSprop(by_rmsprop.parameters(), lr=1e-2)
    for _ in range(100):
        loss = loss_of(by_rmsprop(powers), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    layer = by_rmsprop[0]
    return {
        "losses": losses[::33],
        "bias by hand": by_hand[0].bias.item(),
        "loss by RMSprop": loss.item(),
        "bias by RMSprop": layer.bias.item(),
        "weights by RMSprop": [w.item() for w in layer.weight.reshape(-1)],
    }


EXPECTED = {
    "losses": [278.120389863, 66.1683692427, 55.9837263695, 47.9628731828],
    "bias by hand": -0.16555142399,
    "loss by RMSprop": 1.38040782897,
    "bias by RMSprop": 0.0436728508747,
    "weights by RMSprop": [0.800284643728, -0.0329604364544, -0.0754678036491],
}
