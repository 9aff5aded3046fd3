"""The next letter from the three before it: embedding, hidden layer with batch normalization, softmax; as makemore's
lectures on the multilayer perceptron and on batch normalization."""

import numpy as np

import fastpath as torch  # torch: import torch
import fastpath.nn.functional as F  # torch: import torch.nn.functional as F

WORDS = ["emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "ella", "luna", "nora", "lily", "leo", "noah"]
ITOS = dict(enumerate([".", *sorted(set("".join(WORDS)))]))
STOI = {s: i for i, s in ITOS.items()}
BLOCK, SIZE, HIDDEN = 3, 4, 20


def dataset():
    X, Y = [], []
    for w in WORDS:
        context = [0] * BLOCK
        for letter in w + ".":
            X.append(context)
            Y.append(STOI[letter])
            context = [*context[1:], STOI[letter]]
    return torch.tensor(X), torch.tensor(Y)


def main():
    X, Y = dataset()
    n, random = len(ITOS), np.random.RandomState(42)
    C = torch.tensor(random.randn(n, SIZE))
    W1 = torch.tensor(random.randn(SIZE * BLOCK, HIDDEN) * (5 / 3) / (SIZE * BLOCK) ** 0.5)
    W2 = torch.tensor(random.randn(HIDDEN, n) * 0.1)
    b2 = torch.tensor(random.randn(n) * 0.1)
    gain, bias = torch.ones((1, HIDDEN)), torch.zeros((1, HIDDEN))
    mean_running, std_running = torch.zeros((1, HIDDEN)), torch.ones((1, HIDDEN))
    parameters = [C, W1, W2, b2, gain, bias]
    for p in parameters:
        p.requires_grad = True

    losses = []
    for _ in range(40):
        places = torch.tensor(random.randint(0, X.shape[0], (16,)))
        emb = C[X[places]]
        hpreact = emb.view(emb.shape[0], -1) @ W1
        mean = hpreact.mean(0, keepdims=True)
        difference = hpreact - mean
        std = (1 / 15 * (difference**2).sum(0, keepdims=True) + 1e-5) ** 0.5
        hpreact = gain * difference / std + bias
        with torch.no_grad():
            mean_running = 0.9 * mean_running + 0.1 * mean
            std_running = 0.9 * std_running + 0.1 * std
        h = torch.tanh(hpreact)
        logits = h @ W2 + b2
        loss = F.cross_entropy(logits, Y[places])
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            p.data += -0.3 * p.grad
        losses.append(loss.item())

    with torch.no_grad():
        hpreact = C[X].view(-1, SIZE * BLOCK) @ W1
        h = torch.tanh(gain * (hpreact - mean_running) / std_running + bias)
        whole = F.cross_entropy(h @ W2 + b2, Y)
    return {
        "losses": losses[::13],
        "of all letters": whole.item(),
        "gain": gain[0, :4],
        "embedding of a": C[STOI["a"]],
        "numbers": sum(p.nelement() for p in parameters),
    }


EXPECTED = {
    "losses": [2.78079676318, 2.25812025099, 1.56751438585, 1.85465167983],
    "of all letters": 1.57887213469,
    "gain": [1.04331829612, 1.06980649996, 1.07478659649, 1.04216613938],
    "embedding of a": [-0.301570702574, -0.177555979107, 1.88576784395, 0.744571330187],
    "numbers": 680.0,
}
TOLERANCE = 1e-8
