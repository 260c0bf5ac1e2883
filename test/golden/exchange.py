"""
Weights exchanged with PyTorch through safetensors, both ways, for LeNet-5, VGG-11 (a quarter of its width, on
64x64), ResNet-18 and an LSTM of two layers on tokens. PyTorch writes a file, Lanewise reads it, trains a step on and writes another, PyTorch reads
that; each time both sides' outputs of the same samples are compared. Needs a build (npm run build), PyTorch and
NumPy, no other package:

    python3 test/golden/exchange.py
"""
import os, subprocess, tempfile
import numpy as np
import torch
from safetensors_file import read_safetensors, write_safetensors
from zoo import char_lstm, lenet5, resnet18, vgg11

HERE = os.path.dirname(os.path.abspath(__file__))


def outputs(model, samples):
    model.eval()
    with torch.no_grad():
        return model(samples).numpy()


def compare(what, found, expected):
    """The largest difference, relative to the largest output."""
    off = float(np.abs(found - expected).max() / np.abs(expected).max())
    print(f"{what:32} {'x'.join(map(str, expected.shape)):8} off by {off:.1e}")
    assert off < 1e-4, what


def settle(model, samples):
    """Moves the statistics of batch normalisation away from their first values; dropout has none."""
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(samples)


torch.manual_seed(1)
# Name, model in PyTorch, two samples, and the scale that Lanewise gives the model's input (tokens have none).
MODELS = [
    ("lenet5", lenet5(), torch.rand(2, 1, 32, 32), 0.1 / 1.275, 1 / 1.275),
    ("vgg11", vgg11(classes=10, size=64, width=16), torch.rand(2, 3, 64, 64), 0.449, 0.226),
    ("resNet18", resnet18(), torch.rand(2, 3, 224, 224), 0.449, 0.226),
    ("charLstm", char_lstm(65, num_layers=2, dropout=0.2), torch.randint(0, 65, (2, 64)), None, None),
]

with tempfile.TemporaryDirectory() as folder:
    for name, model, samples, mean, deviation in MODELS:
        at = lambda end: os.path.join(folder, name + end)
        tokens = mean is None
        scaled = samples if tokens else (samples - mean) / deviation
        settle(model, scaled)
        write_safetensors(at(".pytorch.safetensors"), model.state_dict())
        samples.numpy().astype("<i4" if tokens else "<f4").tofile(at(".samples"))
        subprocess.run(["node", os.path.join(HERE, "exchange.mjs"), folder, name], check=True)
        read = lambda end, like: np.fromfile(at(end), "<f4").reshape(like.shape)
        expected = outputs(model, scaled)
        compare(name + ", PyTorch to Lanewise", read(".pytorch.outputs", expected), expected)
        # Strict: every tensor is there, but for num_batches_tracked, which PyTorch fills in.
        model.load_state_dict(read_safetensors(at(".lanewise.safetensors")))
        found = outputs(model, scaled)
        compare(name + ", Lanewise to PyTorch", found, read(".lanewise.outputs", found))
