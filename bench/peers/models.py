"""The nets of the workloads in PyTorch, by the names of `lanewise bench`: the same layers and numbers of parameters."""
import math
from typing import Callable, NamedTuple

import torch
from torch import nn

functional = nn.functional


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Sigmoid(), nn.Linear(100, 10))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(),
        nn.Linear(84, 10),
    )  # fmt: skip


def vgg_small():
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(True), nn.Linear(256, 10),
    )  # fmt: skip


class Residual(nn.Module):
    """Two 3×3 convolutions beside a shortcut, which is a 1×1 projection where a stage starts."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(True),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut = (
            nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False),
                nn.BatchNorm2d(channels),
            )
            if stride > 1
            else nn.Identity()
        )

    def forward(self, x):
        return torch.relu_(self.main(x) + self.shortcut(x))


def resnet20():
    """He et al. 2016, §4.2, for 32×32 images."""
    blocks, channels_in = [], 16
    for channels in (16, 32, 64):
        for index in range(3):
            stride = 2 if index == 0 and channels > 16 else 1
            blocks.append(Residual(channels_in, channels, stride))
            channels_in = channels
    stem = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(True)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def alexnet():
    """Krizhevsky et al. 2012, with groups and response normalisation; torchvision's is another net."""
    norm = lambda: nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)  # noqa: E731
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(True), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(True), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(True),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(True), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(True), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(0.5), nn.Linear(4096, 1000),
    )  # fmt: skip


def torchvision_net(name, **options):
    """A function that makes torchvision's net. Raises ImportError, with a sentence, where torchvision is missing."""

    def create():
        try:
            from torchvision import models
        except ImportError as error:
            raise ImportError(f"{name} is torchvision's, which is missing: {error}") from error
        return getattr(models, name)(**options)

    return create


class CharLstm(nn.Module):
    def __init__(self, vocabulary=64, features=32, hidden=256):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, features)
        self.rnn = nn.LSTM(features, hidden, batch_first=True)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, tokens):
        states, _ = self.rnn(self.embedding(tokens))
        return self.output(states)


class Decoder(nn.Module):
    """x + attention(norm(x)), then x + net(norm(x)), as nanoGPT writes them."""

    def __init__(self, length, features, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.c_attn = nn.Linear(features, 3 * features)
        self.attn_proj = nn.Linear(features, features)
        self.mlp = nn.Sequential(
            nn.Linear(features, 4 * features),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * features, features),
        )
        mask = torch.ones(length, length).tril() == 0
        self.register_buffer("mask", mask, persistent=False)

    def attention(self, x):
        n, length, features = x.shape
        parts = self.c_attn(x).view(n, length, 3, self.heads, features // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-2, -1) / math.sqrt(features // self.heads)
        weights = scores.masked_fill(self.mask, -math.inf).softmax(-1)
        return self.attn_proj((weights @ v).transpose(1, 2).reshape(n, length, features))

    def forward(self, x):
        x = x + self.attention(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    """GPT-2's layers; scores come from the tokens' own vectors."""

    def __init__(self, vocabulary=64, length=128, layers=4, heads=4, features=128):
        super().__init__()
        self.wte = nn.Embedding(vocabulary, features)
        self.wpe = nn.Parameter(torch.randn(length, features) * 0.02)
        nn.init.normal_(self.wte.weight, 0, 0.02)
        self.h = nn.Sequential(*(Decoder(length, features, heads) for _ in range(layers)))
        self.ln_f = nn.LayerNorm(features)

    def forward(self, tokens):
        x = self.ln_f(self.h(self.wte(tokens) + self.wpe))
        return functional.linear(x, self.wte.weight)


def cross_entropy(logits, labels):
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))


def squared_error(outputs, labels):
    """The sum of squares a sample, against one-hot targets, averaged over the minibatch."""
    return functional.mse_loss(outputs, labels, reduction="sum") / len(labels)


class Training(NamedTuple):
    """How a net is trained: its samples' shape, or for texts the tokens of one."""

    create: Callable
    shape: tuple
    loss: Callable = cross_entropy
    optimizer: type = torch.optim.SGD
    settings: dict = {"lr": 0.01, "momentum": 0.9}
    classes: int = 10
    # Of a net whose step takes about a second or more, fewer settings are tried.
    is_large: bool = False

    @property
    def is_text(self):
        return len(self.shape) == 1


def photographs(create, size, classes=1000):
    return Training(
        create, (3, size, size), settings={"lr": 0.001, "momentum": 0.9}, classes=classes, is_large=True
    )


def text(create, length, lr):
    return Training(create, (length,), optimizer=torch.optim.Adam, settings={"lr": lr}, classes=64)


MODELS = {
    "mlp": Training(mlp, (1, 28, 28), loss=squared_error, settings={"lr": 0.01}),
    "lenet5": Training(lenet5, (1, 32, 32)),
    "vgg-small": Training(
        vgg_small, (3, 32, 32), optimizer=torch.optim.Adam, settings={"lr": 0.0001}
    ),
    "resnet20": Training(resnet20, (3, 32, 32)),
    "resnet18-64": photographs(torchvision_net("resnet18", num_classes=10), 64, 10),
    "resnet18": photographs(torchvision_net("resnet18"), 224),
    "resnet50": photographs(torchvision_net("resnet50"), 224),
    "alexnet": photographs(alexnet, 227),
    "vgg16": photographs(torchvision_net("vgg16"), 224),
    "googlenet": photographs(
        torchvision_net("googlenet", aux_logits=False, init_weights=False), 224
    ),
    "lstm": text(CharLstm, 64, 0.002),
    "gpt": text(Gpt, 128, 0.001),
}
