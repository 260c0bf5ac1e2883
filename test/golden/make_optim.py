"""
Reference values for the update rules and schedules of test/optimizers: PyTorch 1.13, and for Lion, LARS and
PolynomialLR (which it lacks) the papers' formulas in float64.

    /usr/bin/python3 test/golden/make_optim.py      rewrites optimizer-rules.json and schedules.json
"""
import numpy as np
import torch
from common import draw, pack, save

O = torch.optim


def torch_rule(make):
    def run(p0, gradients):
        p = p0.clone().requires_grad_(True)
        optimizer, after = make([p]), []
        for g in gradients:
            p.grad = g.clone()
            optimizer.step()
            after.append(p.detach().clone())
        return after
    return run


def lion(lr, betas, decay):
    def run(p, gradients):
        m, after = torch.zeros_like(p), []
        for g in gradients:
            update = torch.sign(betas[0] * m + (1 - betas[0]) * g)
            p = p - lr * (update + decay * p)
            m = betas[1] * m + (1 - betas[1]) * g
            after.append(p)
        return after
    return run


def lars(lr, momentum, decay, trust):
    def run(p, gradients):
        v, after = torch.zeros_like(p), []
        for g in gradients:
            local = trust * p.norm() / (g.norm() + decay * p.norm())
            v = momentum * v + lr * local * (g + decay * p)
            p = p - v
            after.append(p)
        return after
    return run


def sgd_with(change):
    """SGD with rate 0.1 on gradients that `change` makes of (weights, gradient)."""
    def run(p, gradients):
        after = []
        for g in gradients:
            p = p - 0.1 * change(p, g)
            after.append(p)
        return after
    return run


def clipped(most):
    def change(p, g):
        q = torch.zeros_like(g).requires_grad_(True)
        q.grad = g.clone()
        torch.nn.utils.clip_grad_norm_([q], most)
        return q.grad
    return change


def rules():
    cases = [
        (dict(kind="momentum", lr=0.1, beta=0.9, nesterov=True, weightDecay=0.01),
         torch_rule(lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01))),
        (dict(kind="adagrad"), torch_rule(lambda p: O.Adagrad(p))),
        (dict(kind="adagrad", lr=0.1, lrDecay=0.1, initialAccumulatorValue=0.1, eps=1e-3, weightDecay=0.02),
         torch_rule(lambda p: O.Adagrad(p, lr=0.1, lr_decay=0.1, initial_accumulator_value=0.1, eps=1e-3, weight_decay=0.02))),
        (dict(kind="rmsprop"), torch_rule(lambda p: O.RMSprop(p))),
        (dict(kind="rmsprop", alpha=0.9, eps=1e-4, weightDecay=0.02, momentum=0.5),
         torch_rule(lambda p: O.RMSprop(p, alpha=0.9, eps=1e-4, weight_decay=0.02, momentum=0.5))),
        (dict(kind="rmsprop", centered=True), torch_rule(lambda p: O.RMSprop(p, centered=True))),
        (dict(kind="rmsprop", alpha=0.8, momentum=0.9, centered=True),
         torch_rule(lambda p: O.RMSprop(p, alpha=0.8, momentum=0.9, centered=True))),
        (dict(kind="adadelta"), torch_rule(lambda p: O.Adadelta(p))),
        (dict(kind="adadelta", lr=0.5, rho=0.8, eps=1e-4, weightDecay=0.1),
         torch_rule(lambda p: O.Adadelta(p, lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.1))),
        (dict(kind="adamW"), torch_rule(lambda p: O.AdamW(p))),
        (dict(kind="adamW", lr=0.02, betas=[0.8, 0.9], weightDecay=0.3),
         torch_rule(lambda p: O.AdamW(p, lr=0.02, betas=(0.8, 0.9), weight_decay=0.3))),
        (dict(kind="adamax"), torch_rule(lambda p: O.Adamax(p))),
        (dict(kind="adamax", lr=0.05, betas=[0.8, 0.9], eps=1e-3, weightDecay=0.1),
         torch_rule(lambda p: O.Adamax(p, lr=0.05, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1))),
        (dict(kind="lion"), lion(1e-4, (0.9, 0.99), 0)),
        (dict(kind="lion", lr=0.01, betas=[0.8, 0.9], weightDecay=0.1), lion(0.01, (0.8, 0.9), 0.1)),
        (dict(kind="lars", lr=2.0), lars(2.0, 0.9, 0.0005, 0.001)),
        (dict(kind="lars", lr=0.5, momentum=0.5, weightDecay=0.1, trust=0.1), lars(0.5, 0.5, 0.1, 0.1)),
        (dict(kind="sgd", lr=0.1, l1=0.3), sgd_with(lambda p, g: g + 0.3 * torch.sign(p))),
        (dict(kind="sgd", lr=0.1, weightDecay=0.3, decoupled=True), sgd_with(lambda p, g: g + 0.3 * p)),
        (dict(kind="sgd", lr=0.1, clipValue=0.4), sgd_with(lambda p, g: g.clamp(-0.4, 0.4))),
        (dict(kind="sgd", lr=0.1, clipNorm=0.7), sgd_with(clipped(0.7))),
        (dict(kind="sgd", lr=0.1, clipNorm=70), sgd_with(clipped(70))),
        (dict(kind="sgd", lr=0.1, clipValue=0.4, clipNorm=0.7),
         sgd_with(lambda p, g: clipped(0.7)(p, g.clamp(-0.4, 0.4)))),
    ]
    count, seed, stored = 27, 6101, []
    p0 = draw([count], seed).detach()
    gradients = [draw([count], seed + 1 + i).detach() for i in range(10)]
    for settings, run in cases:
        after = torch.stack(run(p0, gradients))
        stored.append(dict(settings=settings, count=count, seed=seed, steps=10, after=pack(after)))
    save("optimizer-rules", stored)


