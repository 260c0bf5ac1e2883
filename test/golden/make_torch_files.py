"""Writes PyTorch's own files into test/golden/torch/, a few KB each, and expected.json with what is in them.

    /usr/bin/python3 test/golden/make_torch_files.py

Any PyTorch from 1.13 on; the committed files are of Debian's 1.13.
"""

import argparse
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent / "torch"
HERE.mkdir(exist_ok=True)
torch.manual_seed(1)
expected = {}


def values(tensor):
    """Values in row-major order, as float64 numbers; those that JSON lacks as text."""
    flat = tensor.detach().to(torch.float64 if tensor.dtype != torch.int64 else torch.int64).reshape(-1).tolist()
    return [v if v == v and abs(v) != float("inf") else str(v).replace("inf", "Infinity") for v in flat]


def note(name, tensors):
    expected[name] = {
        key: {
            "shape": list(one.shape),
            "dtype": str(one.dtype).split(".")[1],
            "values": values(one),
        }
        for key, one in tensors.items()
    }


def write(name, obj, tensors=None, **options):
    torch.save(obj, HERE / name, **options)
    note(name, tensors if tensors is not None else {k: v for k, v in obj.items() if torch.is_tensor(v)})


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        return self.fc(torch.relu(self.norm(self.conv(x))).flatten(1))


net = Net()
net.norm.running_mean.uniform_(-1, 1)
net.norm.num_batches_tracked.fill_(7)
state = net.state_dict()

# Every protocol, the form of before 1.6, and parameters that were not detached.
write("state.pt", state)
for protocol in (3, 4, 5):
    write(f"protocol-{protocol}.pt", state, pickle_protocol=protocol)
write("legacy.pt", state, _use_new_zipfile_serialization=False)
write("legacy-4.pt", state, _use_new_zipfile_serialization=False, pickle_protocol=4)
write("parameters.pt", OrderedDict(net.named_parameters()))

# Views of one storage.
base = torch.arange(48, dtype=torch.float32) / 7
grid = base.reshape(4, 12)
write(
    "views.pt",
    {
        "whole": base,
        "offset": base[5:11],
        "transposed": grid.t(),
        "columns": grid[1:3, ::3],
        "expanded": base[3:4].expand(2, 3),
        "rows": base[:4].reshape(4, 1).expand(4, 3),
        "odd": torch.as_strided(base, (1, 4, 1), (999, 2, 77), 2),
        "overlapping": torch.as_strided(base, (3, 4), (1, 1), 0),
        "last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "slice of empty": base[48:],
    },
)
write(
    "views-legacy.pt",
    {"transposed": grid.t(), "offset": base[5:11], "same": base[5:11]},
    _use_new_zipfile_serialization=False,
)

# Tied weights.
tied = nn.Linear(3, 3, bias=False)
write("tied.pt", {"emb.weight": tied.weight.detach(), "out.weight": tied.weight.detach()})

