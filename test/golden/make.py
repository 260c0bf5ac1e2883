"""
Reference values from PyTorch (Debian's python3-torch, 1.13) for test/ops and test/optimizers.

    /usr/bin/python3 test/golden/make.py      rewrites the JSON files beside it

The gradients of an op with output y are those of sum((y - target)^2), target drawn like the inputs.
"""
import numpy as np
import torch
import torch.nn.functional as F
from common import draw, numbers, pack, save, with_gradients


def conv2d():
    cases, seed = [], 1
    for k in range(1, 8):
        for s in range(1, 4):
            for p in range(0, 3):
                n, c, o = 1 + seed % 2, 1 + seed % 3, 1 + (seed * 2) % 5
                h, w = 7 + seed % 5, 7 + (seed * 3) % 7
                kh, kw = k, k if seed % 4 else max(1, k - 1)
                x, wt, b = draw([n, c, h, w], seed), draw([o, c, kh, kw], seed + 1), draw([o], seed + 2)
                y = F.conv2d(x, wt, b, stride=s, padding=p)
                case = dict(x=[n, c, h, w], w=[o, c, kh, kw], stride=[s, s], padding=[p, p], seed=seed)
                cases.append(with_gradients(case, y, dict(x=x, w=wt, b=b), seed + 3))
                seed += 4
    for stride, padding in [((1, 2), (0, 2)), ((3, 1), (2, 1))]:
        x, wt, b = draw([2, 3, 9, 13], seed), draw([4, 3, 3, 5], seed + 1), draw([4], seed + 2)
        y = F.conv2d(x, wt, b, stride=stride, padding=padding)
        case = dict(x=[2, 3, 9, 13], w=[4, 3, 3, 5], stride=stride, padding=padding, seed=seed)
        cases.append(with_gradients(case, y, dict(x=x, w=wt, b=b), seed + 3))
        seed += 4
    save("conv2d", cases)


def pooling():
    cases, seed = [], 1001
    for kind, f in [("avg", F.avg_pool2d), ("max", F.max_pool2d)]:
        for k in range(1, 4):
            for s in range(1, 4):
                shape = [2, 1 + seed % 3, 5 + seed % 6, 6 + seed % 5]
                x = draw(shape, seed)
                case = dict(kind=kind, x=shape, kernel=[k, k], stride=[s, s], seed=seed)
                cases.append(with_gradients(case, f(x, k, stride=s), dict(x=x), seed + 1))
                seed += 2
        x = draw([1, 2, 16, 24], seed)
        case = dict(kind=kind, x=[1, 2, 16, 24], kernel=[2, 2], stride=[2, 2], seed=seed)
        cases.append(with_gradients(case, f(x, 2), dict(x=x), seed + 1))
        seed += 2
    save("pooling", cases)


def linear():
    cases, seed = [], 2001
    for n, i, o in [(1, 1, 1), (3, 5, 2), (4, 8, 8), (7, 13, 9), (16, 33, 10), (2, 300, 17)]:
        x, w, b = draw([n, i], seed), draw([o, i], seed + 1), draw([o], seed + 2)
        case = dict(x=[n, i], w=[o, i], seed=seed)
        cases.append(with_gradients(case, F.linear(x, w, b), dict(x=x, w=w, b=b), seed + 3))
        seed += 4
    save("linear", cases)


def activations():
    functions = dict(
        relu=F.relu,
        sigmoid=torch.sigmoid,
        tanh=torch.tanh,
        scaledTanh=lambda x: 1.7159 * torch.tanh(2 * x / 3),
    )
    cases, seed = [], 3001
    for name, f in functions.items():
        for scale in [0.001, 1, 4, 30]:
            x = draw([61], seed, scale)
            case = dict(kind=name, x=[61], scale=scale, seed=seed)
            cases.append(with_gradients(case, f(x), dict(x=x), seed + 1))
            seed += 2
    save("activations", cases)


