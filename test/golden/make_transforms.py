"""
Values for test/data/transforms.test.ts: PyTorch's grid_sample and interpolate, Python's colorsys.

    /usr/bin/python3 test/golden/make_transforms.py      rewrites transforms.json
"""
import colorsys
import numpy as np
import torch
import torch.nn.functional as F
from common import draw, numbers, pack, save

cases = []


def affine(shape, seed, angle, translate, scale, shear, fill):
    """The definition as torchvision's documentation has it: T·C·R·S·SHy·SHx·C⁻¹, inverted as a matrix."""
    C, h, w = shape
    a, sx, sy = np.radians([angle, *shear])
    move = lambda x, y: np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    centre = ((w - 1) / 2, (h - 1) / 2)
    rotation = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    shear_x = np.array([[1, -np.tan(sx), 0], [0, 1, 0], [0, 0, 1]])
    shear_y = np.array([[1, 0, 0], [-np.tan(sy), 1, 0], [0, 0, 1]])
    m = move(*translate) @ move(*centre) @ rotation @ np.diag([scale, scale, 1]) @ shear_y @ shear_x @ move(-centre[0], -centre[1])
    inverse = np.linalg.inv(m)
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float64)
    places = np.einsum("ij,jhw->ihw", inverse, np.stack([xs, ys, np.ones_like(xs)]))
    grid = torch.tensor(np.stack([(2 * places[0] + 1) / w - 1, (2 * places[1] + 1) / h - 1], -1))[None]
    x = draw([1, *shape], seed).detach()
    y = F.grid_sample(x - fill, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + fill
    settings = dict(angle=angle, translate=translate, scale=scale, shear=shear, fill=fill)
    cases.append(dict(kind="affine", shape=shape, seed=seed, settings=settings, y=pack(y)))


def resize(shape, seed, size, antialias):
    x = draw([1, *shape], seed).detach()
    y = F.interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=antialias)
    settings = dict(size=size, antialias=antialias)
    cases.append(dict(kind="resize", shape=shape, seed=seed, settings=settings, y=pack(y)))


def hue(shape, seed, turn):
    x = (numbers(int(np.prod(shape)), seed).reshape(3, -1).astype(np.float64) + 1) / 2
    y = np.empty_like(x)
    for e in range(x.shape[1]):
        h, s, v = colorsys.rgb_to_hsv(*x[:, e])
        y[:, e] = colorsys.hsv_to_rgb((h + turn) % 1, s, v)
    cases.append(dict(kind="hue", shape=shape, seed=seed, settings=dict(turn=turn), y=pack(torch.tensor(y))))


affine([1, 9, 9], 21001, 0, [0, 0], 1, [0, 0], 0)
affine([1, 28, 28], 21002, 12.5, [1.25, -2.5], 0.9, [5, -3], 0)
affine([3, 7, 12], 21003, -77, [0, 3], 1.7, [0, 20], 0.5)
affine([2, 13, 5], 21004, 180, [-4, 0.5], 0.4, [-30, 0], -1)
affine([1, 6, 31], 21005, 300, [20, 1], 1.1, [1, 1], 0.25)
for i, (shape, size, antialias) in enumerate([
    ([1, 28, 28], [14, 14], True), ([3, 10, 7], [4, 6], True), ([1, 5, 4], [11, 9], True), ([2, 9, 16], [3, 16], True),
    ([1, 28, 28], [13, 20], False), ([3, 5, 6], [12, 7], False), ([1, 7, 7], [1, 1], True), ([1, 1, 1], [3, 5], True),
]):
    resize(shape, 22001 + i, size, antialias)
for i, turn in enumerate([0.1, -0.3, 0.5]):
    hue([3, 6, 5], 23001 + i, turn)
save("transforms", cases)