# Types.
numbers = torch.tensor([0.0, -0.0, 1.5, -2.25, 65504.0, 6e-8, float("inf"), float("-inf")])
types = {
    "f16": numbers.half(),
    "bf16": numbers.bfloat16(),
    "f64": torch.tensor([0.1, 1 / 3, 1e300, -1e-300], dtype=torch.float64),
    "i64": torch.tensor([[1, -2], [3, 16777216]]),
    "i32": torch.tensor([5, -6], dtype=torch.int32),
    "i16": torch.tensor([7, -8], dtype=torch.int16),
    "i8": torch.tensor([9, -128], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "f16 last": torch.randn(2, 2, 2, 2).half().contiguous(memory_format=torch.channels_last),
    "i64 view": torch.arange(6).reshape(2, 3).t(),
}
write("types.pt", types)
torch.save({"c64": torch.tensor([1 + 2j]), "f32": torch.ones(2)}, HERE / "complex.pt")
note("complex.pt", {"f32": torch.ones(2)})
torch.save({"i64": torch.tensor([16777217])}, HERE / "large-integer.pt")

# Checkpoints.
optimizer = torch.optim.Adam(net.parameters())
net(torch.randn(2, 2, 4, 4)).sum().backward()
optimizer.step()
state = {k: v.clone() for k, v in net.state_dict().items()}
extra = {"epoch": 3, "best": torch.tensor(0.5), "optimizer": optimizer.state_dict()}
write("checkpoint.pt", {**extra, "state_dict": state}, state)
write("model.pt", {**extra, "model": state, "model_ema": {"decay": 0.9}}, state)
write("parallel.pt", {"state_dict": OrderedDict((f"module.{k}", v) for k, v in state.items())}, {f"module.{k}": v for k, v in state.items()})
two = {"generator": {"fc.weight": torch.randn(2, 2)}, "discriminator": {"fc.weight": torch.randn(1, 2)}}
write("two.pt", two, {f"{a}.{k}": v for a, d in two.items() for k, v in d.items()})
write("deep.pt", {"run": {"model": {"state_dict": {"fc.weight": torch.eye(2)}}}}, {"fc.weight": torch.eye(2)})
settings = argparse.Namespace(lr=0.1, path=Path("/tmp/x"))
write(
    "settings.pt",
    {"model": {"fc.weight": torch.eye(2)}, "args": settings, "loss": np.float64(0.25), "types": [torch.float16, torch.Size([2, 3])], "device": torch.device("cpu")},
    {"fc.weight": torch.eye(2)},
)
write("list.pt", [torch.ones(2), torch.zeros(1)], {"0": torch.ones(2), "1": torch.zeros(1)})
write("tensor.pt", torch.ones(2, 2), {"tensor": torch.ones(2, 2)})

# The other byte order, as PyTorch 2.1 and later write it on such a machine: storages and the file 'byteorder'.
torch.save({"f32": base[1:5], "f64": types["f64"], "i16": types["i16"], "u8": types["u8"]}, HERE / "little.pt")
sizes = {"0": 4, "1": 8, "2": 2, "3": 1}
with zipfile.ZipFile(HERE / "little.pt") as little, zipfile.ZipFile(HERE / "big.pt", "w") as big:
    for info in little.infolist():
        data = little.read(info)
        key = info.filename.split("/")[-1]
        if "/data/" in info.filename:
            n = sizes[key]
            data = b"".join(data[i : i + n][::-1] for i in range(0, len(data), n))
        big.writestr(info.filename, data)
    big.writestr("little/byteorder", "big")
note("big.pt", {"f32": base[1:5], "f64": types["f64"], "i16": types["i16"], "u8": types["u8"]})
os.remove(HERE / "little.pt")

# An archive that was packed again, deflated.
with zipfile.ZipFile(HERE / "state.pt") as plain, zipfile.ZipFile(HERE / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as packed:
    for info in plain.infolist():
        packed.writestr(info.filename, plain.read(info))
expected["deflated.pt"] = expected["state.pt"]


# What is refused.
class Settings:
    pass


torch.save(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), HERE / "module.pt")
torch.save(net, HERE / "own-module.pt")
torch.save(nn.Linear(2, 2), HERE / "legacy-module.pt", _use_new_zipfile_serialization=False)
torch.save({"state_dict": {"w": torch.ones(1)}, "settings": Settings()}, HERE / "object.pt")
torch.jit.save(torch.jit.script(nn.Linear(2, 2)), HERE / "script.pt")
torch.save({"q": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, HERE / "quantised.pt")
torch.save({"s": torch.eye(2).to_sparse()}, HERE / "sparse.pt")
torch.save({"epoch": 3, "names": ["a"]}, HERE / "no-tensors.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("echo run >&2",)


torch.save({"w": torch.ones(1), "x": Evil()}, HERE / "evil.pt")
with open(HERE / "plain.pkl", "wb") as file:
    pickle.dump({"w": np.ones(2)}, file, protocol=2)

# PyTorch 2's records, written by hand: 1.13 has no _rebuild_tensor_v3 and no class of untyped storages in files.
def newer():
    out = b"\x80\x02}q\x00(X\x01\x00\x00\x00wq\x01ctorch._utils\n_rebuild_tensor_v3\nq\x02("
    out += b"(X\x07\x00\x00\x00storagectorch.storage\nUntypedStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0ctQ"
    out += b"K\x01K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)Rctorch\nfloat32\ntR"
    # A parameter with attributes: torch._tensor._rebuild_from_type_v2(func, type, args, state).
    out += b"X\x01\x00\x00\x00pctorch._tensor\n_rebuild_from_type_v2\n("
    out += b"ctorch._utils\n_rebuild_tensor_v2\nctorch.nn.parameter\nParameter\n("
    out += b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x03tQ"
    out += b"K\x00K\x03\x85K\x01\x85\x88ccollections\nOrderedDict\n)Rt}tRu."
    return out


with zipfile.ZipFile(HERE / "newer.pt", "w") as file:
    file.writestr("newer/data.pkl", newer())
    file.writestr("newer/byteorder", "little")
    file.writestr("newer/data/0", struct.pack("<3f", 1.5, 2.5, -3.5))
note("newer.pt", {"w": torch.tensor([2.5, -3.5]), "p": torch.tensor([1.5, 2.5, -3.5])})

# Files with the same contents have the first one's name instead.
first = {}
for name, contents in expected.items():
    same = first.setdefault(json.dumps(contents), name)
    if same != name:
        expected[name] = same
(HERE / "expected.json").write_text(json.dumps(expected) + "\n")
print(sum(one.stat().st_size for one in HERE.iterdir()), "bytes in", len(list(HERE.iterdir())), "files")
