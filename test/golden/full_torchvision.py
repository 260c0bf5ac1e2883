"""
torchvision's nets at full size: state dictionaries as torch.save writes them, read by Lanewise under their own names, and
both sides' scores of two images of bytes. The files take up to 550 MB, so that they are not kept. Needs a build (npm run
build), PyTorch and torchvision:

    /usr/bin/python3 test/golden/full_torchvision.py [NAME ...]
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torchvision.models as zoo

from make_torchvision import images, scaled

HERE = Path(__file__).parent
NETS = {
    "resnet18": ("resNet18", {}, {}),
    "resnet34": ("resNet34", {}, {}),
    "resnet50": ("resNet50", {}, {}),
    "resnet101": ("resNet101", {}, {}),
    "vgg11": ("vgg11", {}, {}),
    "vgg16": ("vgg16", {}, {}),
    "vgg11_bn": ("vgg11", {"batchNorm": True}, {}),
    "alexnet": ("alexNet", {"definition": "torchvision"}, {}),
    "googlenet": ("googLeNet", {}, {"init_weights": False}),
    "googlenet without aux": ("googLeNet", {"auxiliary": False}, {"init_weights": False, "aux_logits": False}),
}

torch.manual_seed(1)
print(f"{'state dictionary':24} {'tensors':>7} {'MB':>6}  off by, of the largest score")
for name in sys.argv[1:] or NETS:
    ours, options, theirs = NETS[name]
    net = getattr(zoo, name.split()[0])(weights=None, **theirs)
    pixels = images(2, 224)
    x = scaled(pixels)
    if any("running" in key for key in net.state_dict()):
        net.train()
        with torch.no_grad():
            net(torch.cat([x, x.flip(3), x.flip(2)]))
    net.eval()
    with torch.no_grad():
        expected = net.double()(x.double()).numpy()
        single = net.float()(x).numpy()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.pt"
        torch.save(net.state_dict(), file)
        pixels.tofile(Path(folder) / "images")
        size = file.stat().st_size
        command = ["node", str(HERE / "full_torchvision.mjs"), folder, file.name, ours, json.dumps({"size": 224, **options})]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = np.fromfile(Path(folder) / "scores", "<f4").reshape(expected.shape)
    largest = np.abs(expected).max()
    off, own = np.abs(found - expected).max() / largest, np.abs(single - expected).max() / largest
    print(f"{name:24} {len(net.state_dict()):7} {size / 1e6:6.1f}  {off:.1e} (PyTorch in single precision: {own:.1e})", flush=True)
    assert off < 1e-5, name
