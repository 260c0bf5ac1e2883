"""
Values for test/ops/gradient-penalty.test.ts: PyTorch's gradients of f^2 + (|df/dx| - 1)^2, with the penalty of Gulrajani et
al. 2017 ("Improved Training of Wasserstein GANs"), by the weights of f, and the product of its Hessian with a vector, which
takes third derivatives of f; in float64.

    /usr/bin/python3 test/golden/make_gradient_penalty.py      rewrites gradient-penalty.json
"""
import torch
import torch.nn as nn
from common import draw, pack, save


class Last(nn.Module):
    """The states after the last step."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        return self.cell(x)[0][:, -1]


class LayerNorm(nn.LayerNorm):
    """Written out: torch 1.13's own has wrong third derivatives, 20 % off differences of its second ones."""

    def forward(self, x):
        away = x - x.mean(1, True)
        return away / torch.sqrt(away.square().mean(1, True) + self.eps) * self.weight + self.bias


NETS = dict(
    tanh=(lambda: nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1)), [4]),
    leakyRelu=(lambda: nn.Sequential(nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Linear(5, 1)), [4]),
    layerNorm=(lambda: nn.Sequential(nn.Linear(4, 6), LayerNorm(6), nn.GELU(), nn.Linear(6, 1)), [4]),
    convolutions=(lambda: nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 1)), [1, 6, 6]),
    adaptive=(lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.AdaptiveMaxPool2d((2, 3)), nn.Flatten(), nn.Linear(12, 1)), [1, 7, 7]),
    lstm=(lambda: nn.Sequential(Last(nn.LSTM(2, 3, batch_first=True)), nn.Linear(3, 1)), [4, 2]),
    gru=(lambda: nn.Sequential(Last(nn.GRU(2, 3, batch_first=True)), nn.Linear(3, 1)), [4, 2]),
)

cases, seed, n = [], 61001, 3
for net, (make, shape) in NETS.items():
    model = make().double()
    parameters = list(model.parameters())
    with torch.no_grad():
        for i, p in enumerate(parameters):
            p.copy_(draw(list(p.shape), seed + i, 0.7))
    vector = [draw(list(p.shape), seed + 50 + i).detach() for i, p in enumerate(parameters)]
    x = draw([n, *shape], seed + 99)
    y = model(x)
    slope = torch.autograd.grad(y.sum(), x, create_graph=True)[0]
    value = (y.square() + (slope.flatten(1).square().sum(1, True).sqrt() - 1) ** 2).mean() / 2
    gradients = torch.autograd.grad(value, parameters, create_graph=True)
    rate = sum((g * v).sum() for g, v in zip(gradients, vector))
    products = torch.autograd.grad(rate, parameters)
    cases.append(dict(net=net, seed=seed, shape=shape, value=float(value), parameters=[
        dict(shape=list(p.shape), gradient=pack(g), product=pack(h))
        for p, g, h in zip(parameters, gradients, products)]))
    seed += 101
save("gradient-penalty", cases)
