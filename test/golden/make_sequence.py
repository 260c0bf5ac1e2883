"""
Reference values from PyTorch for embedding, recurrent layers and multi-head attention; see common.py.

    /usr/bin/python3 test/golden/make_sequence.py
"""
import math

import torch
import torch.nn.functional as F
from common import draw, save, with_gradients


def fan_scale(fan):
    """About 1/sqrt(fan), what keeps sums of that many terms well scaled, as a power of two."""
    return 2.0 ** -round(math.log2(fan) / 2)


def fill(module, seed, scale):
    """Gives a module's parameters numbers that the other side draws as well; returns them by name."""
    for i, (name, p) in enumerate(module.named_parameters()):
        p.data = draw(list(p.shape), seed + i, scale).detach()
    return dict(module.named_parameters())


def embedding():
    cases, seed = [], 11001
    for v, d, shape in [(1, 1, [1]), (5, 3, [7]), (10, 8, [3, 6]), (27, 13, [2, 9])]:
        w = draw([v, d], seed)
        count = torch.tensor(shape).prod().item()
        indices = [(i * i * 7 + i + seed) % v for i in range(count)]
        y = F.embedding(torch.tensor(indices).reshape(shape), w)
        case = dict(w=[v, d], x=shape, indices=indices, seed=seed)
        cases.append(with_gradients(case, y, dict(w=w), seed + 1))
        seed += 2
    save("embedding", cases)


def recurrent():
    cases, seed = [], 12001
    nn = torch.nn
    kinds = dict(
        tanh=lambda *a, **k: nn.RNN(*a, nonlinearity="tanh", **k),
        relu=lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
        lstm=nn.LSTM,
        gru=nn.GRU,
    )
    # N, T, F, H, layers, bias, bidirectional, what is returned
    shapes = [
        (1, 1, 1, 1, 1, True, False, "sequence"),
        (3, 5, 4, 6, 1, True, False, "sequence"),
        (2, 7, 3, 9, 2, True, False, "last"),
        (33, 3, 5, 8, 1, False, False, "last"),
        (2, 4, 5, 7, 2, True, True, "sequence"),
        (3, 6, 2, 5, 3, True, True, "last"),
    ]
    for kind, make in kinds.items():
        for n, t, f, h, layers, bias, both, returns in shapes:
            module = make(f, h, layers, bias=bias, batch_first=True, bidirectional=both).double()
            parameters = fill(module, seed + 1, fan_scale(h))
            x = draw([n, t, f], seed)
            y, last = module(x)
            if returns == "last":
                last = last[0] if kind == "lstm" else last
                y = torch.cat([last[-2], last[-1]], 1) if both else last[-1]
            case = dict(kind=kind, x=[n, t, f], hidden=h, layers=layers, bias=bias, bidirectional=both, returns=returns,
                        parameters={k: list(p.shape) for k, p in parameters.items()}, scale=fan_scale(h), seed=seed)
            cases.append(with_gradients(case, y, dict(x=x, **parameters), seed + 99))
            seed += 100
    save("recurrent", cases)


def attention():
    cases, seed = [], 16001
    # N, T, S (0: self-attention), features, heads, causal, bias
    for n, t, s, d, heads, causal, bias in [
        (1, 1, 0, 4, 2, True, True), (2, 5, 0, 6, 3, False, True), (2, 9, 0, 8, 1, True, True),
        (1, 7, 0, 12, 2, True, False), (2, 3, 6, 10, 2, False, True), (1, 18, 0, 36, 1, True, True),
    ]:
        module = torch.nn.MultiheadAttention(d, heads, bias=bias, batch_first=True).double()
        parameters = fill(module, seed + 3, fan_scale(d))
        q = draw([n, t, d], seed)
        k, v = (draw([n, s, d], seed + 1), draw([n, s, d], seed + 2)) if s else (q, q)
        mask = torch.triu(torch.ones(t, t, dtype=torch.bool), 1) if causal else None
        y, _ = module(q, k, v, attn_mask=mask, need_weights=False)
        inputs = dict(query=q, key=k, value=v) if s else dict(query=q)
        case = dict(inputs={name: list(x.shape) for name, x in inputs.items()}, heads=heads, causal=causal, bias=bias,
                    parameters={k: list(p.shape) for k, p in parameters.items()}, scale=fan_scale(d), seed=seed)
        cases.append(with_gradients(case, y, dict(**inputs, **parameters), seed + 99))
        seed += 100
    save("attention", cases)


