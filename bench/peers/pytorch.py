"""PyTorch, one workload: python3 pytorch.py WORKLOAD THREADS SECONDS [--best], or --version.

Prints one JSON line. --best tries the memory layouts and ways to step or predict for a moment each and
measures the fastest; without it, the code is what PyTorch's tutorials show.
"""
import json
import os
import re
import sys

from timing import peak_bytes, time_calls

ARGUMENTS = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
if ARGUMENTS:
    # Read when the libraries are loaded: PyTorch passes its own number on to OpenMP, not to OpenBLAS.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = ARGUMENTS[1]
BEST = "--best" in sys.argv
CLASSES = 10
# Prepared minibatches a training run goes through in turn.
RESIDENT = 8


def blas():
    """The BLAS that PyTorch's own library pulled in, None if it is linked into it (the pip wheels' MKL)."""
    with open("/proc/self/maps") as maps:
        found = re.findall(r"(\S*/lib(?:blas|openblas|mkl_rt|blis)[^/\s]*)$", maps.read(), re.M)
    return found[0] if found else None


def version():
    library = blas()
    if library and re.search(r"/libblas\.so\.3\.\d+", library):
        return {
            "unavailable": f"PyTorch {torch.__version__} runs on the reference BLAS ({library}), "
            "a fifteenth of its speed: libopenblas0-pthread is missing"
        }
    return {"version": torch.__version__, "detail": library or "its own BLAS"}


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Sigmoid(), nn.Linear(100, CLASSES))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(),
        nn.Linear(84, CLASSES),
    )  # fmt: skip


def vgg_small():
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(True), nn.Linear(256, CLASSES),
    )  # fmt: skip


def resnet20():
    """He et al. 2016, §4.2, for 32×32 images; 1×1 projections where a stage starts."""

    class Block(nn.Module):
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

    blocks, channels_in = [], 16
    for channels in (16, 32, 64):
        for index in range(3):
            stride = 2 if index == 0 and channels > 16 else 1
            blocks.append(Block(channels_in, channels, stride))
            channels_in = channels
    stem = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(True)]
    return nn.Sequential(
        *stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES)
    )


def cross_entropy(logits, labels):
    return nn.functional.cross_entropy(logits, labels)


def squared_error(outputs, labels):
    """The sum of squares a sample, against one-hot targets, averaged over the minibatch."""
    return nn.functional.mse_loss(outputs, labels, reduction="sum") / len(labels)


def models():
    """Name → model, input shape, loss, optimizer."""
    sgd = torch.optim.SGD
    adam = torch.optim.Adam
    momentum = {"lr": 0.01, "momentum": 0.9}
    return {
        "mlp": (mlp, (1, 28, 28), squared_error, sgd, {"lr": 0.01}),
        "lenet5": (lenet5, (1, 32, 32), cross_entropy, sgd, momentum),
        "vgg-small": (vgg_small, (3, 32, 32), cross_entropy, adam, {"lr": 0.0001}),
        "resnet20": (resnet20, (3, 32, 32), cross_entropy, sgd, momentum),
    }


def trainer(name, batch, channels_last=False, foreach=None, scripted=False):
    """A function that takes one step: forward, backward, update; returns the loss."""
    create, shape, loss_of, optimizer, settings = models()[name]
    torch.manual_seed(1)
    model = create()
    samples = torch.randn(RESIDENT * batch, *shape)
    labels = torch.randint(0, CLASSES, (RESIDENT * batch,))
    if name == "mlp":
        labels = nn.functional.one_hot(labels, CLASSES).float()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        samples = samples.contiguous(memory_format=torch.channels_last)
    batches = list(zip(samples.split(batch), labels.split(batch)))
    if scripted:
        model = torch.jit.trace(model, batches[0][0])
    update = optimizer(model.parameters(), foreach=foreach, **settings)
    turn = 0

    def step():
        nonlocal turn
        x, y = batches[turn % RESIDENT]
        turn += 1
        update.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        update.step()
        return loss

    return step


