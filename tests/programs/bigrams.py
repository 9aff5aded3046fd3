"""Which letter follows which: a net of one layer learns the table of bigrams; as makemore's first lecture."""

import numpy as np

import fastpath as torch  # torch: import torch
import fastpath.nn.functional as F  # torch: import torch.nn.functional as F

WORDS = ["emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "ella", "luna", "nora", "lily", "leo", "noah"]
LETTERS = sorted(set("".join(WORDS)))
PLACE = {s: i + 1 for i, s in enumerate(LETTERS)} | {".": 0}
N = len(PLACE)


def main():
    pairs = [(PLACE[a], PLACE[b]) for w in WORDS for a, b in zip("." + w, w + ".")]
    xs = torch.tensor([a for a, _ in pairs])
    ys = torch.tensor([b for _, b in pairs])
    num = len(pairs)
    W = torch.tensor(np.random.RandomState(0).randn(N, N), requires_grad=True)
    losses = []
    for _ in range(30):
        xenc = F.one_hot(xs, num_classes=N).float()
        logits = xenc @ W.float()
        counts = logits.exp()
        probs = counts / counts.sum(1, keepdims=True)
        loss = -probs[torch.arange(num), ys].log().mean() + 0.01 * (W**2).mean()
        losses.append(loss.item())
        W.grad = None
        loss.backward()
        W.data += -20 * W.grad
    return {"losses": losses[::9], "after a": probs[PLACE["a"], :5], "W": W[0, :4]}


EXPECTED = {
    "losses": [3.07030196013, 1.59329341001, 1.40129261724, 1.34852909278],
    "after a": [0.00281615974382, 0.00649276562035, 0.00456490088254, 0.00805560778826, 0.00564527278766],
    "W": [-0.782270677335, 2.47893574322, -0.852699818503, 2.47893574791],
}
TOLERANCE = 1e-4  # it is computed in float32
