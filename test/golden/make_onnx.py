"""Small ONNX files, each with a trap of real ones. Run make_onnx.mjs after it, which adds what onnxruntime answers.

    /usr/bin/python3 test/golden/make_onnx.py
"""
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.onnx import TrainingMode

HERE = os.path.join(os.path.dirname(__file__), 'onnx')
os.makedirs(HERE, exist_ok=True)
torch.manual_seed(16)
rng = np.random.default_rng(16)


def path(name):
    return os.path.join(HERE, f'{name}.onnx')


def export(name, model, shape, preserve=True, dynamic=False, opset=17, tokens=None):
    """A model in eval, in the form that can be trained, or in PyTorch's default one."""
    model.eval()
    x = torch.randint(tokens, shape) if tokens else torch.randn(*shape)
    options = {}
    if preserve:
        options = {'training': TrainingMode.PRESERVE, 'do_constant_folding': False}
    if dynamic:
        options['dynamic_axes'] = {'x': {0: 'batch'}, 'y': {0: 'batch'}}
    torch.onnx.export(model, x, path(name), opset_version=opset, input_names=['x'], output_names=['y'], **options)


class Residual(nn.Module):
    """Batch norms whose values are equal at first, a branch, dropout."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(4, 3))

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv(x)))
        x = x + self.body(x)
        return self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))


class Shuffle(nn.Module):
    """The number of samples is read and written into a shape, as in ShuffleNet."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        a, b = self.conv(x).view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, -1, h, w).chunk(2, 1)
        return torch.cat([a, nn.functional.relu6(b)], 1).mean([2, 3])


class Recurrent(nn.Module):
    def __init__(self, kind, last=False, **options):
        super().__init__()
        self.rnn = kind(3, 4, batch_first=True, **options)
        self.fc = nn.Linear(4 * (2 if options.get('bidirectional') else 1), 2)
        self.last = last

    def forward(self, x):
        y, h = self.rnn(x)
        if self.last:
            return self.fc((h[0] if isinstance(h, tuple) else h)[-1])
        return self.fc(y)


def moved(model, *shape):
    """Running statistics after some batches, as training leaves them."""
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(*shape) + 0.5)
    return model


def encoder(batch_first=True):
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=batch_first)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.scale = nn.Parameter(torch.randn(6))
        self.norm = nn.LayerNorm(6)
        self.fc = nn.Linear(6, 6)
        self.act = nn.GELU()

    def forward(self, x):
        y = self.norm(self.table(x) * self.scale)
        return self.act(self.fc(y)) + nn.functional.silu(y)


net = moved(Residual(), 4, 1, 6, 6)
export('residual', net, (2, 1, 6, 6))
export('residual-folded', net, (2, 1, 6, 6), preserve=False)
export('residual-dynamic', net, (2, 1, 6, 6), dynamic=True)
np.savez(os.path.join(HERE, 'residual.npz'), **{k: v.numpy() for k, v in net.state_dict().items() if 'num_batches' not in k})
export('shuffle', Shuffle(), (1, 4, 3, 3))
export('encoder', encoder(), (2, 5, 8))
export('encoder-dynamic', encoder(), (2, 5, 8), dynamic=True)
export('lstm', Recurrent(nn.LSTM, num_layers=2), (2, 5, 3))
export('lstm-folded', Recurrent(nn.LSTM, bidirectional=True), (2, 5, 3), preserve=False, opset=13)
export('lstm-both', Recurrent(nn.LSTM, bidirectional=True, num_layers=2), (1, 5, 3), dynamic=True)
export('gru', Recurrent(nn.GRU, num_layers=2), (2, 5, 3))
export('gru-last', Recurrent(nn.GRU, last=True), (2, 5, 3), dynamic=True)
export('rnn', Recurrent(nn.RNN, nonlinearity='relu'), (2, 5, 3))
export('words', Words(), (2, 5), tokens=11, dynamic=True)
export('words-13', Words(), (2, 5), tokens=11, opset=13)


def random(*shape):
    return rng.standard_normal(shape).astype(np.float32) * 0.5


