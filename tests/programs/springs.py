"""A hanging net of springs finds its rest: potential energy of a table of points, some of them fixed; as people write it
for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import value_and_grad  # jax: from jax import value_and_grad

N = 5


def energy(free, fixed):
    points = np.concatenate([fixed, free]).reshape((N, N, 2))
    across = points[:, 1:] - points[:, :-1]
    along = points[1:] - points[:-1]
    lengths = np.concatenate([np.linalg.norm(across, axis=-1).ravel(), np.linalg.norm(along, axis=-1).ravel()])
    return 20.0 * np.sum((lengths - 0.9) ** 2) + 0.4 * np.sum(points[..., 1])


def main():
    x, y = np.meshgrid(np.arange(N) * 1.0, -np.arange(N) * 1.0)
    points = np.stack([x, y], axis=-1).reshape((-1, 2))
    fixed, free = points[:N], points[N:]
    energies = []
    for _ in range(60):
        value, slope = value_and_grad(energy)(free, fixed)
        free = free - 0.01 * slope
        energies.append(value)
    return {"energies": energies[::15], "lowest point": np.min(free[:, 1]), "corner": free[-1]}


EXPECTED = {
    "energies": [-12.0, -16.9438654086, -17.3134798228, -17.3966140495],
    "lowest point": -3.71297178373,
    "corner": [3.799955413, -3.69932527905],
}
