"""The price of a call option and its Greeks, by first and second derivatives; as people write it for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from fastpath.scipy.stats import norm  # jax: from jax.scipy.stats import norm
from scalargrad import grad, hessian  # jax: from jax import grad, hessian


def call(spot, strike, years, rate, volatility):
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * years) / (volatility * np.sqrt(years))
    d2 = d1 - volatility * np.sqrt(years)
    return spot * norm.cdf(d1) - strike * np.exp(-rate * years) * norm.cdf(d2)


def main():
    market = (100.0, 105.0, 0.5, 0.03, 0.25)
    greeks = grad(call, argnums=(0, 2, 3, 4))(*market)
    gamma = grad(grad(call))(*market)
    vanna = grad(grad(call, argnums=4), argnums=0)(*market)
    volga = grad(grad(call, argnums=4), argnums=4)(*market)
    spots = np.array([80.0, 95.0, 110.0])
    ladder = grad(lambda s: np.sum(call(s, *market[1:])))(spots)
    crossed = hessian(lambda p: call(p[0], 105.0, 0.5, 0.03, p[1]))(np.array([100.0, 0.25]))
    return {
        "price": call(*market),
        "delta, theta, rho, vega": greeks,
        "gamma, vanna, volga": [gamma, vanna, volga],
        "deltas": ladder,
        "hessian": crossed,
    }


EXPECTED = {
    "price": 5.57597664407,
    "delta, theta, rho, vega": [0.459077644502, 8.22518805695, 20.1658939031, 28.0609376911],
    "gamma, vanna, volga": [0.0224487501529, 0.443723469681, 3.22412386903],
    "deltas": [0.086118945476, 0.34719062285, 0.668726044828],
    "hessian": [[0.0224487501529, 0.443723469681], [0.443723469681, 3.22412386903]],
}
