"""State dictionaries in safetensors files, without another package."""
import json, struct
import numpy as np
import torch

TYPES = {np.dtype("<f4"): "F32", np.dtype("<i8"): "I64"}


def write_safetensors(path, state, metadata={}):
    header, parts, end = {"__metadata__": {"format": "pt", **metadata}}, [], 0
    for name, tensor in state.items():
        array = np.ascontiguousarray(tensor.detach().numpy())
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": TYPES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
        parts.append(array.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def read_safetensors(path):
    with open(path, "rb") as f:
        length = struct.unpack("<Q", f.read(8))[0]
        header, data = json.loads(f.read(length)), f.read()
    types = {name: dtype for dtype, name in TYPES.items()}
    state = {}
    for name, info in header.items():
        if name != "__metadata__":
            begin, end = info["data_offsets"]
            array = np.frombuffer(data[begin:end], types[info["dtype"]]).reshape(info["shape"])
            state[name] = torch.tensor(array)
    return state
