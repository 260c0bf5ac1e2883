"""
Values for test/ops/rms-norm.test.ts: torch.nn.RMSNorm's formula with PyTorch's tensors and gradients (PyTorch 1.13 has no
such layer yet).

    /usr/bin/python3 test/golden/make_rms_norm.py      rewrites rms-norm.json
"""
from common import draw, save, with_gradients

cases, seed = [], 17001
for shape, last, affine, eps in [
    ([3, 10], [10], True, 2.0 ** -23),
    ([2, 3, 16], [16], True, 1e-5),
    ([2, 3, 5, 7], [3, 5, 7], True, 1e-3),
    ([4, 33], [33], False, 2.0 ** -23),
    ([5, 1], [1], True, 0.5),
]:
    inputs = dict(x=draw(shape, seed))
    if affine:
        inputs["w"] = draw(last, seed + 1)
    x, axes = inputs["x"], tuple(range(len(shape) - len(last), len(shape)))
    y = x / (x.pow(2).mean(axes, keepdim=True) + eps).sqrt() * inputs.get("w", 1)
    case = dict(x=shape, last=last, affine=affine, eps=eps, seed=seed)
    cases.append(with_gradients(case, y, inputs, seed + 5))
    seed += 7
save("rms-norm", cases)