def predictor(batch, channels_last=False, frozen=False):
    """A function that gives the logits of `batch` images of LeNet-5."""
    model = lenet5().eval()
    x = torch.randn(batch, 1, 32, 32)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    if frozen:
        with torch.no_grad():
            model = torch.jit.optimize_for_inference(torch.jit.trace(model, x))

    def predict():
        with torch.inference_mode():
            return model(x)

    return predict


def fastest(candidates, seconds):
    """The candidate (label → maker) with the least time; each is tried for a moment."""
    if not BEST:
        label, make = candidates[0]
        return label, make()
    tried = [(label, make()) for label, make in candidates]
    times = [time_calls(call, seconds / 4)["minMs"] for _, call in tried]
    return tried[times.index(min(times))]


def measure_product(m, k, n, seconds):
    a, b, c = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
    timing = time_calls(lambda: torch.mm(a, b, out=c), seconds)
    return {**timing, "value": 2 * m * n * k / timing["medianMs"] / 1e6, "unit": "GFLOP/s"}


def measure_training(name, batch, seconds):
    layouts = [False] if name == "mlp" else [False, True]
    candidates = [
        (
            ", ".join(
                word
                for word, on in (
                    ("channels last", channels_last),
                    ("foreach", foreach),
                    ("traced", scripted),
                )
                if on
            )
            or "as in the tutorials",
            lambda c=channels_last, f=foreach, s=scripted: trainer(name, batch, c, f, s),
        )
        for channels_last in layouts
        for foreach in (False, True)
        for scripted in (False, True)
    ]
    setting, step = fastest(candidates, seconds)
    timing = time_calls(step, seconds)
    loss = step().item()
    if not abs(loss) < 100:
        raise RuntimeError(f"the loss is {loss}: these figures would be of another computation")
    value = batch / timing["medianMs"] * 1000
    return {**timing, "value": value, "unit": "images/s", "setting": setting, "loss": loss}


def measure_inference(batch, seconds):
    candidates = [
        ("as in the tutorials", lambda: predictor(batch)),
        ("frozen", lambda: predictor(batch, frozen=True)),
        ("channels last", lambda: predictor(batch, channels_last=True)),
        ("channels last, frozen", lambda: predictor(batch, channels_last=True, frozen=True)),
    ]
    setting, predict = fastest(candidates, seconds)
    timing = time_calls(predict, seconds)
    if batch == 1:
        return {**timing, "value": timing["medianMs"] * 1000, "unit": "µs", "setting": setting}
    value = batch / timing["medianMs"] * 1000
    return {**timing, "value": value, "unit": "images/s", "setting": setting}


def measure_memory(seconds):
    """The most memory a process that trains LeNet-5 has had, libraries and all."""
    timing = time_calls(trainer("lenet5", 64), seconds)
    return {**timing, "value": peak_bytes() / 1e6, "unit": "MB"}


def measure(workload, seconds):
    if product := re.fullmatch(r"sgemm-(\d+)(?:x(\d+)x(\d+))?", workload):
        m, k, n = (int(extent or product[1]) for extent in product.groups())
        return measure_product(m, k, n, seconds)
    if inference := re.fullmatch(r"lenet5-infer-b(\d+)", workload):
        return measure_inference(int(inference[1]), seconds)
    if workload == "memory":
        return measure_memory(seconds)
    training = re.fullmatch(r"(.*)-b(\d+)", workload)
    if training and training[1] in models():
        return measure_training(training[1], int(training[2]), seconds)
    return {"unavailable": f"no PyTorch code for workload '{workload}'"}


try:
    import torch
    from torch import nn
except ImportError as error:
    print(json.dumps({"unavailable": f"{sys.executable} has no PyTorch: {error}"}))
    sys.exit()

if "--version" in sys.argv:
    print(json.dumps(version()))
else:
    workload, threads, seconds = ARGUMENTS[0], int(ARGUMENTS[1]), float(ARGUMENTS[2])
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    print(json.dumps({"workload": workload, "threads": threads, **measure(workload, seconds)}))
