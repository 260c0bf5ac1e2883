"""
Jacobians of a small net, from torch.autograd.functional.jacobian, one a sample.

    /usr/bin/python3 test/golden/make_jacobian.py      rewrites jacobian.json
"""
import torch
import torch.nn.functional as F
from common import draw, pack, save

conv, conv_bias = draw([2, 1, 3, 3], 5001), draw([2], 5002)
dense, dense_bias = draw([3, 18], 5003, 0.5), draw([3], 5004)
samples = draw([4, 1, 3, 3], 5005)


def net(x):
    hidden = torch.tanh(F.conv2d((x - 0.25) / 0.5, conv, conv_bias, padding=1))
    return torch.sigmoid(F.linear(hidden.flatten(1), dense, dense_bias))


rows = [torch.autograd.functional.jacobian(lambda x: net(x[None])[0], s) for s in samples]
weights = {"0.weight": conv, "0.bias": conv_bias, "3.weight": dense, "3.bias": dense_bias}
save(
    "jacobian",
    [
        {
            "weights": {name: pack(w) for name, w in weights.items()},
            "samples": pack(samples),
            "jacobian": pack(torch.stack(rows)),
        }
    ],
)
