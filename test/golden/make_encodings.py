"""
PyTorch's values for test/layers/encodings.test.ts: the piecewise-linear encoding by its printed formula (Gorishniy et al.
2022, equation 1), case by case, and smooth clipping.

    /usr/bin/python3 test/golden/make_encodings.py      rewrites encodings.json
"""
import torch
from common import draw, save, with_gradients


def encode(x, edges):
    columns = []
    for feature, e in enumerate(edges):
        v = x[:, feature]
        for t in range(1, len(e)):
            y = (v - e[t - 1]) / (e[t] - e[t - 1])
            if t > 1:
                y = torch.where(v < e[t - 1], torch.zeros_like(v), y)
            if t < len(e) - 1:
                y = torch.where(v >= e[t], torch.ones_like(v), y)
            columns.append(y)
    return torch.stack(columns, 1)


cases, seed = [], 19001
for rows, edges in [
    (5, [[-0.5, 0, 0.5], [0, 1], [-0.75, -0.5, 0.125, 0.25, 0.5]]),
    (40, [[-0.875, -0.25, 0.75]]),
    (17, [[-0.25, 0.5], [-1, 1]]),
]:
    x = draw([rows, len(edges)], seed)
    case = dict(kind="piecewiseLinear", settings=dict(edges=edges), x=[rows, len(edges)], seed=seed)
    cases.append(with_gradients(case, encode(x, edges), dict(x=x), seed + 5))
    seed += 7
for shape, bound in [([6, 5], 3), ([2, 3, 4], 0.25)]:
    x = draw(shape, seed)
    case = dict(kind="smoothClip", settings=dict(bound=bound), x=shape, seed=seed)
    cases.append(with_gradients(case, x / (1 + (x / bound) ** 2).sqrt(), dict(x=x), seed + 5))
    seed += 7
save("encodings", cases)
