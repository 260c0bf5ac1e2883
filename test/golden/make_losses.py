"""
Every loss with its options, one value a sample, from PyTorch (reduction='none', then what a sample's loss is
here: the mean over positions or values). The gradient is that of the mean over the samples.

    /usr/bin/python3 test/golden/make_losses.py      rewrites loss-options.json, rbf.json and distillation.json
"""
import torch
import torch.nn.functional as F
from common import draw, pack, save, with_gradients

CASES, SEED = [], [9001]


def seed():
    SEED[0] += 3
    return SEED[0]


def single(t):
    """As float32 holds it: the inputs are the same on both sides."""
    return t.detach().float().double()


def mean(t):
    return t.flatten(1).mean(1) if t.dim() > 1 else t


def case(kind, settings, x, target, loss):
    x = single(x).requires_grad_(True)
    values = loss(x, target)
    values.mean().backward()
    is_labels = not target.is_floating_point()
    CASES.append(dict(kind=kind, settings=settings, x=pack(x), shape=list(x.shape), targetShape=list(target.shape),
                      target=target.flatten().tolist() if is_labels else pack(target), isLabels=is_labels,
                      loss=pack(values), gradient=pack(x.grad)))


def labels(shape, classes):
    count = 1
    for extent in shape:
        count *= extent
    return torch.tensor([(i * 7 + SEED[0]) % classes for i in range(count)]).reshape(shape)


def distribution(shape, axis):
    return single(F.softmax(draw(shape, seed(), 3), axis))


def logits(shape, scale=4):
    return draw(shape, seed(), scale).detach()


def classes():
    weights = [0.5, 2.0, 1.25, 0.0, 3.0, 1.0, 0.75]
    for settings in [{}, dict(labelSmoothing=0.1), dict(classWeights=weights), dict(labelSmoothing=0.3, classWeights=weights)]:
        options = dict(label_smoothing=settings.get("labelSmoothing", 0.0), reduction="none",
                       weight=torch.tensor(weights, dtype=torch.float64) if "classWeights" in settings else None)
        entropy = lambda x, t: mean(F.cross_entropy(x, t, **options))
        case("crossEntropy", settings, logits([5, 7]), labels([5], 7), entropy)
        case("crossEntropy", settings, logits([5, 7]), distribution([5, 7], 1), entropy)
        case("crossEntropy", settings, logits([2, 7, 2, 3]), labels([2, 2, 3], 7), entropy)
        # Here the classes of three axes are the last, in PyTorch the second.
        case("crossEntropy", settings, logits([2, 3, 7]), labels([2, 3], 7), lambda x, t: entropy(x.transpose(1, 2), t))
    case("crossEntropy", dict(labelSmoothing=0.1), logits([2, 3, 2, 2]), distribution([2, 3, 2, 2], 1),
         lambda x, t: mean(F.cross_entropy(x, t, label_smoothing=0.1, reduction="none")))
    for T in [1, 4, 0.5]:
        student = lambda x: F.log_softmax(x / T, 1)
        kl = lambda x, p: F.kl_div(student(x), p, reduction="none").sum(1) * T * T
        case("klDivergence", dict(temperature=T), logits([4, 6]), single(logits([4, 6])),
             lambda x, t: kl(x, F.softmax(t / T, 1)))
        case("klDivergence", {"temperature": T, "from": "probabilities"}, logits([4, 6]), distribution([4, 6], 1), kl)
    for settings in [{}, dict(p=2), dict(margin=0.5), dict(p=2, margin=3)]:
        case("hinge", settings, logits([5, 6], 2), labels([5], 6),
             lambda x, t: F.multi_margin_loss(x, t, reduction="none", **settings))
    for j in [1, 0.1, 5, 40]:
        case("mapCriterion", dict(j=j), (logits([5, 10]) + 4) * 8, labels([5], 10), lambda x, t: x.gather(1, t[:, None])[:, 0] +
             torch.logsumexp(torch.cat([-x, torch.full((len(x), 1), -float(j), dtype=torch.float64)], 1), 1))


def values():
    shapes = [[4, 5], [2, 3, 2, 3], [3, 1], [1, 33]]
    for shape in shapes:
        def both(kind, settings, f, scale=2):
            case(kind, settings, logits(shape, scale), single(logits(shape, scale)), f)
        both("squaredError", {}, lambda x, t: F.mse_loss(x, t, reduction="none").flatten(1).sum(1))
        both("meanSquaredError", {}, lambda x, t: mean(F.mse_loss(x, t, reduction="none")))
        both("l1", {}, lambda x, t: mean(F.l1_loss(x, t, reduction="none")))
        both("l1", dict(reduction="sum"), lambda x, t: F.l1_loss(x, t, reduction="none").flatten(1).sum(1))
        for delta in [1, 0.3]:
            both("huber", dict(delta=delta), lambda x, t: mean(F.huber_loss(x, t, delta=delta, reduction="none")))
            both("smoothL1", dict(beta=delta), lambda x, t: mean(F.smooth_l1_loss(x, t, beta=delta, reduction="none")))
        probabilities, truth = torch.sigmoid(logits(shape)), single(torch.sigmoid(logits(shape)))
        case("binaryCrossEntropy", {}, probabilities, truth, lambda x, t: mean(F.binary_cross_entropy(x, t, reduction="none")))
        for weight in [1, 3.5]:
            case("binaryCrossEntropyWithLogits", dict(posWeight=weight), logits(shape, 20), (truth > 0.5).double(),
                 lambda x, t: mean(F.binary_cross_entropy_with_logits(x, t, reduction="none",
                                   pos_weight=torch.tensor(float(weight), dtype=torch.float64))))
        if shape[1:] != [1]:  # of one value it is 0 or 2, and the gradient rounding alone
            both("cosine", {}, lambda x, t: F.cosine_embedding_loss(x.flatten(1), t.flatten(1), torch.ones(len(x)), reduction="none"))
        signs = (truth > 0.5).double() * 2 - 1
        for margin in [1, 0.25]:
            case("binaryHinge", dict(margin=margin), logits(shape, 2), signs,
                 lambda x, t: mean(torch.clamp(margin - x * t, min=0)))
    # PyTorch bounds the logarithms where a probability is 0 or 1.
    case("binaryCrossEntropy", {}, torch.tensor([[0.0, 1.0, 0.25]]), torch.tensor([[0.75, 1.0, 0.0]], dtype=torch.float64),
         lambda x, t: mean(F.binary_cross_entropy(x, t, reduction="none")))
    for kind, f in [("squaredError", lambda x, t: ((x - t) ** 2).sum(1)), ("binaryCrossEntropyWithLogits",
                    lambda x, t: mean(F.binary_cross_entropy_with_logits(x, t, reduction="none")))]:
        indices = labels([4], 5)
        case(kind, {}, logits([4, 5]), indices, lambda x, t: f(x, F.one_hot(t, 5).double()))