def value(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def constant(name, array):
    return helper.make_node('Constant', [], [name], value=tensor(name, array))


def save(name, nodes, x, y, opset, initializers=(), listed=False, ir=8, **more):
    inputs = [value('x', *x)]
    if listed:
        inputs += [helper.make_tensor_value_info(one.name, one.data_type, one.dims) for one in initializers]
    graph = helper.make_graph(nodes, name, inputs, [value('y', *y)], list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], **more)
    model.ir_version = ir
    onnx.checker.check_model(model)
    onnx.save(model, path(name))


node = helper.make_node

# Weights in Constant nodes, as PaddlePaddle's converter has them.
save('constants', [
    constant('conv2d_0.w_0', random(4, 2, 3, 3)),
    node('Conv', ['x', 'conv2d_0.w_0'], ['a'], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
    constant('lab_0.w_0', random(1)),
    node('Mul', ['a', 'lab_0.w_0'], ['b']),
    constant('bias.b_0', random(1, 4, 1, 1)),
    node('Add', ['b', 'bias.b_0'], ['c']),
    node('Relu', ['c'], ['d']),
    constant('two', np.float32(2)),
    node('Mul', ['d', 'two'], ['y']),
], ('N', 2, 5, 5), ('N', 4, 3, 3), 11)

for mode in ('SAME_UPPER', 'SAME_LOWER'):
    save(f'auto-pad-{mode[5:].lower()}', [
        node('Conv', ['x', 'c.weight', 'c.bias'], ['a'], kernel_shape=[4, 3], auto_pad=mode, strides=[2, 1]),
        node('MaxPool', ['a'], ['b'], kernel_shape=[2, 2], auto_pad=mode, strides=[2, 2]),
        node('AveragePool', ['b'], ['y'], kernel_shape=[2, 2], auto_pad=mode, strides=[1, 1]),
    ], ('N', 2, 7, 5), ('N', 3, 2, 3), 13, [tensor('c.weight', random(3, 2, 4, 3)), tensor('c.bias', random(3))])

# Attributes where later opsets have inputs; a softmax over all axes from one on; initialisers as inputs.
save('opset-7', [
    node('Pad', ['x'], ['p'], pads=[0, 0, 1, 0, 0, 0, 0, 2], mode='constant', value=0.5),
    node('Conv', ['p', 'w', 'b'], ['a'], kernel_shape=[2, 2], dilations=[1, 1], group=1, pads=[0, 0, 0, 0], strides=[1, 1]),
    node('BatchNormalization', ['a', 'scale', 'shift', 'mean', 'var'], ['n'], epsilon=1e-3, momentum=0.99),
    node('Clip', ['n'], ['c'], min=-1.0, max=1.5),
    node('Slice', ['c'], ['s'], axes=[2, 3], starts=[0, -3], ends=[2, 2147483647]),
    node('Dropout', ['s'], ['d'], ratio=0.25),
    node('Unsqueeze', ['d'], ['u'], axes=[1]),
    node('Squeeze', ['u'], ['q'], axes=[1]),
    node('Softmax', ['q'], ['f'], axis=1),
    node('Flatten', ['f'], ['g']),
    node('Gemm', ['g', 'v', 'k'], ['y'], alpha=1.0, beta=1.0),
], ('N', 2, 3, 4), ('N', 3), 7, [
    tensor('w', random(3, 2, 2, 2)), tensor('b', random(3)), tensor('scale', random(3)), tensor('shift', random(3)),
    tensor('mean', random(3)), tensor('var', random(3) ** 2 + 0.1), tensor('v', random(18, 3)), tensor('k', random(3)),
], listed=True, ir=3)

save('opset-9', [
    node('Shape', ['x'], ['s']),
    constant('zero', np.int64(0)),
    node('Gather', ['s', 'zero'], ['n'], axis=0),
    node('Unsqueeze', ['n'], ['n1'], axes=[0]),
    constant('rest', np.array([-1], np.int64)),
    node('Concat', ['n1', 'rest'], ['to'], axis=0),
    node('Reshape', ['x', 'to'], ['r']),
    node('MatMul', ['r', 'w'], ['m']),
    node('Add', ['m', 'b'], ['t']),
    node('ReduceMean', ['t'], ['mean'], axes=[-1], keepdims=1),
    node('Sub', ['t', 'mean'], ['d']),
    constant('p', np.float32(2)),
    node('Pow', ['d', 'p'], ['d2']),
    node('ReduceMean', ['d2'], ['v'], axes=[-1], keepdims=1),
    constant('eps', np.float32(1e-5)),
    node('Add', ['v', 'eps'], ['ve']),
    node('Sqrt', ['ve'], ['sd']),
    node('Div', ['d', 'sd'], ['z']),
    node('Mul', ['z', 'norm.weight'], ['zw']),
    node('Add', ['zw', 'norm.bias'], ['ln']),
    node('Slice', ['ln'], ['y'], axes=[1], starts=[1], ends=[4]),
], ('N', 2, 3), ('N', 3), 9, [tensor('w', random(6, 5)), tensor('b', random(5)), tensor('norm.weight', random(5)), tensor('norm.bias', random(5))])

# The branch of a known condition, with a graph inside that takes a value from outside.
then = helper.make_graph([node('Mul', ['x', 'g.scale'], ['inner'])], 'then', [], [value('inner', 'N', 3)])
other = helper.make_graph([node('NonZero', ['x'], ['n']), node('Cast', ['n'], ['inner2'], to=1)], 'else', [], [value('inner2', 'a', 'b')])
save('if', [
    constant('sixteen', np.int64(16)),
    constant('rate', np.int64(16)),
    node('Equal', ['sixteen', 'rate'], ['is']),
    node('If', ['is'], ['y'], then_branch=then, else_branch=other),
], ('N', 3), ('N', 3), 13, [tensor('g.scale', random(3))])

# One weight in two layers, as it stands and transposed: tied.
save('tied', [
    node('Transpose', ['t.weight'], ['wt'], perm=[1, 0]),
    node('MatMul', ['x', 'wt'], ['h']),
    node('Tanh', ['h'], ['a']),
    node('MatMul', ['a', 't.weight'], ['y']),
], ('N', 3), ('N', 3), 13, [tensor('t.weight', random(4, 3))])

# One layer applied twice, and a function of the file's own.
double = helper.make_function('own', 'Twice', ['a'], ['b'], [node('Add', ['a', 'a'], ['b'])], [helper.make_opsetid('', 15)])
graph = helper.make_graph([
    node('Gemm', ['x', 'l.weight', 'l.bias'], ['a'], transB=1),
    node('Gemm', ['a', 'l.weight', 'l.bias'], ['b'], transB=1),
    node('Twice', ['b'], ['y'], domain='own'),
], 'shared', [value('x', 'N', 3)], [value('y', 'N', 3)], [tensor('l.weight', random(3, 3)), tensor('l.bias', random(3))])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 15), helper.make_opsetid('own', 1)], functions=[double])
model.ir_version = 8
onnx.save(model, path('shared'))

