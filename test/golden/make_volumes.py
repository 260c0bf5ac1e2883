"""
Values for test/ops/volumes.test.ts: torch's conv3d, max_pool3d and avg_pool3d with their gradients.

    /usr/bin/python3 test/golden/make_volumes.py      rewrites volumes.json
"""
import torch.nn.functional as F
from common import draw, save, with_gradients

cases, seed = [], 51001
for x, w, bias, stride, padding, dilation, groups in [
    ([2, 3, 5, 6, 4], [4, 3, 3, 3, 2], True, (1, 1, 1), (1, 1, 0), (1, 1, 1), 1),
    ([1, 4, 7, 5, 6], [6, 2, 3, 2, 3], True, (2, 1, 2), (0, 1, 1), (2, 1, 1), 2),
    ([2, 2, 3, 4, 4], [3, 2, 1, 3, 3], False, (1, 2, 2), (0, 1, 1), (1, 1, 1), 1),
    ([1, 3, 4, 4, 5], [6, 1, 2, 2, 2], True, (1, 1, 1), (1, 0, 1), (1, 2, 1), 3),
]:
    inputs = dict(x=draw(x, seed), w=draw(w, seed + 1))
    if bias:
        inputs["b"] = draw([w[0]], seed + 2)
    y = F.conv3d(inputs["x"], inputs["w"], inputs.get("b"), stride, padding, dilation, groups)
    case = dict(op="conv3d", shapes=[list(t.shape) for t in inputs.values()], seed=seed,
                attributes=dict(stride=stride, padding=padding, dilation=dilation, groups=groups))
    cases.append(with_gradients(case, y, inputs, seed + 9))
    seed += 20
for x, kernel, stride, padding, ceil in [
    ([2, 3, 5, 6, 4], (2, 3, 2), (2, 2, 1), (0, 1, 1), False),
    ([1, 2, 7, 5, 6], (3, 3, 3), (2, 2, 2), (1, 1, 1), True),
    ([1, 1, 2, 2, 9], (2, 2, 3), (2, 2, 3), (0, 0, 0), False),
]:
    for op in ["maxPool3d", "avgPool3d", "avgPool3dOwn"]:
        inputs = dict(x=draw(x, seed))
        attributes = dict(kernel=kernel, stride=stride, padding=padding, ceilMode=ceil)
        if op == "maxPool3d":
            y = F.max_pool3d(inputs["x"], kernel, stride, padding, ceil_mode=ceil)
        else:
            attributes["countIncludePad"] = op == "avgPool3d"
            y = F.avg_pool3d(inputs["x"], kernel, stride, padding, ceil, op == "avgPool3d")
        cases.append(with_gradients(dict(op=op[:9], shapes=[x], seed=seed, attributes=attributes), y, inputs, seed + 9))
        seed += 20
save("volumes", cases)
