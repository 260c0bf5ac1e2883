"""
The convolutions' values and gradients from PyTorch, for test/ops/conv-variants.test.ts.

    /usr/bin/python3 test/golden/make_conv.py      rewrites conv-variants.json
"""
import torch
import torch.nn.functional as F
from common import draw, save, with_gradients

cases, seed = [], 7001


def add(kind, x, w, b, run, **settings):
    global seed
    names = dict(x=draw(x, seed), w=draw(w, seed + 1), b=draw(b, seed + 2)) if w else dict(x=draw(x, seed))
    case = dict(kind=kind, x=x, **(dict(w=w, b=b) if w else {}), **settings, seed=seed)
    cases.append(with_gradients(case, run(**names), names, seed + 3))
    seed += 5


def conv2d(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1, mode="zeros"):
    def run(x, w, b):
        if mode == "zeros":
            return F.conv2d(x, w, b, stride, padding, dilation, groups)
        v, h = padding
        return F.conv2d(F.pad(x, (h, h, v, v), mode=mode), w, b, stride, 0, dilation, groups)

    add("conv2d", x, w, [w[0]], run, stride=stride, padding=padding, dilation=dilation, groups=groups, mode=mode)


conv2d([2, 4, 7, 9], [6, 2, 3, 3], padding=(1, 1), groups=2)
conv2d([1, 6, 9, 8], [9, 2, 3, 2], stride=(2, 1), padding=(0, 1), groups=3)
conv2d([2, 3, 11, 10], [4, 3, 3, 3], padding=(2, 2), dilation=(2, 2))
conv2d([1, 2, 12, 19], [3, 2, 3, 2], stride=(2, 3), padding=(1, 0), dilation=(3, 2))
conv2d([1, 4, 8, 21], [8, 1, 3, 3], padding=(1, 1), dilation=(1, 2), groups=4)
conv2d([2, 5, 9, 9], [5, 1, 3, 3], stride=(2, 2), padding=(1, 1), groups=5)
conv2d([1, 3, 6, 7], [3, 1, 5, 4], stride=(3, 3), padding=(2, 1), groups=3)
conv2d([2, 2, 5, 6], [3, 2, 3, 3], padding=(1, 2), mode="replicate")
conv2d([1, 2, 6, 5], [2, 1, 3, 3], padding=(2, 1), groups=2, mode="reflect")
conv2d([1, 2, 7, 6], [3, 2, 4, 2], padding="same")
conv2d([1, 2, 9, 8], [2, 2, 2, 3], padding="same", dilation=(3, 1))
conv2d([1, 2, 7, 6], [3, 2, 4, 2], padding="valid")


def transposed(x, w, stride=(1, 1), padding=(0, 0), extra=(0, 0), dilation=(1, 1), groups=1):
    def run(x, w, b):
        return F.conv_transpose2d(x, w, b, stride, padding, extra, groups, dilation)

    settings = dict(stride=stride, padding=padding, outputPadding=extra, dilation=dilation, groups=groups)
    add("convTranspose2d", x, w, [w[1] * groups], run, **settings)


transposed([2, 3, 4, 5], [3, 4, 3, 3])
transposed([1, 4, 5, 3], [4, 2, 3, 2], stride=(2, 2), padding=(1, 0), extra=(1, 1))
transposed([1, 4, 4, 4], [4, 3, 4, 4], stride=(2, 2), padding=(1, 1), groups=2)
transposed([2, 2, 3, 4], [2, 2, 2, 3], stride=(1, 3), dilation=(2, 2), extra=(0, 2))
transposed([1, 6, 5, 6], [6, 1, 3, 3], stride=(2, 1), padding=(1, 1), extra=(1, 0), groups=6)
transposed([1, 8, 6, 7], [8, 8, 3, 3], padding=(1, 1))
transposed([1, 1, 6, 6], [1, 3, 2, 2], extra=(2, 2), dilation=(3, 3))
transposed([2, 4, 3, 4], [4, 2, 3, 2], stride=(2, 1), padding=(1, 2), extra=(4, 2), dilation=(5, 3), groups=2)


def conv1d(x, w, stride=1, padding=0, dilation=1, groups=1):
    def run(x, w, b):
        return F.conv1d(x, w, b, stride, padding, dilation, groups)

    add("conv1d", x, w, [w[0]], run, stride=stride, padding=padding, dilation=dilation, groups=groups)


conv1d([2, 3, 20], [4, 3, 5], padding=2)
conv1d([1, 4, 23], [6, 2, 3], stride=2, padding=1, dilation=2, groups=2)
conv1d([2, 2, 9], [3, 2, 4], padding="same")

for mode in ["constant", "replicate", "reflect"]:
    def run(x):
        return F.pad(x, (2, 1, 0, 3), mode=mode, **(dict(value=0.5) if mode == "constant" else {}))

    add("pad2d", [2, 2, 4, 5], None, None, run, mode=mode)


def unshared(x, w, b):
    patches = F.unfold(x, (3, 2), stride=(2, 1)).reshape(2, 12, 3, 4)
    return torch.einsum("nkpq,pqko->nopq", patches, w) + b


add("locallyConnected2d", [2, 2, 7, 5], [3, 4, 12, 5], [5, 3, 4], unshared, kernel=(3, 2), stride=(2, 1))
# What Winograd's algorithm takes over: groups, 5×5 filters, planes of 2×2.
conv2d([2, 16, 6, 7], [16, 8, 3, 3], padding=(1, 1), groups=2)
conv2d([1, 16, 9, 10], [8, 16, 5, 5], padding=(2, 2))
conv2d([3, 16, 2, 2], [8, 16, 3, 3], padding=(1, 1))
save("conv-variants", cases)
