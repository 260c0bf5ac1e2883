"""
Writes ONNX files as torch.onnx writes them, into onnx/: a small net for pictures of 3 x 16 x 16, `small` as the recipe of
docs/onnx.md says, `small-folded` by the exporter's defaults, and `small-split` as `small` with its weights in a second
file, and `odd` with two ops that nobody has; and PyTorch's answers to pictures of zeros and of a ramp, in small.json.
"""
import json
import os

import onnx
import torch
from torch import nn

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx")
os.makedirs(here, exist_ok=True)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 2)
        x = torch.relu(self.bn2(self.conv2(x)))
        x = torch.flatten(torch.nn.functional.adaptive_avg_pool2d(x, 1), 1)
        return self.fc(self.dropout(x))


torch.manual_seed(16)
net = Small()
with torch.no_grad():
    # Statistics that normalising would change.
    for norm in [net.bn1, net.bn2]:
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.5, 1.5)
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.uniform_(-0.2, 0.2)
net.eval()

sample = torch.zeros(1, 3, 16, 16)
names = dict(input_names=["input"], output_names=["output"], opset_version=17)
free = dict(dynamic_axes={"input": {0: "N"}, "output": {0: "N"}})
recipe = dict(training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
path = os.path.join(here, "small.onnx")
torch.onnx.export(net, sample, path, **names, **free, **recipe)
torch.onnx.export(net, sample, os.path.join(here, "small-folded.onnx"), **names)
# Data of a file that is there would be kept.
if os.path.exists(os.path.join(here, "small-split.data")):
    os.remove(os.path.join(here, "small-split.data"))
onnx.save_model(
    onnx.load(path),
    os.path.join(here, "small-split.onnx"),
    save_as_external_data=True,
    location="small-split.data",
    size_threshold=0,
)

odd = onnx.load(path)
for node in odd.graph.node:
    if node.op_type == "GlobalAveragePool":
        node.op_type = "NonMaxSuppression"
    elif node.name == "/Relu_1":
        node.op_type, node.domain = "Sparkle", "shop.example"
odd.opset_import.append(onnx.helper.make_opsetid("shop.example", 1))
onnx.save_model(odd, os.path.join(here, "odd.onnx"))

ramp = torch.arange(3 * 16 * 16, dtype=torch.float32).reshape(1, 3, 16, 16) / 768
with torch.no_grad():
    answers = net(torch.cat([sample, ramp]))
with open(os.path.join(here, "small.json"), "w") as file:
    json.dump({"output": [float(x) for x in answers.flatten()]}, file)
    file.write("\n")
