"""PyTorch, one workload: python3 pytorch.py WORKLOAD THREADS SECONDS [--best], or --version, or --parameters.

Prints one JSON line. --best tries the memory layouts and ways to step or predict for a moment each and
measures the fastest; without it, the code is what PyTorch's tutorials show. --parameters prints how many each
net has.
"""
import json
import os
import re
import sys

from kernels import openblas_kernel
from timing import peak_bytes, time_calls

ARGUMENTS = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
if ARGUMENTS:
    # Read when the libraries are loaded: PyTorch passes its own number on to OpenMP, not to OpenBLAS.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = ARGUMENTS[1]
BEST = "--best" in sys.argv
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
    capability = re.search(r"CPU capability usage: (\S+)", torch.__config__.show())
    parts = [library or "its own BLAS", openblas_kernel()]
    parts += [f"PyTorch's own kernels: {capability[1]}"] if capability else []
    return {"version": torch.__version__, "detail": ", ".join(part for part in parts if part)}


def trainer(name, batch, channels_last=False, foreach=None, scripted=False):
    """A function that takes one step: forward, backward, update; returns the loss."""
    training = MODELS[name]
    torch.manual_seed(1)
    model = training.create().train()
    count = (1 if training.is_large else RESIDENT) * batch
    if training.is_text:
        samples = torch.randint(0, training.classes, (count, *training.shape))
        labels = samples.roll(-1, 1)
    else:
        samples = torch.randn(count, *training.shape)
        labels = torch.randint(0, min(training.classes, 10), (count,))
    if name == "mlp":
        labels = nn.functional.one_hot(labels, training.classes).float()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        samples = samples.contiguous(memory_format=torch.channels_last)
    batches = list(zip(samples.split(batch), labels.split(batch)))
    if scripted:
        model = torch.jit.trace(model, batches[0][0])
    update = training.optimizer(model.parameters(), foreach=foreach, **training.settings)
    turn = 0

    def step():
        nonlocal turn
        x, y = batches[turn % len(batches)]
        turn += 1
        update.zero_grad(set_to_none=True)
        loss = training.loss(model(x), y)
        loss.backward()
        update.step()
        return loss

    return step


def predictor(batch, channels_last=False, frozen=False):
    """A function that gives the logits of `batch` images of LeNet-5."""
    model = MODELS["lenet5"].create().eval()
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


def fastest(candidates, seconds, least=3):
    """The candidate (label → maker) with the least time; each is tried for a moment, one in memory at a time."""
    if not BEST:
        label, make = candidates[0]
        return label, make()
    times = [time_calls(make(), seconds / 4, least)["minMs"] for _, make in candidates]
    label, make = candidates[times.index(min(times))]
    return label, make()


def measure_product(m, k, n, seconds):
    a, b, c = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
    timing = time_calls(lambda: torch.mm(a, b, out=c), seconds)
    return {**timing, "value": 2 * m * n * k / timing["medianMs"] / 1e6, "unit": "GFLOP/s"}


def settings_of(training):
    """Combinations of memory layout, `foreach` and tracing that are tried; tracing gains nothing on large nets."""
    layouts = [False] if training.is_text or len(training.shape) == 1 else [False, True]
    if training.is_large:
        return [(False, False, False), (True, False, False), (True, True, False)]
    scripts = [False] if training.is_text else [False, True]
    return [(c, f, s) for c in layouts for f in (False, True) for s in scripts]


def measure_training(name, batch, seconds):
    training = MODELS[name]
    candidates = [
        (
            ", ".join(
                word
                for word, on in zip(("channels last", "foreach", "traced"), settings)
                if on
            )
            or "as in the tutorials",
            lambda settings=settings: trainer(name, batch, *settings),
        )
        for settings in settings_of(training)
    ]
    least = 1 if training.is_large else 3
    setting, step = fastest(candidates, seconds, least)
    timing = time_calls(step, seconds, least)
    loss = step().item()
    if not abs(loss) < 100:
        raise RuntimeError(f"the loss is {loss}: these figures would be of another computation")
    value = batch / timing["medianMs"] * 1000
    unit = "windows/s" if training.is_text else "images/s"
    return {**timing, "value": value, "unit": unit, "setting": setting, "loss": loss}


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
    if training and training[1] in MODELS:
        return measure_training(training[1], int(training[2]), seconds)
    return {"unavailable": f"no PyTorch code for workload '{workload}'"}


def parameters():
    """How many parameters each net has; a sentence for those that are missing."""
    counts = {}
    for name, training in MODELS.items():
        try:
            counts[name] = sum(p.numel() for p in training.create().parameters())
        except ImportError as error:
            counts[name] = str(error)
    return counts


try:
    import torch
    from torch import nn

    from models import MODELS
except ImportError as error:
    print(json.dumps({"unavailable": f"{sys.executable} has no PyTorch: {error}"}))
    sys.exit()

if "--version" in sys.argv:
    print(json.dumps(version()))
elif "--parameters" in sys.argv:
    print(json.dumps(parameters()))
else:
    workload, threads, seconds = ARGUMENTS[0], int(ARGUMENTS[1]), float(ARGUMENTS[2])
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        found = measure(workload, seconds)
    except ImportError as error:
        found = {"unavailable": str(error)}
    print(json.dumps({"workload": workload, "threads": threads, **found}))
