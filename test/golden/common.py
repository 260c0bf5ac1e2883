"""
What every script here shares. Inputs are not stored: both sides draw them from the same generator
(`numbers`, test/support/numbers.ts). They are float32; everything after them is computed in float64, so
the values are truths to which float32 results are compared. Arrays are base64 of little-endian float32.
"""
import base64, json, os
import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))


def numbers(count, seed):
    """Numbers in [-1, 1): a linear congruential generator, as in test/support/numbers.ts."""
    state, out = seed & 0xFFFFFFFF, np.empty(count, np.float32)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = np.float32(state / 2**31 - 1)
    return out


def draw(shape, seed, scale=1.0):
    n = int(np.prod(shape))
    values = (numbers(n, seed) * np.float32(scale)).astype(np.float32)
    return torch.tensor(values.reshape(shape), dtype=torch.float64, requires_grad=True)


def pack(t):
    a = np.ascontiguousarray(t.detach().numpy().astype("<f4"))
    return base64.b64encode(a.tobytes()).decode()


def save(name, cases):
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


def with_gradients(case, y, inputs, target_seed):
    """Adds y and the gradients of sum((y - target)^2) by the named inputs."""
    target = draw(list(y.shape), target_seed).detach()
    ((y - target) ** 2).sum().backward()
    case["y"] = pack(y)
    case["yShape"] = list(y.shape)
    case["gradients"] = {name: pack(t.grad) for name, t in inputs.items()}
    return case