graph = helper.make_graph([node('MatMul', ['x', 'w'], ['y'])], 'outside', [value('x', 'N', 3)], [value('y', 'N', 2)], [tensor('w', random(3, 2))])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
model.ir_version = 8
if os.path.exists(os.path.join(HERE, 'outside.data')):
    os.remove(os.path.join(HERE, 'outside.data'))  # it would be appended to
onnx.save(model, path('outside'), save_as_external_data=True, location='outside.data', size_threshold=0)


class Groups(nn.Module):
    """A token that is the same for all samples, group norm, upsampling, a transposed convolution."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.GroupNorm(2, 4)
        self.up = nn.ConvTranspose2d(4, 2, 2, 2)
        self.token = nn.Parameter(torch.randn(1, 1, 6))
        nn.init.normal_(self.norm.weight)

    def forward(self, x):
        y = self.norm(self.a(x))
        z = torch.cat([self.up(y), nn.functional.interpolate(y, scale_factor=2)], 1)
        rows = z.reshape(x.shape[0], -1, 6)
        return torch.cat([self.token.expand(x.shape[0], -1, -1), rows], 1)


export('groups', Groups(), (2, 1, 3, 3))
export('groups-dynamic', Groups(), (2, 1, 3, 3), dynamic=True)
export('lstm-last', Recurrent(nn.LSTM, last=True, num_layers=2), (2, 5, 3))
