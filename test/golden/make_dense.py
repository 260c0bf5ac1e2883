"""
A net of convolutions and dense layers, whose dense layers become convolutions and are run over a larger image, and
torchvision's crops of resized squares, mirrored. Writes dense.json. Needs torchvision:

    /usr/bin/python3 test/golden/make_dense.py
"""
from common import *
from torchvision.transforms import functional as V

X, NET = 7, 20
cases = []
for channels, h, w, pool in [(1, 13, 17, None), (2, 14, 12, "avg")]:
    x = draw([2, channels, h, w], X).detach()
    c = 3
    w1, b1 = draw([c, channels, 3, 3], NET).detach(), draw([c], NET + 1).detach()
    w2, b2 = draw([5, c * 9 if pool is None else c], NET + 2).detach(), draw([5], NET + 3).detach()
    w3, b3 = draw([4, 5], NET + 4).detach(), draw([4], NET + 5).detach()
    y = F.max_pool2d(F.relu(F.conv2d(x, w1, b1)), 2)
    # The net itself sees 8×8: planes of 3×3, flattened or averaged.
    if pool is None:
        y = F.conv2d(y, w2.view(5, c, 3, 3), b2)
    else:
        y = F.conv2d(F.avg_pool2d(y, 3, stride=1), w2.view(5, c, 1, 1), b2)
    y = F.conv2d(F.relu(y), w3.view(4, 5, 1, 1), b3)
    cases.append(dict(kind="dense", shape=[channels, h, w], pool=pool is not None, places=list(y.shape[1:]),
                      map=pack(y), mean=pack(y.mean((2, 3)))))
for h, w, size, edges in [(9, 14, 6, [8, 11]), (13, 10, 7, [7, 9]), (8, 8, 5, [6])]:
    x = draw([1, h, w], X).detach().float()
    views = []
    for image in (x, V.hflip(x)):
        for edge in edges:
            scaled = V.resize(image, edge, antialias=True)
            _, H, W = scaled.shape
            first = V.crop(scaled, 0, 0, edge, edge)
            last = V.crop(scaled, H - edge, W - edge, edge, edge)
            for square in (first, V.center_crop(scaled, edge), last):
                views += [*V.five_crop(square, size), V.resize(square, [size, size], antialias=True)]
    # The mirrored image's first and last squares, and its corners, are those of the mirrored image here.
    cases.append(dict(kind="crops", shape=[1, h, w], size=size, edges=edges, count=len(views),
                      values=pack(torch.stack(views))))
save("dense", cases)
