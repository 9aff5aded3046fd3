"""A hidden Markov model: the gradient of the log-likelihood gives the expected counts of the EM algorithm; as autograd's
hmm_em.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.special import logsumexp  # autograd: from autograd.scipy.special import logsumexp
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad


def log_normalized(log_counts):
    return log_counts - logsumexp(log_counts, axis=-1, keepdims=True)


def log_likelihood(natural, data):
    """The forward algorithm, in logarithms."""
    log_start, log_moves, log_signs = natural
    log_alpha = log_start + log_signs[:, data[0]]
    for sign in data[1:]:
        log_alpha = logsumexp(log_alpha[:, None] + log_moves, axis=0) + log_signs[:, sign]
    return logsumexp(log_alpha)


def main():
    random = np.random.RandomState(0)
    states, signs = 3, 5
    data = [int(c) for c in "012340123401143201234012330123401234"]
    params = tuple(
        log_normalized(np.log(random.rand(*shape))) for shape in ((states,), (states, states), (states, signs))
    )
    history = []
    for _ in range(15):
        value, counts = value_and_grad(log_likelihood)(params, data)
        history.append(value)
        params = tuple(log_normalized(np.log(np.maximum(c, 1e-12))) for c in counts)
    return {
        "log-likelihoods": history[::7],
        "moves": np.exp(params[1]),
        "expected visits": [np.sum(counts[0]), np.sum(counts[1]), np.sum(counts[2])],
    }


EXPECTED = {
    "log-likelihoods": [-59.9825453978, -36.1626660401, -35.5850885858],
    "moves": [
        [1.42857142857e-13, 1.42857142857e-13, 1.0],
        [0.461538461538, 7.69230769231e-14, 0.538461538462],
        [3.22830780403e-13, 0.933333333333, 0.066666666667],
    ],
    "expected visits": [1.0, 35.0, 36.0],
}
TOLERANCE = 1e-8