def losses():
    cases, seed = [], 4001
    for n, c, scale in [(1, 2, 1), (5, 10, 1), (4, 3, 50), (9, 17, 5), (2, 1000, 3)]:
        logits = draw([n, c], seed, scale)
        labels = torch.tensor([(i * 7 + seed) % c for i in range(n)])
        loss = F.cross_entropy(logits, labels, reduction="none")
        (loss.sum() / n).backward()
        cases.append(dict(kind="crossEntropy", x=[n, c], scale=scale, labels=labels.tolist(), seed=seed,
                          loss=pack(loss), gradient=pack(logits.grad)))
        y, t = draw([n, c], seed + 1, scale), draw([n, c], seed + 2, scale)
        loss = F.mse_loss(y, t.detach(), reduction="none").sum(1)
        (loss.sum() / n).backward()
        cases.append(dict(kind="sumOfSquaredErrors", x=[n, c], scale=scale, seed=seed + 1,
                          loss=pack(loss), gradient=pack(y.grad)))
        seed += 4
    save("losses", cases)


def network():
    """A small LeNet: the loss and every parameter's gradient, through all layers at once."""
    shapes = dict(c1w=[3, 1, 3, 3], c1b=[3], c2w=[4, 3, 3, 3], c2b=[4], fw=[10, 16], fb=[10])
    ts = {k: draw(s, 5001 + i, 0.5) for i, (k, s) in enumerate(shapes.items())}
    x, labels = draw([5, 1, 12, 12], 5100).detach(), torch.tensor([3, 0, 9, 1, 5])
    h = F.avg_pool2d(torch.tanh(F.conv2d(x, ts["c1w"], ts["c1b"])), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, ts["c2w"], ts["c2b"], padding=1)), 2).flatten(1)
    loss = F.cross_entropy(F.linear(h, ts["fw"], ts["fb"]), labels)
    loss.backward()
    save("network", [dict(shapes=shapes, labels=labels.tolist(), loss=loss.item(),
                          gradients={k: pack(t.grad) for k, t in ts.items()})])


def norm():
    """Batch normalisation of one shard: values, gradients, running statistics, and the evaluation that follows."""
    cases, seed = [], 7001
    for shape, offset, eps in [([2, 3, 5, 7], 0, 1e-5), ([4, 2, 1, 1], 0, 1e-5), ([3, 5], 0, 1e-3), ([1, 2, 3, 4], 0, 1e-5),
                               ([2, 4, 8, 8], 0, 0.1), ([16, 9], 2, 1e-5), ([3, 2, 6, 6], 100, 1e-5), ([5, 1, 2, 11], -7, 1e-5)]:
        c = shape[1]
        x = (draw(shape, seed).detach().float() + offset).double().requires_grad_(True)
        w, b = draw([c], seed + 1), draw([c], seed + 2)
        mean, var = draw([c], seed + 3).detach(), draw([c], seed + 4).detach() + 1.5
        case = dict(x=shape, offset=offset, eps=eps, seed=seed)
        case["evaluated"] = pack(F.batch_norm(x, mean, var, w, b, False, 0.1, eps))
        moved = [mean.clone(), var.clone()]
        y = F.batch_norm(x, *moved, w, b, True, 0.1, eps)
        case["running"] = [pack(t) for t in moved]
        cases.append(with_gradients(case, y, dict(x=x, w=w, b=b), seed + 5))
        seed += 6
    save("norm", cases)


class Block(torch.nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class ResNet20(torch.nn.Module):
    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1), Block(16, 16, 1), Block(16, 16, 1))
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(y))).mean((2, 3)))


