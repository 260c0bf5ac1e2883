"""Writes safetensors-files.json: two files made by the reference implementation, and what is in them.

    pip install safetensors torch && python test/golden/safetensors-files.py
"""
import base64
import json
import pathlib

import torch
from safetensors.torch import save

torch.manual_seed(1)


def record(tensors, metadata):
    return {
        "base64": base64.b64encode(save(tensors, metadata)).decode(),
        "tensors": {
            name: {"shape": list(t.shape), "values": t.to(torch.float32).flatten().tolist()}
            for name, t in tensors.items()
        },
    }


floats = {
    "c1.bias": torch.randn(3),
    "c1.weight": torch.randn(3, 1, 2, 2),
    "ünïcode \"quoted\" \\ 数": torch.randn(2, 0, 5),
    "zero": torch.tensor(-0.0),
}
mixed = {
    "bf16": torch.randn(7).to(torch.bfloat16),
    "f16": torch.tensor([1.0, -2.5, 65504.0, 6e-8, 6.1e-5, 0.333, -0.0], dtype=torch.float16),
    "f32": torch.randn(1, 3),
    "f64": torch.randn(2, 2, dtype=torch.float64),
}
golden = {"floats": record(floats, {"format": "pt"}), "mixed": record(mixed, None)}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
