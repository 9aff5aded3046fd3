"""A net with uncertain weights: black-box variational inference, many weight samples at once (einsum); as autograd's
bayesian_neural_net.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad

SHAPES = [(1, 8), (8, 8), (8, 1)]
COUNT = sum((m + 1) * n for m, n in SHAPES)


def layers(weights):
    for m, n in SHAPES:
        yield weights[:, : m * n].reshape((len(weights), m, n)), weights[:, m * n : m * n + n].reshape((-1, 1, n))
        weights = weights[:, (m + 1) * n :]


def predictions(weights, inputs):
    inputs = np.expand_dims(inputs, 0)
    for W, b in layers(weights):
        outputs = np.einsum("mnd,mdo->mno", inputs, W) + b
        inputs = np.exp(-(outputs**2))
    return outputs


def log_posterior(weights, inputs, targets):
    prior = -0.1 * np.sum(weights**2, axis=1)
    return prior - np.sum((predictions(weights, inputs) - targets) ** 2, axis=1)[:, 0] / 0.01


def main():
    random = np.random.RandomState(0)
    inputs = np.concatenate([np.linspace(0, 2, num=10), np.linspace(6, 8, num=10)])
    targets = (np.cos(inputs) + 0.1 * random.randn(20)).reshape((20, 1))
    inputs = ((inputs - 4.0) / 4.0).reshape((20, 1))

    def objective(params, t):
        mean, log_std = params[:COUNT], params[COUNT:]
        samples = random.randn(10, COUNT) * np.exp(log_std) + mean
        entropy = 0.5 * COUNT * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
        return -(entropy + np.mean(log_posterior(samples, inputs, targets)))

    params = np.concatenate([random.randn(COUNT), -5 * np.ones(COUNT)])
    m, v, losses = np.zeros(len(params)), np.zeros(len(params)), []
    for t in range(40):
        loss, g = value_and_grad(objective)(params, t)
        m, v = 0.1 * g + 0.9 * m, 0.001 * g**2 + 0.999 * v
        params = params - 0.1 * (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        losses.append(loss)
    return {"losses": losses[::13], "means": params[:4], "logs of deviations": params[-4:]}


EXPECTED = {
    "losses": [20992.7086977, 676.793580576, 475.012206664, 266.198550634],
    "means": [-1.83372695579, 1.27810513815, 0.773666520145, -0.182780044477],
    "logs of deviations": [-1.01835993157, -1.89225018845, -3.64441869323, -4.47859916725],
}
TOLERANCE = 1e-8
