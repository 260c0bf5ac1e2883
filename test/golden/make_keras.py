"""Makes test/golden/keras: models in the layouts in which Keras saves them, written by h5py.

    /usr/bin/python3 test/golden/make_keras.py

Keras itself is not there. The layouts are those of its saving code: `.keras` of Keras 3 (saving_lib.py: an archive of
metadata.json, config.json and model.weights.h5, whose weights stand by place, layers/dense_1/vars/0, with their layer's name in
an attribute), that of Keras 2.13 (_layer_checkpoint_dependencies), and the older .h5 (legacy_h5_format.py: model_config, and
model_weights/<layer>/<name of the weight>). Models and answers are those of test/golden/tfjs, and those computed here
in double precision.
"""
import base64
import io
import json
import pathlib
import re
import zipfile

import h5py
import numpy as np

here = pathlib.Path(__file__).parent
target = here / "keras"
target.mkdir(exist_ok=True)
cases = []

# Each class's variables in the order in which Keras makes them.
ORDER = [
    "gamma", "depthwise_kernel", "pointwise_kernel", "kernel", "recurrent_kernel", "embeddings", "alpha", "beta",
    "bias", "moving_mean", "moving_variance",
]


def snake(name):
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def tfjs(name):
    case = json.loads((here / "tfjs" / f"{name}.json").read_text())
    run = b"".join(base64.b64decode(one) for one in case["files"].values())
    weights, at = {}, 0
    for group in case["model"]["weightsManifest"]:
        for spec in group["weights"]:
            count = int(np.prod(spec["shape"]))
            weights[spec["name"]] = np.frombuffer(run, "<f4", count, at).reshape(spec["shape"])
            at += 4 * count
    return case["model"]["modelTopology"], weights


def own(weights, layer):
    """A layer's weights, in Keras' order: their parts after the layer's name."""
    found = {name[len(layer) + 1:]: value for name, value in weights.items() if name.startswith(f"{layer}/")}
    return dict(sorted(found.items(), key=lambda one: ORDER.index(one[0].split("/")[-1])))


def is_net(layer):
    return isinstance(layer["config"], dict) and "layers" in layer["config"]


def layer_name(layer):
    return layer.get("name") or layer["config"]["name"]


# .h5 -----------------------------------------------------------------------------------------------------------------


def names_in(layer, weights):
    """What Keras 2 calls a layer's weights, those of models within one after another."""
    if is_net(layer):
        return [one for inner in layer["config"]["layers"] for one in names_in(inner, weights)]
    name = layer_name(layer)
    found = []
    for key, value in own(weights, name).items():
        # Recurrent layers keep their weights in cells, whose scope is in the name.
        scope = {"LSTM": "lstm_cell", "GRU": "gru_cell_4", "SimpleRNN": "simple_rnn_cell"}.get(layer["class_name"])
        parts = key.split("/")
        if layer["class_name"] == "Bidirectional":
            scope = "cell_7"
        if scope:
            parts.insert(-1, scope)
        found.append(("/".join([name, *parts]) + ":0", value))
    return found


def write_h5(file, topology, weights, version, whole=True):
    if whole:
        config = {"class_name": topology["class_name"], "config": topology["config"]}
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = b"tensorflow"
        # What training needs is not read.
        file.attrs["training_config"] = json.dumps({"loss": "mse"}).encode()
        file.create_group("optimizer_weights")["iterations:0"] = np.int64(3)
    group = file.create_group("model_weights") if whole else file
    layers = topology["config"]["layers"]
    group.attrs["layer_names"] = [layer_name(layer).encode() for layer in layers]
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = version.encode()
    for layer in layers:
        inner = group.create_group(layer_name(layer))
        named = names_in(layer, weights)
        inner.attrs["weight_names"] = [name.encode() for name, _ in named]
        for name, value in named:
            inner.create_dataset(name, data=value)


def h5(name, source, version="2.11.0", whole=True, **more):
    topology, weights = tfjs(source)
    for old, new in more.items():
        topology = json.loads(json.dumps(topology).replace(old, new))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_h5(file, topology, weights, version, whole)
    save(f"{name}.h5", buffer.getvalue(), tfjs=source)


# .keras --------------------------------------------------------------------------------------------------------------


