"""
PyTorch's values for test/ops/normalisations.test.ts.

    /usr/bin/python3 test/golden/make_norm.py      rewrites normalisations.json
"""
import torch.nn.functional as F
from common import draw, save, with_gradients


def leaves(shape, parameters, seed, offset):
    """x, and weight and bias if there are any. The offset is added as float32, as the test does it."""
    x = draw(shape, seed)
    x = (x.detach().float() + offset).double().requires_grad_()
    if parameters is None:
        return dict(x=x), None, None
    w, b = draw(parameters, seed + 1), draw(parameters, seed + 2)
    return dict(x=x, w=w, b=b), w, b


cases, seed = [], 13001
for op, shape, parameters, groups, offset in [
    ("layer", [3, 10], [10], 0, 0),
    ("layer", [2, 3, 16], [16], 0, 0),
    ("layer", [2, 3, 5, 7], [3, 5, 7], 0, 0),
    ("layer", [4, 33], None, 0, 0),
    ("layer", [2, 64], [64], 0, 100),
    ("group", [2, 6, 5, 7], [6], 3, 0),
    ("group", [3, 4, 8, 8], [4], 1, 0),
    ("group", [2, 6, 9], [6], 2, 0),
    ("group", [3, 8], [8], 2, 0),
    ("group", [2, 4, 3, 3], None, 2, 0),
    ("group", [2, 4, 4, 4], [4], 2, 100),
    ("instance", [2, 3, 5, 5], [3], 0, 0),
    ("instance", [2, 3, 7], None, 0, 0),
    ("batch", [6, 5], [5], 0, 0),
    ("batch", [3, 4, 9], [4], 0, 0),
]:
    inputs, w, b = leaves(shape, parameters, seed, offset)
    x, eps = inputs["x"], 1e-5 if seed % 2 else 1e-3
    if op == "layer":
        y = F.layer_norm(x, parameters or shape[-1:], w, b, eps)
    elif op == "group":
        y = F.group_norm(x, groups, w, b, eps)
    elif op == "instance":
        y = F.instance_norm(x, None, None, w, b, True, 0.1, eps)
    else:
        y = F.batch_norm(x, None, None, w, b, True, 0.1, eps)
    case = dict(op=op, x=shape, groups=groups, eps=eps, offset=offset, seed=seed)
    if parameters:
        case["w"] = parameters
    cases.append(with_gradients(case, y, inputs, seed + 5))
    seed += 7
for shape, size, alpha, beta, k in [
    ([2, 9, 3, 5], 5, 5e-4, 0.75, 2),
    ([1, 7, 4, 4], 5, 1.0, 0.75, 1),
    ([2, 5, 6], 4, 0.7, 0.5, 1),
    ([1, 3, 2, 2], 7, 2.0, 1, 1.5),
    ([3, 8], 3, 1.0, 0.6, 2),
]:
    # F.local_response_norm wants three axes at least: N×C is N×C×1.
    inputs, _, _ = leaves(shape, None, seed, 0)
    x = inputs["x"]
    y = F.local_response_norm(x if len(shape) > 2 else x.unsqueeze(2), size, alpha, beta, k).view(shape)
    case = dict(op="response", x=shape, size=size, alpha=alpha, beta=beta, k=k, eps=0, offset=0, seed=seed)
    cases.append(with_gradients(case, y, inputs, seed + 5))
    seed += 7
save("normalisations", cases)
