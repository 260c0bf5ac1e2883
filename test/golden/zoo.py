"""The models that weights are exchanged of, in PyTorch, with torchvision's names of parameters."""
import torch
from torch import nn
import torch.nn.functional as F


def vgg11(classes=1000, size=224, width=64):
    features, c = [], 3
    for channels in [1, "M", 2, "M", 4, 4, "M", 8, 8, "M", 8, 8, "M"]:
        if channels == "M":
            features.append(nn.MaxPool2d(2))
        else:
            features += [nn.Conv2d(c, channels * width, 3, padding=1), nn.ReLU()]
            c = channels * width
    hidden = 64 * width
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(*features))
    model.add_module("flatten", nn.Flatten())
    model.add_module("classifier", nn.Sequential(
        nn.Linear(c * (size // 32) ** 2, hidden), nn.ReLU(), nn.Dropout(),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes)))
    return model


class BasicBlock(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or inputs != channels:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self, classes=1000, width=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        c = width
        for stage in range(4):
            channels = width * 2 ** stage
            blocks = nn.Sequential(BasicBlock(c, channels, 1 if stage == 0 else 2), BasicBlock(channels, channels, 1))
            setattr(self, f"layer{stage + 1}", blocks)
            c = channels
        self.fc = nn.Linear(c, classes)

    def forward(self, x):
        y = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        y = self.layer4(self.layer3(self.layer2(self.layer1(y))))
        return self.fc(y.mean((2, 3)))


resnet18 = ResNet18


class LeNet5(nn.Module):
    """In today's form, with the names of src/models/lenet5.ts."""

    def __init__(self, classes=10):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.output = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        y = F.avg_pool2d(torch.tanh(self.c1(x)), 2)
        y = F.avg_pool2d(torch.tanh(self.c3(y)), 2)
        return self.output(torch.tanh(self.f6(torch.tanh(self.c5(y.flatten(1))))))


lenet5 = LeNet5


class CharLstm(nn.Module):
    """With the names of src/models/char-rnn.ts; x: n×T tokens."""

    def __init__(self, vocabulary, embedding_dim=32, hidden_size=128, num_layers=1, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding_dim)
        self.rnn = nn.LSTM(embedding_dim, hidden_size, num_layers, batch_first=True, dropout=dropout)
        self.dropout, self.output = nn.Dropout(dropout), nn.Linear(hidden_size, vocabulary)

    def forward(self, x):
        return self.output(self.dropout(self.rnn(self.embedding(x))[0]))


char_lstm = CharLstm