def modern(topology, nested=False):
    """A description as Keras 3 writes it."""
    layers, counts = [], {}
    for layer in topology["config"]["layers"]:
        config = dict(layer["config"])
        if is_net(layer):
            one = modern(layer, True)
        else:
            shape = config.pop("batch_input_shape", None)
            if layer["class_name"] == "InputLayer":
                config["batch_shape"] = shape
            elif shape:
                layers.append({"module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
                               "config": {"batch_shape": shape, "dtype": "float32", "name": "input_layer"}})
            config["dtype"] = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
            one = {"module": "keras.layers", "class_name": layer["class_name"], "config": config, "registered_name": None}
        if "inbound_nodes" in layer:
            one["name"] = layer_name(layer)
            one["inbound_nodes"] = [
                {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": {"training": False} if "Dropout" in layer["class_name"] else {}}
                for tensors in ([tensor(ref, topology) for ref in node] for node in layer["inbound_nodes"])
            ]
        layers.append(one)
    config = {**topology["config"], "layers": layers, "trainable": True}
    name = "Functional" if topology["class_name"] == "Model" else topology["class_name"]
    for key in ["input_layers", "output_layers"]:
        if key in config and len(config[key]) == 1:
            config[key] = config[key][0]
    return {"module": "keras", "class_name": name, "config": config, "registered_name": name, "build_config": {}}


def tensor(ref, topology):
    layer = next(one for one in topology["config"]["layers"] if layer_name(one) == ref[0])
    # Calls of models within are counted from 0 here, and from 1 in tfjs.
    node = ref[1] - 1 if is_net(layer) else ref[1]
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, 1], "dtype": "float32", "keras_history": [ref[0], node, ref[2]]}}


ATTRIBUTES = {"LSTM": "cell", "GRU": "cell", "SimpleRNN": "cell", "TimeDistributed": "layer"}


def write_vars(group, layers, weights, container):
    counts = {}
    for layer in layers:
        kind = {"Model": "functional"}.get(layer["class_name"], snake(layer["class_name"]))
        count = counts.get(kind, 0)
        counts[kind] = count + 1
        path = f"{container}/{kind}" + (f"_{count}" if count else "")
        if is_net(layer):
            write_vars(group.create_group(path), layer["config"]["layers"], weights, container)
            continue
        found = own(weights, layer_name(layer))
        parts = {}
        for key, value in found.items():
            where = ATTRIBUTES.get(layer["class_name"], "")
            if layer["class_name"] == "Bidirectional":
                where = ("forward_layer" if key.startswith("forward") else "backward_layer") + "/cell"
            parts.setdefault(where, []).append(value)
        inner = group.create_group(path)
        inner.create_group("vars").attrs["name"] = layer_name(layer)
        for where, values in parts.items():
            holder = inner["vars"] if not where else inner.create_group(f"{where}/vars")
            for i, value in enumerate(values):
                holder[str(i)] = value
        if "Dropout" in layer["class_name"]:
            inner.create_group("seed_generator/vars")["0"] = np.array([1, 2], "u4")


def keras(name, source, container="layers", version="3.3.3", compression=zipfile.ZIP_STORED):
    topology, weights = tfjs(source)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_vars(file, topology["config"]["layers"], weights, container)
        if container != "layers":
            file.create_group("vars")
    config = modern(topology) if container == "layers" else topology
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as zf:
        zf.writestr("metadata.json", json.dumps({"keras_version": version, "date_saved": "2026-01-01@00:00:00"}))
        zf.writestr("config.json", json.dumps(config))
        zf.writestr("model.weights.h5", buffer.getvalue())
    save(f"{name}.keras", archive.getvalue(), tfjs=source)


def save(name, data, **more):
    (target / name).write_bytes(data)
    cases.append({"file": name, **more})
    print(name, len(data))


# Recurrent layers as Keras defines them, in double precision ---------------------------------------------------------

rng = np.random.default_rng(3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, kernel, recurrent, bias):
    units = recurrent.shape[0]
    h = c = np.zeros((x.shape[0], units))
    states = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, 1)