def scaled():
    """Losses of values in units of a scale."""
    for shape in [[4, 5], [2, 3, 2, 3], [3, 1], [1, 33]]:
        def both(kind, settings, f):
            case(kind, settings, logits(shape, 2), single(logits(shape, 2)), f)
        for scale in [2.5, [0.5 + i % 3 for i in range(shape[-1])]]:
            by = torch.tensor(scale, dtype=torch.float64)
            both("meanSquaredError", dict(scale=scale), lambda x, t: mean(F.mse_loss(x / by, t / by, reduction="none")))
            both("l1", dict(scale=scale), lambda x, t: mean(F.l1_loss(x / by, t / by, reduction="none")))
            both("huber", dict(delta=0.7, scale=scale), lambda x, t: mean(F.huber_loss(x / by, t / by, delta=0.7, reduction="none")))
            both("smoothL1", dict(scale=scale), lambda x, t: mean(F.smooth_l1_loss(x / by, t / by, reduction="none")))


def distributions():
    """Outputs n×(k·width) or n×k×width of targets n×k, or n."""
    scales = lambda k: [None, 1.75, [0.5 + i % 3 for i in range(k)]]
    for n, k, shape, of in [(4, 1, [4, 3], [4]), (3, 5, [3, 5, 3], [3, 5]), (2, 2, [2, 6], [2, 2]), (1, 7, [1, 7, 3], [1, 7])]:
        for quantiles in [[0.05, 0.5, 0.95], [0.2, 0.5, 0.6]]:
            for scale in scales(k):
                by = torch.tensor(1.0 if scale is None else scale, dtype=torch.float64)
                q = torch.tensor(quantiles, dtype=torch.float64)
                def pinball(x, t):
                    d = ((t.reshape(n, k) - x.reshape(n, k, 3).permute(2, 0, 1)) / by).permute(1, 2, 0)
                    return torch.max(q * d, (q - 1) * d).mean((1, 2))
                settings = dict(quantiles=quantiles) if scale is None else dict(quantiles=quantiles, scale=scale)
                case("quantile", settings, logits(shape, 2), single(logits(of, 2)), pinball)
        wide = shape[:-1] + [shape[-1] // 3 * 2]
        for scale in scales(k):
            by = torch.tensor(1.0 if scale is None else scale, dtype=torch.float64)
            def likelihood(x, t):
                x = x.reshape(n, k, 2)
                return F.gaussian_nll_loss(x[..., 0] / by, t.reshape(n, k) / by, torch.exp(x[..., 1]), reduction="none").mean(1)
            case("gaussian", {} if scale is None else dict(scale=scale), logits(wide, 2), single(logits(of, 2)), likelihood)


def distillation():
    """(1 − α)·cross-entropy by labels + α·T²·KL(teacher ‖ student), means over the minibatch."""
    cases = []
    for T, alpha in [(4, 0.9), (1, 0.5), (2.5, 1), (20, 0.3), (4, 0)]:
        x, teacher, target = single(logits([6, 10])).requires_grad_(True), single(logits([6, 10])), labels([6], 10)
        soft = F.kl_div(F.log_softmax(x / T, 1), F.softmax(teacher / T, 1), reduction="batchmean") * T * T
        loss = alpha * soft + (1 - alpha) * F.cross_entropy(x, target)
        loss.backward()
        cases.append(dict(temperature=T, alpha=alpha, x=pack(x), teacher=pack(teacher), labels=target.tolist(),
                          loss=loss.item(), gradient=pack(x.grad)))
    save("distillation", cases)


def rbf():
    cases = []
    for n, c, f in [(1, 1, 1), (3, 10, 84), (5, 3, 7)]:
        at = seed()
        x, w = draw([n, f], at), draw([c, f], at + 1)
        y = ((x[:, None] - w[None]) ** 2).sum(2)
        cases.append(with_gradients(dict(x=[n, f], centres=[c, f], seed=at), y, dict(x=x, centres=w), at + 2))
    save("rbf", cases)


classes()
values()
rbf()
distillation()
scaled()
distributions()
save("loss-options", CASES)
