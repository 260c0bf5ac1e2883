"""
Values for test/ops/recurrent-golden.test.ts: torch.nn.LSTM, GRU and RNN that begin with given states, with their last states,
and gradients of the sum of squares of all; for test/layers/initial-states.test.ts: whole layers.

    /usr/bin/python3 test/golden/make_recurrent_states.py      rewrites recurrent-states.json, recurrent-layer-states.json
"""
import torch
from common import draw, pack, save

cases, seed = [], 41001
for cell, make in [("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU), ("tanh", torch.nn.RNN)]:
    for N, T, F, H in [(2, 5, 3, 4), (1, 1, 2, 5), (3, 7, 1, 9)]:
        layer = make(F, H, batch_first=True).double()
        gates = layer.weight_hh_l0.shape[0] // H
        shapes = dict(x=[N, T, F], weightIh=[gates * H, F], weightHh=[gates * H, H], biasIh=[gates * H], biasHh=[gates * H], h0=[N, H])
        if cell == "lstm":
            shapes["c0"] = [N, H]
        leaves = {name: draw(shape, seed + i) for i, (name, shape) in enumerate(shapes.items())}
        weights = [leaves[name] for name in ["weightIh", "weightHh", "biasIh", "biasHh"]]
        h0 = leaves["h0"][None]
        begin = (h0, leaves["c0"][None]) if cell == "lstm" else (h0,)
        layer._flat_weights = weights
        y, end = layer(leaves["x"], begin if cell == "lstm" else begin[0])
        h, *c = end if cell == "lstm" else (end,)
        results = [y, h[0]] + [one[0] for one in c]
        sum((one ** 2).sum() for one in results).backward()
        cases.append(dict(cell=cell, shapes=shapes, seed=seed, results=[pack(one) for one in results],
                          gradients={name: pack(t.grad) for name, t in leaves.items()}))
        seed += 50
save("recurrent-states", cases)

cases, seed = [], 42001
for kind, make in [("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU), ("rnn", torch.nn.RNN)]:
    N, T, F, H, layers, both = 2, 4, 3, 5, 2, kind != "rnn"
    layer = make(F, H, num_layers=layers, bidirectional=both, batch_first=True).double()
    names = [name for name, _ in layer.named_parameters()]
    layer.load_state_dict({name: draw(list(t.shape), seed + i).detach() for i, (name, t) in enumerate(layer.named_parameters())})
    count = layers * (2 if both else 1)
    x, h0, c0 = (draw(shape, seed + 40 + i).detach() for i, shape in enumerate([[N, T, F], [N, count, H], [N, count, H]]))
    begin = [one.transpose(0, 1).contiguous() for one in ([h0, c0] if kind == "lstm" else [h0])]
    y, _ = layer(x, tuple(begin) if kind == "lstm" else begin[0])
    cases.append(dict(kind=kind, N=N, T=T, F=F, H=H, layers=layers, both=both, names=names, seed=seed, y=pack(y)))
    seed += 50
save("recurrent-layer-states", cases)
