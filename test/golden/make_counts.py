"""
Losses of which not everything counts, from PyTorch: ignored labels, weights of samples and of single values. A case is
one minibatch: its logits, target, weights, the mean over what counts, and the gradient by the logits.

    /usr/bin/python3 test/golden/make_counts.py      rewrites counts.json
"""
import torch
import torch.nn.functional as F
from common import draw, pack, save

CASES, SEED = [], [4001]


def drawn(shape, scale=1.0):
    SEED[0] += 3
    return draw(shape, SEED[0], scale).detach().float().double()


def weights(shape):
    """From 0.25 to 1.75, every third 0."""
    w = drawn(shape, 0.75) + 1
    w.flatten()[::3] = 0
    return w


def labels(shape, classes, ignored=None):
    count = torch.Size(shape).numel()
    all = torch.tensor([(i * 7 + SEED[0]) % classes for i in range(count)])
    if ignored is not None:
        all[1::3] = ignored
    return all.reshape(shape)


def case(kind, settings, x, target, w, loss):
    """`loss` of x and target: of each answer, in the shape of w if there are weights."""
    x = x.requires_grad_(True)
    values = loss(x, target)
    mean = values if w is None else (values * w).sum() / w.sum()
    mean.backward()
    is_labels = not target.is_floating_point()
    CASES.append(dict(kind=kind, settings=settings, shape=list(x.shape), x=pack(x), targetShape=list(target.shape), isLabels=is_labels,
                      target=target.flatten().tolist() if is_labels else pack(target), weights=None if w is None else pack(w),
                      loss=mean.item(), gradient=pack(x.grad)))


def per_sample(values):
    return values.flatten(1).mean(1) if values.dim() > 1 else values


# Ignored labels: PyTorch's own mean. The classes of three axes are the last here, in PyTorch the second.
for smoothing in [0.0, 0.2]:
    settings = dict(ignoreIndex=-100, **({"labelSmoothing": smoothing} if smoothing else {}))
    f = lambda x, t: F.cross_entropy(x, t, ignore_index=-100, label_smoothing=smoothing)
    case("crossEntropy", settings, drawn([7, 5], 3), labels([7], 5, -100), None, f)
    case("crossEntropy", settings, drawn([4, 6, 5], 3), labels([4, 6], 5, -100), None, lambda x, t: f(x.transpose(1, 2), t))
    case("crossEntropy", settings, drawn([3, 4, 2, 3], 3), labels([3, 2, 3], 4, -100), None, f)
# With weights of classes the mean is over the labels that count, not over their weights.
for smoothing in [0.0, 0.2]:
    w = [0.5, 1, 2, 0.25, 1.5]
    case("crossEntropy", dict(ignoreIndex=-100, classWeights=w, labelSmoothing=smoothing), drawn([4, 6, 5], 3), labels([4, 6], 5, -100), None,
         lambda x, t: F.cross_entropy(x.transpose(1, 2), t, torch.tensor(w).double(), ignore_index=-100, label_smoothing=smoothing,
                                      reduction="sum") / (t >= 0).sum())
# A class of the model's own can be ignored, such as padding's.
case("crossEntropy", dict(ignoreIndex=0), drawn([4, 6, 5], 3), labels([4, 6], 5, 0), None,
     lambda x, t: F.cross_entropy(x.transpose(1, 2), t, ignore_index=0))

each = dict(reduction="none")
for shape in [[6], [4, 6]]:
    case("crossEntropy", {}, drawn(shape + [5], 3), labels(shape, 5), weights(shape),
         lambda x, t: F.cross_entropy(x.movedim(-1, 1), t, **each))
    case("hinge", dict(margin=0.5), drawn(shape + [5], 3), labels(shape, 5), weights(shape),
         lambda x, t: F.multi_margin_loss(x.flatten(0, -2), t.flatten(), margin=0.5, **each).reshape(shape))
    # Squared errors of one-hot vectors; the weights are the labels'.
    case("meanSquaredError", {}, drawn(shape + [5], 3), labels(shape, 5), weights(shape),
         lambda x, t: ((x - F.one_hot(t, 5)) ** 2).mean(-1))
soft = lambda shape: F.softmax(drawn(shape, 3), -1).float().double()
case("crossEntropy", {}, drawn([6, 5], 3), soft([6, 5]), weights([6]), lambda x, t: F.cross_entropy(x, t, **each))
case("cosine", {}, drawn([6, 5]), drawn([6, 5]), weights([6]), lambda x, t: 1 - F.cosine_similarity(x, t))
share = lambda shape: (drawn(shape) + 1) / 2
for kind, settings, target, f in [
        ("meanSquaredError", {}, drawn, lambda x, t: (x - t) ** 2),
        ("squaredError", {}, drawn, lambda x, t: (x - t) ** 2 * x[0].numel()),
        ("l1", {}, drawn, lambda x, t: (x - t).abs()),
        ("l1", dict(reduction="sum"), drawn, lambda x, t: (x - t).abs() * x[0].numel()),
        ("huber", dict(delta=0.5), drawn, lambda x, t: F.huber_loss(x, t, delta=0.5, **each)),
        ("smoothL1", dict(beta=0.5), drawn, lambda x, t: F.smooth_l1_loss(x, t, beta=0.5, **each)),
        ("binaryCrossEntropyWithLogits", dict(posWeight=2), share, lambda x, t: F.binary_cross_entropy_with_logits(
            x, t, pos_weight=torch.tensor(2.0), **each)),
        ("binaryHinge", {}, lambda shape: drawn(shape).sign(), lambda x, t: torch.clamp(1 - x * t, min=0))]:
    for shape in [[5, 1], [5, 3], [4, 2, 3]]:
        case(kind, settings, drawn(shape, 2), target(shape), weights(shape), f)
        case(kind, settings, drawn(shape, 2), target(shape), weights(shape[:1]), lambda x, t: per_sample(f(x, t)))
case("binaryCrossEntropy", {}, share([5, 3]) * 0.9 + 0.05, share([5, 3]), weights([5, 3]), lambda x, t: F.binary_cross_entropy(x, t, **each))
save("counts", CASES)
