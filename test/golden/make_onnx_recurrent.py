"""
Values for test/ops/recurrent-golden.test.ts by onnxruntime: GRU with linear_before_reset=0, GRU and LSTM with HardSigmoid
gates, with states to begin with. Weights are drawn in PyTorch's order of gates.

    /usr/bin/python3 test/golden/make_onnx_recurrent.py      rewrites onnx-recurrent.json (see onnxruntime.py)
"""
import base64
import numpy as np
from common import numbers, save
from onnxruntime import run


def packed(a):
    return base64.b64encode(np.ascontiguousarray(a.astype("<f4")).tobytes()).decode()


cases, nodes, seed = [], [], 43001
for cell, gates, order in [("gru", 3, [1, 0, 2]), ("lstm", 4, [0, 3, 1, 2])]:
    for hard in [False, True]:
        for reset_first in [True, False] if cell == "gru" else [False]:
            for reverse in [False, True]:
                N, T, F, H = 2, 6, 3, 5
                shapes = dict(x=[N, T, F], weightIh=[gates * H, F], weightHh=[gates * H, H], biasIh=[gates * H], biasHh=[gates * H], h0=[N, H])
                if cell == "lstm":
                    shapes["c0"] = [N, H]
                values = {name: numbers(int(np.prod(shape)), seed + i).reshape(shape) for i, (name, shape) in enumerate(shapes.items())}
                by_gate = lambda a: np.concatenate([a.reshape(gates, H, -1)[g] for g in order]).reshape(a.shape)
                bias = np.concatenate([by_gate(values["biasIh"]), by_gate(values["biasHh"])])[None]
                inputs = [("X", np.ascontiguousarray(values["x"].transpose(1, 0, 2))), ("W", by_gate(values["weightIh"])[None]),
                          ("R", by_gate(values["weightHh"])[None]), ("B", bias), None, ("h", values["h0"][None])]
                attributes = dict(hidden_size=H, direction="reverse" if reverse else "forward")
                if cell == "lstm":
                    inputs.append(("c", values["c0"][None]))
                else:
                    attributes["linear_before_reset"] = 0 if reset_first else 1
                if hard:
                    attributes["activations"] = ["HardSigmoid", "Tanh"] + (["Tanh"] if cell == "lstm" else [])
                    attributes["activation_alpha"] = [0.2]
                    attributes["activation_beta"] = [0.5]
                outputs = ["Y", "Y_h"] + (["Y_c"] if cell == "lstm" else [])
                nodes.append((cell.upper(), inputs, outputs, attributes))
                cases.append(dict(cell=cell, hard=hard, resetFirst=reset_first, reverse=reverse, shapes=shapes, seed=seed))
                seed += 50
for case, (y, *last) in zip(cases, run(nodes, 14)):
    case["results"] = [packed(y[:, 0].transpose(1, 0, 2))] + [packed(one[0]) for one in last]
save("onnx-recurrent", cases)