def train_resnet20(seed):
    """Three steps of momentum on minibatches of 4, then an evaluation; and how near a relu came to its kink."""
    model = ResNet20().double()
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    for i, (name, t) in enumerate(state.items()):
        shape = list(t.shape)
        if name.endswith("running_mean"):
            value = torch.zeros(shape)
        elif name.endswith("running_var"):
            value = torch.ones(shape)
        elif len(shape) == 1:
            value = draw(shape, 8001 + i, 0.25).detach() + (1 if name.endswith("weight") else 0)
        else:
            value = draw(shape, 8001 + i, (6 / np.prod(shape[1:])) ** 0.5).detach()
        # Both sides start from float32.
        t.copy_(value.float())
    images = ((numbers(12 * 3072, seed) + np.float32(1)) * np.float32(127)).astype(np.uint8)
    x = (torch.tensor(images.reshape(12, 3, 32, 32), dtype=torch.float64) / 255 - 0.4734) / 0.2516
    labels = torch.tensor([(i * 7 + i // 10) % 10 for i in range(12)])
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4), []
    nearest, relu = [], F.relu
    F.relu = lambda v: (nearest.append(v.detach().abs().min().item()), relu(v))[1]
    for step in range(3):
        part = slice(step * 4, step * 4 + 4)
        loss = F.cross_entropy(model(x[part]), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    F.relu = relu
    model.eval()
    with torch.no_grad():
        logits = model(x)
    running = torch.cat([t for k, t in state.items() if "running" in k])
    return min(nearest), dict(
        seed=seed, parameters={k: list(t.shape) for k, t in state.items()},
        trained=sum(p.numel() for p in model.parameters()),
        losses=losses, running=pack(running), fc=pack(state["fc.weight"]), conv1=pack(state["conv1.weight"]),
        scores=pack(F.softmax(logits, 1)), evaluated=pack(F.cross_entropy(logits, labels, reduction="none")))


def resnet20():
    """
    He et al. 2016, section 4.2. Of two million numbers before a relu some come so near its kink that float32
    lands on the other side, and one such gradient grows in a few steps to what no tolerance could tell from a
    mistake (PyTorch's own float32 included). So the images are the first that keep 2e-6 away in float64.
    """
    seed = 8901
    while True:
        nearest, case = train_resnet20(seed)
        if nearest > 2e-6:
            return save("resnet20", [case])
        seed += 1


def lecture_momentum(p, g, state, lr, beta):
    state["v"] = beta * state.get("v", torch.zeros_like(p)) + (1 - beta) * g
    return p - lr * state["v"]


def optimizers():
    """Ten steps with given gradients; the parameters after each."""
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

    def mean_momentum(p0, gradients):
        p, state, after = p0.clone(), {}, []
        for g in gradients:
            p = lecture_momentum(p, g, state, 0.3, 0.8)
            after.append(p.clone())
        return after

    O = torch.optim
    rules = [
        (dict(kind="sgd", lr=0.1), torch_rule(lambda p: O.SGD(p, lr=0.1))),
        (dict(kind="sgd", lr=0.1, weightDecay=0.05), torch_rule(lambda p: O.SGD(p, lr=0.1, weight_decay=0.05))),
        (dict(kind="momentum", lr=0.1, beta=0.9), torch_rule(lambda p: O.SGD(p, lr=0.1, momentum=0.9))),
        (dict(kind="momentum", lr=0.1, beta=0.5, weightDecay=0.01),
         torch_rule(lambda p: O.SGD(p, lr=0.1, momentum=0.5, weight_decay=0.01))),
        (dict(kind="momentum", lr=0.3, beta=0.8, form="mean"), mean_momentum),
        (dict(kind="adam"), torch_rule(lambda p: O.Adam(p))),
        (dict(kind="adam", lr=0.05, betas=[0.5, 0.9], eps=1e-3, weightDecay=0.02),
         torch_rule(lambda p: O.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.02))),
    ]
    count, seed, cases = 24, 6001, []
    p0 = draw([count], seed).detach()
    gradients = [draw([count], seed + 1 + i).detach() for i in range(10)]
    for settings, run in rules:
        after = torch.stack(run(p0, gradients))
        cases.append(dict(settings=settings, count=count, seed=seed, steps=10, after=pack(after)))
    save("optimizers", cases)


for make in [conv2d, pooling, linear, activations, losses, network, norm, resnet20, optimizers]:
    make()
