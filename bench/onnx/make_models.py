"""The models of torchvision as ONNX files in three forms, with PyTorch's weights and the gradients of one step.

    /usr/bin/python3 bench/onnx/make_models.py FOLDER [model…]

default.onnx is what torch.onnx.export writes without options, for one sample; preserve.onnx the form that can be trained,
for two; dynamic.onnx that form for any number. data.json lists what is in data.bin: weights, samples, and the gradients
of the mean cross-entropy of eight samples, batch norms in training, nothing dropped, in double and in single precision.
"""
import copy
import json
import os
import sys
import warnings

import numpy as np
import torch
import torchvision
from torch import nn
from torch.onnx import TrainingMode

warnings.filterwarnings('ignore')
AUX = {'aux_logits': False, 'init_weights': True}
# Options, and the side of images.
MODELS = {
    'alexnet': ({}, 224),
    'vgg11': ({}, 224),
    'vgg11_bn': ({}, 224),
    'resnet18': ({}, 64),
    'resnext50_32x4d': ({}, 64),
    'squeezenet1_0': ({}, 64),
    'densenet121': ({}, 64),
    'googlenet': (AUX, 64),
    'inception_v3': (AUX, 139),
    'mobilenet_v2': ({}, 64),
    'mnasnet1_0': ({}, 64),
    'mobilenet_v3_small': ({}, 64),
    'efficientnet_b0': ({}, 64),
    'shufflenet_v2_x1_0': ({}, 64),
    'regnet_y_400mf': ({}, 64),
    'convnext_tiny': ({}, 64),
    # Beside the sixteen.
    'mobilenet_v3_large': ({}, 64),
    'vit_b_16': ({'image_size': 64}, 64),
    'swin_t': ({}, 64),
}
DROPS = ('Dropout', 'Dropout2d', 'StochasticDepth')
# Values of a gradient that are kept; of larger ones every so-many-th.
KEPT = 65536


def moved(model, side):
    """Weights as made, running statistics as a few passes leave them."""
    model.train()
    with torch.no_grad():
        for _ in range(4):
            model(torch.randn(8, 3, side, side))
    return model.eval()


def gradients(model, x, labels):
    model.train()
    for one in model.modules():
        if type(one).__name__ in DROPS:
            one.eval()
    nn.functional.cross_entropy(model(x), labels).backward()
    return {name: one.grad for name, one in model.named_parameters()}


def sampled(array):
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat[:: max(1, -(-flat.size // KEPT))]


def make(name, folder):
    options, side = MODELS[name]
    torch.manual_seed(int(os.environ.get('SEED', '3')))
    model = getattr(torchvision.models, name)(**options)
    if hasattr(model, 'heads'):
        nn.init.normal_(model.heads.head.weight, std=0.02)  # zeros, as it is made
    model = moved(model, side)
    os.makedirs(folder, exist_ok=True)
    x = torch.randn(8, 3, side, side)
    for form, batch in (('default', 1), ('preserve', 2), ('dynamic', 2)):
        more = {} if form == 'default' else {'training': TrainingMode.PRESERVE, 'do_constant_folding': False}
        if form == 'dynamic':
            more['dynamic_axes'] = {'x': {0: 'batch'}, 'y': {0: 'batch'}}
        torch.onnx.export(model, x[:batch], os.path.join(folder, f'{form}.onnx'), opset_version=17, input_names=['x'], output_names=['y'], **more)
    rows, data = [], open(os.path.join(folder, 'data.bin'), 'wb')

    def put(kind, key, array):
        rows.append({'kind': kind, 'name': key, 'size': int(array.size), 'at': data.tell()})
        data.write(np.ascontiguousarray(array).tobytes())

    put('x', 'x', x.numpy())
    for key, one in model.state_dict().items():
        if not key.endswith('num_batches_tracked'):
            put('weight', key, one.numpy())
    labels = torch.arange(8) % 7
    for kind, dtype in (('double', torch.float64), ('single', torch.float32)):
        found = gradients(copy.deepcopy(model).to(dtype), x.to(dtype), labels)
        for key, one in found.items():
            put(kind, key, sampled(one.numpy()).astype(np.float64))
    data.close()
    with open(os.path.join(folder, 'data.json'), 'w') as file:
        json.dump({'side': side, 'labels': labels.tolist(), 'rows': rows}, file)
    print(name, flush=True)


if __name__ == '__main__':
    torch.set_num_threads(1)
    for name in sys.argv[2:] or MODELS:
        make(name, os.path.join(sys.argv[1], name))