def lengths_of(n, t, seed):
    """From 1 to t, the longest and the shortest among them where there is room."""
    return [t, 1][:n] + [1 + (i * 7 + seed) % t for i in range(max(n - 2, 0))]


def packed():
    """Sequences of unequal length: packed for recurrent layers; their padding holds numbers that nobody may look at."""
    cases, seed = [], 18001
    nn = torch.nn
    kinds = dict(
        tanh=lambda *a, **k: nn.RNN(*a, nonlinearity="tanh", **k),
        relu=lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
        lstm=nn.LSTM,
        gru=nn.GRU,
    )
    # N, T, F, H, layers, bias, bidirectional, what is returned
    shapes = [
        (1, 1, 2, 3, 1, True, False, "sequence"),
        (4, 5, 3, 6, 1, True, False, "sequence"),
        (5, 7, 3, 5, 2, False, False, "last"),
        (4, 6, 2, 4, 2, True, True, "sequence"),
        (6, 4, 2, 5, 3, True, True, "last"),
    ]
    for kind, make in kinds.items():
        for n, t, f, h, layers, bias, both, returns in shapes:
            module = make(f, h, layers, bias=bias, batch_first=True, bidirectional=both).double()
            parameters = fill(module, seed + 1, fan_scale(h))
            x = draw([n, t, f], seed)
            lengths = lengths_of(n, t, seed)
            pack = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
            y, last = module(pack)
            if returns == "last":
                last = last[0] if kind == "lstm" else last
                y = torch.cat([last[-2], last[-1]], 1) if both else last[-1]
            else:
                y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=t)
            case = dict(kind=kind, x=[n, t, f], hidden=h, layers=layers, bias=bias, bidirectional=both, returns=returns,
                        parameters={k: list(p.shape) for k, p in parameters.items()}, scale=fan_scale(h), seed=seed,
                        lengths=lengths)
            cases.append(with_gradients(case, y, dict(x=x, **parameters), seed + 99))
            seed += 100
    save("recurrent-lengths", cases)


def masked_attention():
    cases, seed = [], 21001
    # N, T, S (0: self-attention), features, heads, causal, bias
    for n, t, s, d, heads, causal, bias in [
        (3, 5, 0, 6, 3, False, True), (4, 7, 0, 8, 2, True, True), (3, 3, 6, 10, 2, False, False),
        (2, 18, 0, 12, 1, True, True), (3, 6, 2, 4, 2, False, True),
    ]:
        module = torch.nn.MultiheadAttention(d, heads, bias=bias, batch_first=True).double()
        parameters = fill(module, seed + 3, fan_scale(d))
        q = draw([n, t, d], seed)
        k, v = (draw([n, s, d], seed + 1), draw([n, s, d], seed + 2)) if s else (q, q)
        mask = torch.triu(torch.ones(t, t, dtype=torch.bool), 1) if causal else None
        keys = s or t
        lengths = lengths_of(n, keys, seed)
        padding = torch.arange(keys)[None, :] >= torch.tensor(lengths)[:, None]
        y, _ = module(q, k, v, attn_mask=mask, key_padding_mask=padding, need_weights=False)
        inputs = dict(query=q, key=k, value=v) if s else dict(query=q)
        case = dict(inputs={name: list(x.shape) for name, x in inputs.items()}, heads=heads, causal=causal, bias=bias,
                    parameters={k: list(p.shape) for k, p in parameters.items()}, scale=fan_scale(d), seed=seed,
                    lengths=lengths)
        cases.append(with_gradients(case, y, dict(**inputs, **parameters), seed + 99))
        seed += 100
    save("attention-lengths", cases)


for make in [embedding, recurrent, attention, packed, masked_attention]:
    make()
