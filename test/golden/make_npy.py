"""Arrays as NumPy writes them, for test/formats/npy.test.ts: python3 test/golden/make_npy.py > test/golden/npy.json"""

import base64
import io
import json

import numpy as np

rng = np.random.default_rng(7)
values = np.arange(-6, 6).reshape(2, 3, 2)


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version, allow_pickle=False)
    return out.getvalue()


def entry(name, array, data):
    flat = array.astype(np.float64).ravel(order="C")
    return {
        "name": name,
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "values": [float(v) for v in flat],
        "base64": base64.b64encode(data).decode(),
    }


arrays = []
for order in "<>":
    for kind in ("i1", "i2", "i4", "i8", "f2", "f4", "f8"):
        a = values.astype(order + kind)
        arrays.append(entry(order + kind, a, npy(a)))
    for kind in ("u1", "u2", "u4", "u8"):
        a = np.abs(values).astype(order + kind)
        arrays.append(entry(order + kind, a, npy(a)))
b = values > 0
arrays.append(entry("bool", b, npy(b)))
f = np.asfortranarray(values.astype("<f4"))
arrays.append(entry("fortran", f, npy(f)))
arrays.append(entry("fortran i2", np.asfortranarray(values.astype(">i2")), npy(np.asfortranarray(values.astype(">i2")))))
s = np.array(2.5)
arrays.append(entry("scalar", s, npy(s)))
v = np.array([1, 2, 3], "<i4")
arrays.append(entry("vector", v, npy(v)))
arrays.append(entry("empty", np.zeros((0, 3), "<f4"), npy(np.zeros((0, 3), "<f4"))))
for version in ((1, 0), (2, 0), (3, 0)):
    arrays.append(entry("version %d" % version[0], v, npy(v, version)))
half = np.array([6e-8, 6e-5, 65504, -0.0, 1 / 3], "<f2")
arrays.append(entry("halves", half, npy(half)))

refused = {
    "complex": npy(np.zeros(2, "c8")),
    "text": npy(np.array(["a", "bc"])),
    "record": npy(np.zeros(2, [("a", "<i4"), ("b", "<f4")])),
    "date": npy(np.array(["2020-01-01"], "M8[D]")),
    "large i8": npy(np.array([2**31], "<i8")),
    "large u8": npy(np.array([2**63], "<u8")),
}
objects = io.BytesIO()
np.save(objects, np.array([{}], object), allow_pickle=True)
refused["object"] = objects.getvalue()


def npz(save, **named):
    out = io.BytesIO()
    save(out, **named)
    return base64.b64encode(out.getvalue()).decode()


x = rng.integers(0, 256, (4, 3, 3)).astype("u1")
y = np.array([0, 2, 1, 2], "<i8")
print(
    json.dumps(
        {
            "arrays": arrays,
            "refused": {k: base64.b64encode(v).decode() for k, v in refused.items()},
            "npz": {
                "x": x.ravel().tolist(),
                "y": y.tolist(),
                "stored": npz(np.savez, x=x, y=y),
                "deflated": npz(np.savez_compressed, x=x, y=y),
            },
        }
    )
)
