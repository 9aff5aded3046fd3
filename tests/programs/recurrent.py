"""A recurrent net that learns to spell; as autograd's rnn.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.special import logsumexp  # autograd: from autograd.scipy.special import logsumexp
from scalargrad import grad  # autograd: from autograd import grad

TEXT = ["the cat sat on ", "the mat and the", " rat that ate t", "he hat sat too "]
ALPHABET = sorted(set("".join(TEXT)))


def concatenate_and_multiply(weights, *parts):
    state = np.hstack((*parts, np.ones((parts[0].shape[0], 1))))
    return np.dot(state, weights)


def one_hot(text):
    return np.array([[c == other for other in ALPHABET] for c in text], dtype=float)


def predict(params, inputs):
    hiddens = np.repeat(params["init hiddens"], inputs.shape[1], axis=0)
    for letters in inputs:
        scores = concatenate_and_multiply(params["predict"], hiddens)
        yield scores - logsumexp(scores, axis=1, keepdims=True)
        hiddens = np.tanh(concatenate_and_multiply(params["change"], letters, hiddens))


def loss(params, inputs):
    likelihood = 0.0
    for log_probabilities, letters in zip(predict(params, inputs), inputs):
        likelihood += np.sum(log_probabilities * letters)
    return -likelihood / (inputs.shape[0] * inputs.shape[1])


def main():
    random = np.random.RandomState(0)
    n, size = len(ALPHABET), 10
    inputs = np.stack([one_hot(text) for text in TEXT], axis=1)
    params = {
        "init hiddens": 0.1 * random.randn(1, size),
        "change": 0.3 * random.randn(n + size + 1, size),
        "predict": 0.3 * random.randn(size + 1, n),
    }
    losses = []
    gradient = grad(loss)
    for _ in range(30):
        g = gradient(params, inputs)
        params = {name: params[name] - 1.0 * g[name] for name in params}
        losses.append(loss(params, inputs))
    guesses = [np.argmax(p[0]) for p in predict(params, inputs)]
    return {"losses": losses[::9], "init hiddens": params["init hiddens"][0, :4], "guesses": guesses}


EXPECTED = {
    "losses": [2.22583561198, 1.42572268554, 1.20189380164, 0.838071884134],
    "init hiddens": [0.0138752419975, 0.0113907290156, 0.103812818103, 0.516610366008],
    "guesses": [11.0, 5.0, 4.0, 0.0, 10.0, 1.0, 11.0, 0.0, 1.0, 1.0, 11.0, 0.0, 11.0, 0.0, 0.0],
}
TOLERANCE = 1e-8
