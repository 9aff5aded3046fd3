"""A cluster of atoms relaxes: forces and stiffness from its energy (Lennard-Jones); as people write it for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import grad, hessian, value_and_grad  # jax: from jax import grad, hessian, value_and_grad

START = [[0.0, 0.0, 0.0], [1.2, 0.0, 0.1], [0.5, 1.1, 0.0], [0.6, 0.4, 1.0], [1.6, 1.0, 0.5]]


def energy(places):
    differences = places[:, None, :] - places[None, :, :]
    i, j = np.triu_indices(len(places), 1)
    squares = np.sum(differences[i, j] ** 2, axis=-1)
    sixth = 1 / squares**3
    return np.sum(4 * (sixth**2 - sixth))


def main():
    places = np.array(START)
    force = -grad(energy)(places)
    energies = []
    for _ in range(80):
        value, gradient = value_and_grad(energy)(places)
        places = places - 0.003 * np.clip(gradient, -5.0, 5.0)
        energies.append(value)
    stiffness = np.reshape(hessian(energy)(places), (15, 15))
    return {
        "force on the first": force[0],
        "energies": energies[::26],
        "frequencies": np.linalg.eigvalsh(np.array(stiffness))[6:10],
    }


EXPECTED = {
    "force on the first": [4.52172020746, 2.96030336623, 2.17717950817],
    "energies": [-7.66582557933, -9.09742952188, -9.10382801307, -9.10385233637],
    "frequencies": [34.8160772528, 34.8384254625, 78.8160216144, 109.590374853],
}
TOLERANCE = 1e-8
