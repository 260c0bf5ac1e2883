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


NETS = dict(
    dense=(lambda: nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), [6, 4]),
    gelu=(lambda: nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 3)), [6, 4]),
    convolutions=(lambda: nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2, 1), nn.Flatten(), nn.Linear(16, 3)), [5, 1, 11, 11]),
    attention=(Attention, [3, 4, 4]),
)
LOSSES = dict(
    crossEntropy=lambda y, n: F.cross_entropy(y, torch.arange(n) % 3),
    meanSquaredError=lambda y, n: F.mse_loss(y, draw([n, 3], 77).detach()),
)

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
            value = loss_of(model(draw(shape, seed + 99).detach()), shape[0])
            own = [p for _, p in parameters]
            gradients = torch.autograd.grad(value, own, create_graph=True)
            products = torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradients, vector)), own)
            cases.append(dict(net=net, loss=loss, mode=mode, seed=seed, shape=shape, value=float(value),
                              parameters=[dict(name=name, shape=list(p.shape), product=pack(h))
                                          for (name, p), h in zip(parameters, products)]))
            seed += 101
save("hessian", cases)
