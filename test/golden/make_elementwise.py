"""
Reference values from PyTorch for test/ops/elementwise-golden.test.ts: activations, arithmetic with broadcasting,
reductions, layouts and batched products.

    /usr/bin/python3 test/golden/make_elementwise.py      rewrites elementwise.json
"""
import torch
import torch.nn.functional as F
from common import draw, save, with_gradients

ACTIVATIONS = dict(
    leakyRelu=lambda x: F.leaky_relu(x, 0.2),
    elu=lambda x: F.elu(x, 1.5),
    selu=F.selu,
    gelu=F.gelu,
    geluTanh=lambda x: 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))),
    silu=F.silu,
    softplus=F.softplus,
    hardSigmoid=F.hardsigmoid,
    hardSwish=F.hardswish,
    hardTanh=lambda x: F.hardtanh(x, -0.5, 2.0),
    clamp=lambda x: torch.clamp(x, -2, 1),
    exp=torch.exp,
    erf=torch.erf,
    abs=torch.abs,
    softmax=lambda x: F.softmax(x, -1),
    logSoftmax=lambda x: F.log_softmax(x, -1),
)
OTHERS = [
    ("prelu", [[2, 3, 4, 5], [3]], F.prelu),
    ("add", [[2, 3, 4], [3, 1]], torch.add),
    ("subtract", [[2, 3, 4], [4]], torch.subtract),
    ("multiply", [[2, 3, 4, 5], [3, 1, 1]], torch.multiply),
    ("divide", [[5, 1], [1, 6]], lambda a, b: a / b),
    ("maximum", [[3, 5], [5]], torch.maximum),
    ("minimum", [[3, 5], [3, 1]], torch.minimum),
    ("sum", [[2, 3, 5, 7]], lambda x: x.sum((0, 2, 3))),
    ("mean", [[2, 3, 5, 7]], lambda x: x.mean((1, 3), keepdim=True)),
    ("max", [[2, 3, 5, 7]], lambda x: x.amax((0, 2))),
    ("permute", [[2, 3, 5, 4]], lambda x: x.permute(0, 2, 1, 3)),
    ("concat", [[2, 3, 4], [2, 1, 4], [2, 5, 4]], lambda *parts: torch.cat(parts, 1)),
    ("slice", [[3, 5, 7]], lambda x: x[1:, :, 2:-1]),
    ("pad", [[2, 3, 4]], lambda x: F.pad(x, (2, 1, 0, 3), value=0.5)),
    ("batchMatmul", [[2, 3, 5, 7], [2, 3, 7, 4]], torch.matmul),
]

cases, seed = [], 7001
for kind, f in ACTIVATIONS.items():
    # Doubles of float32 inputs, so that both sides start from the same numbers.
    x = draw([5, 13], seed, 4)
    cases.append(with_gradients(dict(kind=kind, shapes=[[5, 13]], scale=4, seed=seed), f(x), {"0": x}, seed + 99))
    seed += 3
for kind, shapes, f in OTHERS:
    leaves = [draw(shape, seed + i) for i, shape in enumerate(shapes)]
    inputs = {str(i): leaf for i, leaf in enumerate(leaves)}
    case = dict(kind=kind, shapes=shapes, scale=1, seed=seed)
    cases.append(with_gradients(case, f(*leaves), inputs, seed + 99))
    seed += 5
save("elementwise", cases)
