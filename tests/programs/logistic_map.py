"""How fast two near points of the logistic map part: derivatives through a loop (Lyapunov's exponent), forward and
backward; as people write it for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import grad, jvp, vjp  # jax: from jax import grad, jvp, vjp


def iterate(r, x, n):
    for _ in range(n):
        x = r * x * (1 - x)
    return x


def main():
    by_r = grad(iterate, argnums=0)(3.2, 0.3, 10)
    by_x = grad(iterate, argnums=1)(3.2, 0.3, 10)
    twice = grad(grad(iterate))(3.2, 0.3, 6)
    exponents = []
    for r in (2.8, 3.2, 3.9):
        x, total = 0.3, 0.0
        for _ in range(40):
            x, slope = jvp(lambda x, r=r: r * x * (1 - x), (x,), (1.0,))
            total = total + np.log(abs(slope))
        exponents.append(total / 40)
    xs = np.linspace(0.1, 0.4, 4)
    out, pull = vjp(lambda xs: iterate(3.5, xs, 5), xs)
    return {
        "by r, by x, twice by r": [by_r, by_x, twice],
        "exponents": exponents,
        "five times": out,
        "slopes there": pull(np.ones(4))[0],
    }


EXPECTED = {
    "by r, by x, twice by r": [0.15355274903, -3.98820777052, -1.8948508196],
    "exponents": [-0.226740856034, -0.530505087137, 0.556836104904],
    "five times": [0.561395981289, 0.446471550872, 0.806954869782, 0.833286159062],
    "slopes there": [-13.9699726086, -3.24808079321, 5.19231323128, 0.686802904752],
}
