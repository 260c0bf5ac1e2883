"""
PyTorch's values for test/ops/pool-windows.test.ts and resample.test.ts.

    /usr/bin/python3 test/golden/make_pooling.py      rewrites pooling-windows.json and resampling.json
"""
import torch.nn.functional as F
from common import draw, save, with_gradients


def pooling_windows():
    cases, seed = [], 11001
    for shape, kernel, stride, padding, ceil in [
        ([2, 2, 7, 8], [3, 3], [2, 2], [1, 1], False),
        ([1, 2, 8, 7], [3, 3], [2, 2], [1, 1], True),
        ([1, 3, 6, 6], [3, 3], [2, 2], [0, 0], True),
        ([1, 1, 5, 9], [2, 4], [3, 1], [1, 2], False),
        ([2, 1, 5, 5], [2, 2], [3, 4], [1, 0], True),
        ([1, 1, 4, 4], [5, 5], [2, 2], [2, 2], True),
        ([1, 2, 1, 1], [3, 3], [1, 1], [1, 1], False),
        ([1, 1, 9, 13], [3, 3], [1, 1], [1, 1], False),
    ]:
        for kind in ["max", "avg", "avg"]:
            x = draw(shape, seed)
            count = seed % 2 == 0
            case = dict(kind=kind, x=shape, kernel=kernel, stride=stride, padding=padding,
                        ceilMode=ceil, countIncludePad=count, seed=seed)
            if kind == "max":
                y = F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)
            else:
                y = F.avg_pool2d(x, kernel, stride, padding, ceil_mode=ceil, count_include_pad=count)
            cases.append(with_gradients(case, y, dict(x=x), seed + 1))
            seed += 3
    for shape, size in [([2, 2, 7, 5], [3, 2]), ([1, 3, 6, 6], [6, 6]), ([1, 2, 5, 3], [7, 4]), ([2, 3, 4, 9], [1, 1])]:
        for kind, f in [("adaptive avg", F.adaptive_avg_pool2d), ("adaptive max", F.adaptive_max_pool2d)]:
            x = draw(shape, seed)
            case = dict(kind=kind, x=shape, size=size, seed=seed)
            cases.append(with_gradients(case, f(x, size), dict(x=x), seed + 1))
            seed += 2
    save("pooling-windows", cases)


def resampling():
    cases, seed = [], 12001
    for shape, how in [
        ([2, 2, 3, 4], dict(scale=2)),
        ([1, 2, 5, 7], dict(scale=1.5)),
        ([1, 1, 7, 5], dict(scale=[2.5, 0.5])),
        ([1, 2, 4, 6], dict(size=[9, 7])),
        ([1, 1, 9, 8], dict(size=[4, 3])),
        ([2, 1, 1, 1], dict(size=[3, 4])),
        ([1, 1, 6, 5], dict(size=[1, 5])),
    ]:
        for mode, corners in [("nearest", False), ("bilinear", False), ("bilinear", True)]:
            x = draw(shape, seed)
            y = F.interpolate(x, size=how.get("size"), scale_factor=how.get("scale"), mode=mode,
                              align_corners=corners if mode == "bilinear" else None)
            case = dict(op="upsample", x=shape, mode=mode, alignCorners=corners, seed=seed, **how)
            cases.append(with_gradients(case, y, dict(x=x), seed + 1))
            seed += 2
    for op, f, shape, r in [
        ("shuffle", F.pixel_shuffle, [2, 8, 3, 2], 2),
        ("shuffle", F.pixel_shuffle, [1, 9, 1, 5], 3),
        ("unshuffle", F.pixel_unshuffle, [2, 2, 6, 4], 2),
        ("unshuffle", F.pixel_unshuffle, [1, 1, 3, 6], 3),
    ]:
        x = draw(shape, seed)
        cases.append(with_gradients(dict(op=op, x=shape, r=r, seed=seed), f(x, r), dict(x=x), seed + 1))
        seed += 2
    save("resampling", cases)


pooling_windows()
resampling()
