"""The length and the friction of a pendulum from its swing: derivatives through the integration, backward and forward
(jvp); as people write it for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import jvp, value_and_grad  # jax: from jax import jvp, value_and_grad

STEPS, H = 60, 0.05


def swing(params, angle=1.0):
    """The angles, by Verlet's rule."""
    length, friction = params
    velocity, angles = 0.0, []
    for _ in range(STEPS):
        velocity = velocity - H * (9.81 / length * np.sin(angle) + friction * velocity)
        angle = angle + H * velocity
        angles.append(angle)
    return np.stack(angles)


def main():
    seen = swing(np.array([1.3, 0.2])) + 0.01 * np.cos(23.0 * np.arange(STEPS))

    def loss(params):
        return np.mean((swing(params) - seen) ** 2)

    params, losses = np.array([1.1, 0.05]), []
    for _ in range(40):
        value, gradient = value_and_grad(loss)(params)
        params = params - 0.08 * gradient
        losses.append(value)
    angles, change = jvp(swing, (params,), (np.array([1.0, 0.0]),))
    return {"losses": losses[::13], "found": params, "last angle": angles[-1], "its change by the length": change[-1]}


EXPECTED = {
    "losses": [0.063975235705, 0.00235026549619, 0.000651959988854, 0.000224426466949],
    "found": [1.29614664691, 0.176478159524],
    "last angle": -0.0382389925787,
    "its change by the length": 2.36609480366,
}
TOLERANCE = 1e-8
