"""
Values for test/look/hessian-vector-product.test.ts: PyTorch's products of the loss's Hessian with a vector, by
differentiating twice in float64.

    /usr/bin/python3 test/golden/make_hessian.py      rewrites hessian.json
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from common import draw, pack, save


class Attention(nn.Module):
    """Two heads of width 2 on four steps, with a residual path and layer normalisation, as in a transformer."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        y = x + self.attention(x, x, x, need_weights=True)[0]
        return self.head(self.norm(y).flatten(1))


class Recurrent(nn.Module):
    """A recurrent layer, its states after the last step or all of them, and a dense layer."""

    def __init__(self, cell, width, last):
        super().__init__()
        self.cell, self.last, self.head = cell, last, nn.Linear(width, 3)

    def forward(self, x):
        states = self.cell(x)[0]
        return self.head(states[:, -1] if self.last else states.flatten(1))


NETS = dict(
    dense=(lambda: nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), [6, 4]),
    gelu=(lambda: nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 3)), [6, 4]),
    convolutions=(lambda: nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2, 1), nn.Flatten(), nn.Linear(16, 3)), [5, 1, 11, 11]),
    attention=(Attention, [3, 4, 4]),
    rnn=(lambda: Recurrent(nn.RNN(2, 4, batch_first=True), 4, True), [3, 6, 2]),
    lstm=(lambda: Recurrent(nn.LSTM(2, 3, 2, batch_first=True, bidirectional=True), 30, False), [3, 5, 2]),
    gru=(lambda: Recurrent(nn.GRU(2, 3, batch_first=True, bidirectional=True), 24, False), [3, 4, 2]),
    # Windows of unequal size: rows 0–2 and 2–4, columns 0–1, 1–3 and 3–4.
    adaptive=(lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.AdaptiveMaxPool2d((2, 3)), nn.Flatten(), nn.Linear(12, 3)), [4, 1, 7, 7]),
)
LOSSES = dict(
    crossEntropy=lambda y, n: F.cross_entropy(y, torch.arange(n) % 3),
    meanSquaredError=lambda y, n: F.mse_loss(y, draw([n, 3], 77).detach()),
)



def gradients_at(value_of, own, vector, h):
    """The gradients where the weights have moved h along the vector."""
    with torch.no_grad():
        for p, v in zip(own, vector):
            p.add_(v, alpha=h)
    found = torch.autograd.grad(value_of(), own)
    with torch.no_grad():
        for p, v in zip(own, vector):
            p.add_(v, alpha=-h)
    return found


def check(value_of, own, vector, products):
    """Central differences of the gradients, of fourth order, in double precision agree."""
    h = 2**-12
    near, far = [[(a - b) / (2 * k * h) for a, b in zip(*(gradients_at(value_of, own, vector, s * k * h) for s in (1, -1)))]
                 for k in (1, 2)]
    largest = max(float(p.abs().max()) for p in products)
    for product, one, two in zip(products, near, far):
        error = float((product - (4 * one - two) / 3).abs().max()) / largest
        assert error < 1e-8, error


cases, seed = [], 23001
for net, (make, shape) in NETS.items():
    for loss, loss_of in LOSSES.items():
        for mode in ["training", "evaluation"] if net == "convolutions" else ["training"]:
            model = make().double().train(mode == "training")
            parameters = list(model.named_parameters())
            with torch.no_grad():
                for i, (_, p) in enumerate(parameters):
                    p.copy_(draw(list(p.shape), seed + i, 0.7))
            vector = [draw(list(p.shape), seed + 50 + i).detach() for i, (_, p) in enumerate(parameters)]
            x = draw(shape, seed + 99).detach()
            value_of = lambda: loss_of(model(x), shape[0])
            value = value_of()
            own = [p for _, p in parameters]
            gradients = torch.autograd.grad(value, own, create_graph=True)
            products = torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradients, vector)), own)
            if net != "convolutions":  # whose ReLU has kinks on the way
                check(value_of, own, vector, products)
            cases.append(dict(net=net, loss=loss, mode=mode, seed=seed, shape=shape, value=float(value),
                              parameters=[dict(name=name, shape=list(p.shape), product=pack(h))
                                          for (name, p), h in zip(parameters, products)]))
            seed += 101
save("hessian", cases)
