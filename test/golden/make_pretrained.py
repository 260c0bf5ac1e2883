"""
Trains a small net of PyTorch on the generated digits 0 to 4 and writes its state dictionary, in PyTorch's names,
with its accuracy on other digits in the metadata: what docs/fine-tuning.md and its test start from. Needs a build
(npm run build).

    /usr/bin/python3 test/golden/make_pretrained.py      rewrites pytorch.safetensors
"""
import os, subprocess
import numpy as np
import torch
from safetensors_file import write_safetensors

HERE = os.path.dirname(os.path.abspath(__file__))
DUMP = """
import { digits } from 'lanewise';
const { samples, labels } = digits(JSON.parse(process.argv[1]));
process.stdout.write(Buffer.concat([samples, labels]));
"""


def digits(count, seed):
    """Images in bytes as n×1×28×28, scaled as by the net in the documents, and labels below 5."""
    options = '{"count":%d,"seed":%d}' % (count, seed)
    out = subprocess.run(["node", "--input-type=module", "-e", DUMP, options], cwd=os.path.join(HERE, "..", ".."),
                         capture_output=True, check=True).stdout
    values = np.frombuffer(out, np.uint8)
    labels = torch.tensor(values[count * 784:].astype(np.int64))
    images = torch.tensor(values[:count * 784].reshape(count, 1, 28, 28).astype(np.float32) / 255)
    return ((images - 0.1307) / 0.3081)[labels < 5], labels[labels < 5]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        N = torch.nn
        self.features = N.Sequential(N.Conv2d(1, 8, 5), N.BatchNorm2d(8), N.ReLU(), N.MaxPool2d(2),
                                     N.Conv2d(8, 16, 5), N.BatchNorm2d(16), N.ReLU(), N.MaxPool2d(2))
        self.classifier = N.Sequential(N.Linear(256, 64), N.ReLU(), N.Linear(64, 5))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


torch.manual_seed(1)
torch.set_num_threads(1)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), 0.02, momentum=0.9)
images, labels = digits(6000, 1)
for epoch in range(4):
    for batch in torch.randperm(len(labels)).split(64):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
        optimizer.step()
net.eval()
images, labels = digits(2000, 3)
with torch.no_grad():
    accuracy = (net(images).argmax(1) == labels).float().mean().item()
write_safetensors(os.path.join(HERE, "pytorch.safetensors"), net.state_dict(), {"accuracy": f"{accuracy:.6f}"})
print(accuracy)
