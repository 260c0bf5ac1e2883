"""
torchvision's middle of images of every parity, five_crop and ten_crop of small ones, and Pillow's grey of colours. Writes
crops.json. Needs torchvision and Pillow:

    /usr/bin/python3 test/golden/make_crops.py
"""
from common import *
from PIL import Image
from torchvision.transforms import functional as V

cases = []
for h, w, size in [(1, 4, [1, 3]), (1, 5, [1, 3]), (4, 7, [3, 4]), (9, 6, [4, 3]), (3, 3, [4, 5]), (5, 2, [2, 7]), (11, 10, [4, 7])]:
    x = torch.arange(h * w).reshape(1, h, w) + 1
    cases.append(dict(kind="center", shape=[1, h, w], size=size, values=V.center_crop(x, size).flatten().tolist()))
for h, w, size in [(4, 7, [3, 4]), (5, 6, [2, 3]), (7, 9, [3, 4])]:
    x = torch.arange(h * w).reshape(1, h, w) + 1
    cases.append(dict(kind="ten", shape=[1, h, w], size=size, values=[c.flatten().tolist() for c in V.ten_crop(x, size)]))
colours = [(0, 0, 250), (0, 125, 0), (250, 0, 0)] + [tuple(int(v) for v in (numbers(3, 41 + i) + 1) * 128) for i in range(200)]
greys = Image.fromarray(np.array([colours], np.uint8)).convert("L")
# Where rounding thousandths gives another grey.
odd = [(r, g, b) for r in range(0, 256, 5) for g in range(0, 256, 5) for b in range(0, 256, 5)
       if (299 * r + 587 * g + 114 * b + 500) // 1000 != (19595 * r + 38470 * g + 7471 * b + 32768) >> 16]
more = Image.fromarray(np.array([odd], np.uint8)).convert("L")
cases.append(dict(kind="grey", colours=[list(c) for c in colours + odd], values=list(greys.getdata()) + list(more.getdata())))
save("crops", cases)
