"""
Images resized and cropped as torchvision's Resize (antialias) and CenterCrop do, by torch's own antialiased bilinear
filter in floats. Run: python3 test/golden/make_images.py
"""
from common import *


def image(width, height, seed):
    """Bytes of a grey image, as the test draws them."""
    values = np.floor((numbers(width * height, seed).astype(np.float64) + 1) * 128)
    return torch.tensor(values.reshape(1, 1, height, width))


def resize(x, size):
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)


def shorter_side(x, size):
    h, w = x.shape[2:]
    short, long = (w, h) if w <= h else (h, w)
    new_long = int(size * long / short)
    return resize(x, [new_long, size] if w <= h else [size, new_long])


def center_crop(x, size):
    h, w = x.shape[2:]
    top, left = int(round((h - size) / 2.0)), int(round((w - size) / 2.0))
    return x[:, :, top:top + size, left:left + size]


cases, seed = [], 1
for width, height, size in [(40, 30, 12), (31, 47, 10), (9, 14, 16), (64, 64, 7), (17, 16, 16), (100, 21, 8), (12, 12, 12)]:
    y = center_crop(shorter_side(image(width, height, seed), size), size)
    cases.append(dict(width=width, height=height, size=[size, size], fit="crop", seed=seed, y=pack(y.float())))
    seed += 1
for width, height, size in [(40, 30, [10, 25]), (5, 9, [12, 4]), (33, 20, [3, 3])]:
    y = resize(image(width, height, seed), size)
    cases.append(dict(width=width, height=height, size=size, fit="stretch", seed=seed, y=pack(y.float())))
    seed += 1
save("images", cases)
