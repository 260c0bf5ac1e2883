"""
torchvision's own nets, their channels divided by 64, with drawn weights and moved statistics: a file as users have it
(torch.save of a state dictionary) and torchvision's probabilities of some images of bytes, scaled as its pretrained weights
want. Writes torch/resnet18-small.pt and torch/torchvision.json.

    /usr/bin/python3 test/golden/make_torchvision.py

full_torchvision.py compares the nets at full size; its files would be too large to keep.
"""
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn

HERE = Path(__file__).parent / "torch"
WIDTH = 1 / 64


def shrink(cls, *, keep):
    """The class with its channels, but for those in `keep`, multiplied by WIDTH."""
    width = lambda n: n if n in keep else max(1, round(n * WIDTH))

    class Small(cls):
        def __init__(self, first, second=None, *args, **options):
            if second is None or cls is nn.BatchNorm2d:
                super().__init__(width(first), *args, **options)
            else:
                super().__init__(width(first), width(second), *args, **options)

    return Small


def small(make):
    """A net of torchvision's that is made with few channels."""
    kept = nn.Conv2d, nn.BatchNorm2d, nn.Linear
    nn.Conv2d, nn.BatchNorm2d = shrink(nn.Conv2d, keep=[3]), shrink(nn.BatchNorm2d, keep=[])
    nn.Linear = shrink(nn.Linear, keep=[5])
    try:
        return make()
    finally:
        nn.Conv2d, nn.BatchNorm2d, nn.Linear = kept


def images(count, size):
    """Bytes as a formula gives them, count×3×size×size."""
    i = np.arange(count * 3 * size * size, dtype=np.int64)
    return ((i * i * 7 + i * 13 + i // 97) % 256).astype(np.uint8).reshape(count, 3, size, size)


def scaled(bytes_):
    normalize = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    return normalize(torch.from_numpy(bytes_).float() / 255)


if __name__ == "__main__":
    torch.manual_seed(3)
    net = small(lambda: torchvision.models.resnet18(num_classes=5))
    x = scaled(images(4, 32))
    net.train()
    with torch.no_grad():
        for _ in range(5):
            net(x)
    net.eval()
    with torch.no_grad():
        y = torch.softmax(net.double()(x.double()), 1)
    torch.save(net.float().state_dict(), HERE / "resnet18-small.pt")
    (HERE / "torchvision.json").write_text(json.dumps({"count": 4, "size": 32, "width": WIDTH, "probabilities": y.reshape(-1).tolist()}) + "\n")
    print((HERE / "resnet18-small.pt").stat().st_size, y)
