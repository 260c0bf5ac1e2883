"""
Losses that users write as functions of outputs and targets: the mean over the samples, each times its weight, and its
gradients by the parameters of a net of two outputs. Drawn values are those of test/losses/function.test.ts.

    /usr/bin/python3 test/golden/make_function_losses.py      rewrites function-losses.json
"""
import torch
import torch.nn.functional as F
from common import draw, pack, save

N = 7
ACTIONS = torch.tensor([(i * 5) % 3 for i in range(N)])
ADVANTAGE, RETURNS, OLD = draw([N], 21, 2).detach(), draw([N], 22, 3).detach(), draw([N], 23, 0.5).detach() - 1
WEIGHTS = draw([N], 24).detach() + 1


def chosen(scores):
    return F.log_softmax(scores, 1).gather(1, ACTIONS[:, None])[:, 0]


def actor_critic(scores, value):
    log_p = F.log_softmax(scores, 1)
    entropy = -(log_p.exp() * log_p).sum(1)
    return -chosen(scores) * ADVANTAGE + 0.5 * (value[:, 0] - RETURNS) ** 2 - 0.01 * entropy


def clipped(scores, value):
    ratio = (chosen(scores) - OLD).exp()
    return -torch.minimum(ratio * ADVANTAGE, ratio.clamp(0.8, 1.2) * ADVANTAGE)


def focal(scores, value):
    p = F.softmax(scores, 1).gather(1, ACTIONS[:, None])[:, 0]
    return -((1 - p) ** 2) * p.log()


def quantile(scores, value):
    d = RETURNS - value[:, 0]
    return torch.maximum(0.9 * d, -0.1 * d)


def likelihood(scores, value):
    """Normal, of mean `value` and the logarithm of a variance that is the first score."""
    return F.gaussian_nll_loss(value[:, 0], RETURNS, scores[:, 0].exp(), reduction="none", eps=0)


def generator(scores, value):
    return F.softplus(-value[:, 0])


def margin(scores, value):
    """Without a target: the lowest score is to be one below the highest; |value| is small."""
    return F.relu(scores.min(1).values - scores.max(1).values + 1) + value[:, 0].abs().sqrt()


cases = []
for loss in [actor_critic, clipped, focal, quantile, likelihood, generator, margin]:
    for weighted in [False, True]:
        x = draw([N, 4], 1).detach()
        parameters = {}
        for i, (name, shape) in enumerate([("hidden", [5, 4]), ("scores", [3, 5]), ("value", [1, 5])]):
            parameters[name + ".weight"] = draw(shape, 2 + 2 * i)
            parameters[name + ".bias"] = draw(shape[:1], 3 + 2 * i)
        layer = lambda name, v: F.linear(v, parameters[name + ".weight"], parameters[name + ".bias"])
        hidden = torch.tanh(layer("hidden", x))
        values = loss(layer("scores", hidden), layer("value", hidden))
        mean = (values * (WEIGHTS if weighted else 1)).mean()
        mean.backward()
        cases.append(dict(loss=loss.__name__, weighted=weighted, mean=mean.item(),
                          gradients={name: pack(t.grad) for name, t in parameters.items() if t.grad is not None}))
save("function-losses", cases)
