"""
VGG-11 and ResNet-18 at an eighth of their width on 32x32 images, and an LSTM of two layers on tokens: PyTorch's
outputs for drawn weights and inputs, and the names and shapes of its parameters. The models stand in zoo.py. Writes zoo.json.
"""
from common import *
from zoo import char_lstm, resnet18, vgg11


def outputs(name, model, seed, x=None):
    model = model.double().eval()
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    for i, (key, t) in enumerate(state.items()):
        shape = list(t.shape)
        scale = 0.25 if len(shape) == 1 else (6 / np.prod(shape[1:])) ** 0.5
        shift = 1.5 if key.endswith("running_var") else 0
        t.copy_(draw(shape, seed + i, scale).detach().float() + shift)
    if x is None:
        x = draw([3, 3, 32, 32], seed - 1).detach()
    with torch.no_grad():
        y = model(x)
    return dict(name=name, seed=seed, parameters={k: list(t.shape) for k, t in state.items()}, y=pack(y))


save("zoo", [outputs("vgg11", vgg11(classes=5, size=32, width=8), 21001),
             outputs("resNet18", resnet18(classes=5, width=8), 22001),
             outputs("charLstm", char_lstm(11, 5, 9, 2, dropout=0.3), 23001,
                     torch.tensor([(i * i * 7 + i) % 11 for i in range(3 * 6)]).reshape(3, 6))])
