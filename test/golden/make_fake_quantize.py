"""
Values for test/ops/fake-quantize.test.ts: torch.fake_quantize_per_tensor_affine and torch.fake_quantize_per_channel_affine,
whose scales are max|x[c]|/127.

    /usr/bin/python3 test/golden/make_fake_quantize.py      rewrites fake-quantize.json
"""
import torch
from common import draw, pack, save, with_gradients

cases, seed = [], 31001
for shape, scale, zero, low, high in [
    ([33], 0.01, 64, 0, 127),
    ([4, 7], 0.004, 0, 0, 127),
    ([2, 3, 5], 0.011, 100, 0, 127),
    ([2, 2, 3, 3], 1 / 32, 0, -128, 127),
    # Every value is between two steps of a quarter.
    ([64], 0.25, 2, 0, 6),
]:
    x = draw(shape, seed)
    if scale == 0.25:
        x = ((x * 16).round() / 8).detach().requires_grad_()
    y = torch.fake_quantize_per_tensor_affine(x.float(), scale, zero, low, high)
    case = dict(kind="tensor", x=shape, scale=scale, zero=zero, low=low, high=high, seed=seed)
    case["values"] = pack(x)
    cases.append(with_gradients(case, y, dict(x=x), seed + 5))
    seed += 7
for shape in [[3, 10], [1, 1], [5, 2, 3, 3], [16, 1, 5, 5]]:
    x = draw(shape, seed)
    scales = x.detach().float().flatten(1).abs().amax(1) / 127
    zeros = torch.zeros(shape[0], dtype=torch.int32)
    y = torch.fake_quantize_per_channel_affine(x.float(), scales, zeros, 0, -127, 127)
    case = dict(kind="channels", x=shape, seed=seed, values=pack(x))
    cases.append(with_gradients(case, y, dict(x=x), seed + 5))
    seed += 7
save("fake-quantize", cases)