STEPS, PER_EPOCH = 120, 4


def by_step(make):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = make(optimizer), []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def by_epoch(make):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = make(optimizer), []
    for _ in range(STEPS // PER_EPOCH):
        rates += [optimizer.param_groups[0]["lr"]] * PER_EPOCH
        optimizer.step()
        scheduler.step()
    return rates


def restarts(period, multiplier, low):
    """PyTorch's warm restarts, stepped with fractional epochs as its documentation shows."""
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = L.CosineAnnealingWarmRestarts(optimizer, period, multiplier, low)
    rates = []
    for i in range(STEPS):
        scheduler.step(i / PER_EPOCH)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def plateau(losses, mode, **options):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = L.ReduceLROnPlateau(optimizer, mode, **options), []
    for value in losses:
        rates += [optimizer.param_groups[0]["lr"]] * PER_EPOCH
        scheduler.step(value)
    return rates


L = O.lr_scheduler


def schedules():
    stored = []

    def add(kind, options, rates, **more):
        stored.append(dict(kind=kind, options=options, factors=[float(r) for r in rates], **more))

    add("step", dict(every=3), by_epoch(lambda o: L.StepLR(o, 3)))
    add("step", dict(every=7, gamma=0.5, by="step"), by_step(lambda o: L.StepLR(o, 7, 0.5)))
    add("step", dict(milestones=[2, 5, 20], gamma=0.3), by_epoch(lambda o: L.MultiStepLR(o, [2, 5, 20], 0.3)))
    add("exponential", dict(gamma=0.9), by_epoch(lambda o: L.ExponentialLR(o, 0.9)))
    add("exponential", dict(gamma=0.99, by="step"), by_step(lambda o: L.ExponentialLR(o, 0.99)))
    add("cosine", {}, by_step(lambda o: L.CosineAnnealingLR(o, STEPS)))
    add("cosine", dict(min=0.1), by_step(lambda o: L.CosineAnnealingLR(o, STEPS, 0.1)))
    add("cosine", dict(period=3, multiplier=2), restarts(3, 2, 0))
    add("cosine", dict(period=5, min=0.01), restarts(5, 1, 0.01))
    add("oneCycle", {}, by_step_less_one(lambda o: L.OneCycleLR(o, 1.0, total_steps=STEPS)))
    add("oneCycle", dict(pctStart=0.25, divFactor=10, finalDivFactor=100, annealStrategy="linear"),
        by_step_less_one(lambda o: L.OneCycleLR(o, 1.0, total_steps=STEPS, pct_start=0.25, div_factor=10,
                                                final_div_factor=100, anneal_strategy="linear")))
    add("polynomial", {}, [1 - t / STEPS for t in range(STEPS)])
    add("polynomial", dict(power=2, end=0.1), [0.1 + 0.9 * (1 - t / STEPS) ** 2 for t in range(STEPS)])
    add("polynomial", dict(power=0.9), [(1 - t / STEPS) ** 0.9 for t in range(STEPS)])
    add("warmup", dict(steps=10), by_step(lambda o: L.LinearLR(o, total_iters=10)))
    add("warmup", dict(steps=20, start=0.01, then="cosine"), by_step(lambda o: L.SequentialLR(
        o, [L.LinearLR(o, 0.01, total_iters=20), L.CosineAnnealingLR(o, STEPS - 20)], [20])))
    rng = np.random.default_rng(5)
    values = [float(v) for v in np.round(np.exp(-np.arange(STEPS // PER_EPOCH) / 5) + 0.2 * rng.random(STEPS // PER_EPOCH), 4)]
    add("reduceOnPlateau", dict(patience=2), plateau(values, "min", patience=2), history=values)
    add("reduceOnPlateau", dict(factor=0.5, patience=1, threshold=0.05, cooldown=2, min=0.1),
        plateau(values, "min", factor=0.5, patience=1, threshold=0.05, cooldown=2, min_lr=0.1), history=values)
    add("reduceOnPlateau", dict(patience=1, metric="accuracy"),
        plateau([1 - v / 2 for v in values], "max", patience=1), history=values)
    save("schedules", stored)


def by_step_less_one(make):
    """OneCycleLR refuses the step after its last."""
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = make(optimizer), []
    for i in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if i < STEPS - 1:
            scheduler.step()
    return rates


rules()
schedules()
