"""
Reference values from PyTorch for test/ops/functions.test.ts: comparisons, rounding, trigonometry, powers, remainders,
products, running sums and composed activations. The cases of special values are computed in float32, as their class (NaN,
infinite, finite) depends on it.

    /usr/bin/python3 test/golden/make_functions.py      rewrites functions.json and special-values.json
"""
import itertools
import torch
import torch.nn.functional as F
from common import draw, pack, save, with_gradients

UNARY = dict(
    sin=torch.sin, cos=torch.cos, tan=torch.tan, atan=torch.atan, sinh=torch.sinh, cosh=torch.cosh, asinh=torch.asinh,
    reciprocal=torch.reciprocal, softsign=F.softsign, mish=F.mish,
    celu=F.celu, celuOf2=lambda x: F.celu(x, 2.0),
    hardSigmoid=F.hardsigmoid,
    onnxHardSigmoid=lambda x: F.hardtanh(0.2 * x + 0.5, 0, 1),
    thresholdedRelu=lambda x: F.threshold(x, 0.5, 0.0),
)
# Their arguments are drawn from [-1, 1).
BOUNDED = dict(asin=torch.asin, acos=torch.acos, atanh=torch.atanh, acosh=lambda x: torch.acosh(x * x + 1.5))
# These pass no gradient, so they are multiplied by x.
STEPS = dict(
    floor=torch.floor, ceil=torch.ceil, round=torch.round, trunc=torch.trunc, sign=torch.sign,
    isNaN=torch.isnan, isInfinite=torch.isinf,
)
COMPARISONS = dict(
    equal=torch.eq, notEqual=torch.ne, greater=torch.gt, greaterOrEqual=torch.ge, less=torch.lt, lessOrEqual=torch.le,
)
OTHERS = [
    ("where", [[2, 3, 4], [3, 1], [4]], lambda c, a, b: torch.where(c > 0, a, b)),
    ("pow", [[3, 5], [2, 1, 5]], lambda a, b: torch.pow(a.abs() + 0.1, b)),
    ("powOfWhole", [[2, 5]], lambda a: torch.pow(a, torch.tensor([3.0, -2.0, 0.0, 1.0, 2.0], dtype=torch.float64))),
    ("fmod", [[4, 7], [7]], lambda a, b: torch.fmod(a * 3, b)),
    ("remainder", [[4, 7], [4, 1]], lambda a, b: torch.remainder(a * 3, b)),
    ("prod", [[2, 5, 3]], lambda x: x.prod(1)),
    ("prodOfAll", [[2, 3, 3]], lambda x: (x + 1.5).prod()),
    ("cumsum", [[2, 7, 3]], lambda x: x.cumsum(1)),
    ("cumsumReverse", [[4, 5]], lambda x: x.flip(1).cumsum(1).flip(1)),
    ("cumsumExclusive", [[4, 6]], lambda x: x.cumsum(0) - x),
    ("logsumexp", [[3, 4, 5]], lambda x: torch.logsumexp(x * 20, (0, 2))),
]

cases, seed = [], 9001
for kind, f in [*UNARY.items(), *BOUNDED.items()]:
    scale = 1 if kind in BOUNDED else 4
    x = draw([5, 13], seed, scale)
    cases.append(with_gradients(dict(kind=kind, shapes=[[5, 13]], scale=scale, seed=seed), f(x), {"0": x}, seed + 99))
    seed += 3
for kind, shapes, f in OTHERS:
    leaves = [draw(shape, seed + i) for i, shape in enumerate(shapes)]
    y = f(*leaves)
    inputs = {str(i): leaf for i, leaf in enumerate(leaves) if kind != "where" or i}
    cases.append(with_gradients(dict(kind=kind, shapes=shapes, scale=1, seed=seed), y, inputs, seed + 99))
    seed += 5
save("functions", cases)

SPECIAL = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e-45, 2.5, -3e38, 1e20]
PAIRS = list(zip(*itertools.product(SPECIAL, SPECIAL)))


def special(kind, f, columns, with_gradient=True):
    leaves = [torch.tensor(column, dtype=torch.float32, requires_grad=with_gradient) for column in columns]
    y = f(*leaves)
    case = dict(kind=kind, values=[pack(leaf) for leaf in leaves], y=pack(y.float()))
    if with_gradient:
        y.sum().backward()
        case["gradients"] = [pack(leaf.grad) for leaf in leaves]
    return case


powers = dict(asin=torch.asin, acos=torch.acos, atanh=torch.atanh, acosh=torch.acosh)
cases = [special(kind, f, [SPECIAL]) for kind, f in {**UNARY, **powers}.items()]
cases += [special(kind, f, [SPECIAL], False) for kind, f in STEPS.items()]
cases += [special(kind, f, PAIRS, False) for kind, f in COMPARISONS.items()]
cases.append(special("pow", torch.pow, PAIRS))
# In float32 PyTorch's vector code gives NaN where the quotient overflows; in float64, from the same numbers, it does not.
for kind, f in dict(fmod=torch.fmod, remainder=torch.remainder).items():
    cases.append(special(kind, lambda a, b: f(a.double(), b.double()), PAIRS, False))
triples = [[1, 0, float("nan"), -0.0, 1e-45, -2], SPECIAL[:6], SPECIAL[5:11]]
cases.append(special("where", lambda c, a, b: torch.where(c != 0, a, b), triples, False))
cases.append(special("prod", lambda x: x.reshape(5, 3).prod(1), [SPECIAL]))
cases.append(special("cumsum", lambda x: x.reshape(5, 3).cumsum(1), [SPECIAL], False))
cases.append(special("logsumexp", lambda x: torch.logsumexp(x.reshape(5, 3), 1), [SPECIAL]))
save("special-values", cases)
