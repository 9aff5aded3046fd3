"""Ratings of which many are missing, as a product of two thin matrices, by Adam; as people write it for PyTorch."""

import numpy as np

import fastpath as torch  # torch: import torch
from fastpath import optim  # torch: from torch import optim


def main():
    random = np.random.RandomState(0)
    ratings = torch.tensor(random.randn(12, 2) @ random.randn(2, 8) + 0.05 * random.randn(12, 8))
    known = torch.tensor(random.rand(12, 8) < 0.7)
    users = torch.tensor(0.3 * random.randn(12, 2), requires_grad=True)
    films = torch.tensor(0.3 * random.randn(8, 2), requires_grad=True)
    optimizer = optim.Adam([users, films], lr=0.05)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        errors = (ratings - users @ films.T)[known]
        loss = (errors**2).mean() + 0.001 * (users.square().sum() + films.square().sum())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    unknown = torch.where(known, torch.tensor(0.0), ratings - users @ films.T)
    return {"losses": losses[::33], "users": users[0], "error of the unknown": unknown.square().sum().item()}


EXPECTED = {
    "losses": [3.36098095122, 0.241673917941, 0.0589119980734, 0.0494260422472],
    "users": [-0.0186678333205, -1.88951182443],
    "error of the unknown": 1.44208458612,
}
TOLERANCE = 1e-8