def gru(x, kernel, recurrent, bias):
    units = recurrent.shape[0]
    h = np.zeros((x.shape[0], units))
    states = []
    for t in range(x.shape[1]):
        z, r, n = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)
        uz, ur, un = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(z + uz), sigmoid(r + ur)
        h = z * h + (1 - z) * np.tanh(n + r * un)
        states.append(h)
    return np.stack(states, 1)


def drawn(*shape):
    return rng.uniform(-0.8, 0.8, shape).astype("f4")


def stored(array):
    array = np.asarray(array, "f4")
    return {"shape": list(array.shape), "values": base64.b64encode(array.tobytes()).decode()}


def described(class_name, name, **config):
    return {"class_name": class_name, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def recurrent():
    x = drawn(3, 6, 4)
    common = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "dropout": 0.0, "return_state": False,
              "go_backwards": False, "stateful": False, "unroll": False, "time_major": False, "recurrent_dropout": 0.0}
    forward, backward = [[drawn(5, 12), drawn(3, 12), drawn(12)] for _ in range(2)]
    conv, conv_bias = drawn(3, 4, 5), drawn(5)
    kernel, inner, bias = drawn(6, 6), drawn(2, 6), drawn(2, 6)
    norm, shift = drawn(2), drawn(2)
    dense, dense_bias = drawn(2, 3), drawn(3)
    layers = [
        described("Conv1D", "conv", filters=5, kernel_size=[3], strides=[1], padding="causal", data_format="channels_last",
                  dilation_rate=[2], groups=1, activation="relu", use_bias=True, batch_input_shape=[None, None, 4]),
        described("Bidirectional", "both", layer=described("LSTM", "lstm", units=3, return_sequences=True, **common), merge_mode="concat"),
        described("GRU", "gru", units=2, return_sequences=False, reset_after=True, **common),
        described("LayerNormalization", "norm", axis=[1], epsilon=0.001, center=True, scale=True),
        described("Dense", "out", units=3, activation="linear", use_bias=True),
    ]
    topology = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
    padded = np.concatenate([np.zeros((3, 4, 4)), x], axis=1)
    h = np.stack([sum(padded[:, t + 2 * k] @ conv[k] for k in range(3)) for t in range(6)], 1) + conv_bias
    h = np.maximum(h, 0)
    h = np.concatenate([lstm(h, *forward), lstm(h[:, ::-1], *backward)[:, ::-1]], axis=2)
    h = gru(h, kernel, inner, bias)[:, -1]
    h = (h - h.mean(1, keepdims=True)) / np.sqrt(h.var(1, keepdims=True) + 0.001) * norm + shift
    answers = h @ dense + dense_bias
    weights = {
        "conv/kernel": conv, "conv/bias": conv_bias,
        **{f"both/{way}_lstm/{key}": value for way, parts in [("forward", forward), ("backward", backward)]
           for key, value in zip(["kernel", "recurrent_kernel", "bias"], parts)},
        "gru/kernel": kernel, "gru/recurrent_kernel": inner, "gru/bias": bias,
        "norm/gamma": norm, "norm/beta": shift, "out/kernel": dense, "out/bias": dense_bias,
    }
    more = {"inputs": [stored(x)], "outputs": [stored(answers)]}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_h5(file, topology, weights, "2.11.0")
    save("recurrent.h5", buffer.getvalue(), **more)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_vars(file, layers, weights, "layers")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zf:
        zf.writestr("metadata.json", json.dumps({"keras_version": "3.3.3"}))
        zf.writestr("config.json", json.dumps(modern(topology)))
        zf.writestr("model.weights.h5", buffer.getvalue())
    save("recurrent.keras", archive.getvalue(), **more)


h5("conv", "conv")
h5("batch-norm", "batch-norm", version="3.0.5")
h5("merge", "merge")
h5("nested", "nested", version="2.4.0")
h5("text", "text")
keras("conv", "conv")
keras("mobile", "mobile", compression=zipfile.ZIP_DEFLATED)
keras("merge", "merge")
keras("nested", "nested")
keras("generator", "generator", version="2.13.1", container="_layer_checkpoint_dependencies")
keras("words", "words")
keras("steps", "lstm", version="2.15.0")
h5("conv.weights", "conv", whole=False)
recurrent()
(target / "cases.json").write_text(json.dumps(cases) + "\n")
