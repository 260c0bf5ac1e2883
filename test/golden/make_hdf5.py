"""Makes test/golden/hdf5.json: files of every form that h5py writes and the reader reads, with what is in them.

    /usr/bin/python3 test/golden/make_hdf5.py
"""
import base64
import io
import json
import pathlib

import h5py
import numpy as np

rng = np.random.default_rng(1)
cases = []


def case(name, fill, refuses=None, **options):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    tensors = {}
    with h5py.File(buffer, "r") as file:
        def visit(path, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiub":
                values = np.asarray(item[()], dtype=np.float64)
                tensors[path] = {"shape": list(item.shape), "values": [float(np.float32(v)) for v in values.ravel()]}
        if not refuses:
            file.visititems(visit)
    one = {"name": name, "file": base64.b64encode(buffer.getvalue()).decode(), "tensors": tensors}
    if refuses:
        one["refuses"] = refuses
    cases.append(one)
    print(name, len(buffer.getvalue()))


def types(file):
    for kind in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8", "<i1", "<u1", "<i2", ">u2", "<i4", ">i4", "<u4", "<i8", ">u8"]:
        low, high = (-3, 100) if "u" not in kind else (0, 100)
        values = rng.uniform(low, high, (2, 3))
        file[f"{'big' if kind[0] == '>' else 'little'}/{kind[1:]}"] = values.astype(kind)
    file["flags"] = np.array([True, False, True])
    file["half/special"] = np.array([0, -0.0, 6e-8, -6e-5, 65504, 1.5], "<f2")
    file["scalar"] = np.float32(2.5)
    file["empty"] = np.zeros((0, 3), "<f4")


def layouts(file):
    data = rng.standard_normal((7, 5)).astype("f4")
    file["contiguous"] = data
    file.create_dataset("chunked", data=data, chunks=(3, 2))
    file.create_dataset("gzip", data=data, chunks=(4, 5), compression="gzip")
    file.create_dataset("shuffled", data=data.astype("f8"), chunks=(2, 5), compression="gzip", shuffle=True)
    file.create_dataset("checked", data=data, chunks=(7, 2), fletcher32=True, shuffle=True)
    file.create_dataset("cube", data=rng.standard_normal((3, 4, 5)).astype("f4"), chunks=(2, 3, 2), compression="gzip")
    part = file.create_dataset("part", (6, 4), "f4", chunks=(2, 2), fillvalue=7.5)
    part[0:2, 2:4] = [[1, 2], [3, 4]]
    file.create_dataset("never", (3, 2), "f4", fillvalue=-1.25)
    file.create_dataset("zeros", (3, 2), "f8")
    file.create_dataset("never-chunked", (3, 2), ">i4", chunks=(2, 2), fillvalue=9)
    # Stored in the header itself, which h5py does only when it is asked on its lowest level.
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((2, 2))
    h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.array([[1, 2], [3, 4]], "f4"))


def many(file):
    group = file.create_group("many")
    for i in range(60):
        group[f"tensor_{i:03}"] = np.float32([i, -i])
    chunks = file.create_dataset("chunks", (400,), "f4", chunks=(1,))
    chunks[:] = np.arange(400)


def attributes(file):
    file.attrs["bytes"] = b"plain text"
    file.attrs["text"] = "t\u00e4xt"
    file.attrs["long"] = "x" * 40000
    file.attrs["fixed"] = np.array([b"kernel:0", b"bias:0"])
    file.attrs["lists"] = ["a", "bb", "\u00fc" * 20]
    file.attrs["number"] = 2.5
    file.attrs["numbers"] = np.arange(3, dtype="<i8")
    file.attrs["nothing"] = h5py.Empty("f4")
    group = file.create_group("of")
    for i in range(30):
        group.attrs[f"attribute{i}"] = np.array([f"layer_{i}_{k}".encode() for k in range(20)])
    group["x"] = np.float32([1])


def few(file):
    file.attrs["text"] = "latest"
    file.create_group("a/b")["x"] = np.arange(6, dtype="f4").reshape(2, 3)
    file.create_dataset("single", data=np.arange(6, dtype="f4").reshape(2, 3), chunks=(2, 3), compression="gzip")
    file.create_dataset("array", data=rng.standard_normal((5, 4)).astype("f4"), chunks=(2, 2))
    file.create_dataset("packed", data=rng.standard_normal((5, 4)).astype("f4"), chunks=(2, 2), compression="gzip")


case("types", types)
case("layouts", layouts)
case("many", many)
case("attributes", attributes)
case("latest", few, libver="latest")
case("v108", few, libver=("v108", "v108"))
case("userblock", few, userblock_size=512)
case("soft", lambda f: (f.create_dataset("x", data=np.float32([1, 2])), f.__setitem__("y", h5py.SoftLink("/x")), f.__setitem__("z", f["x"])))
case("track-order", lambda f: [f.create_dataset(n, data=np.float32([1])) for n in "cab"], track_order=True)
case("lzf", lambda f: f.create_dataset("x", data=np.arange(64, dtype="f4"), chunks=(64,), compression="lzf"), refuses="lzf")
case("growing", lambda f: f.create_dataset("x", data=np.arange(8, dtype="f4"), chunks=(2,), maxshape=(None,)), refuses="extensible array", libver="latest")
case("tree", lambda f: f.create_dataset("x", data=np.zeros((4, 4), "f4"), chunks=(2, 2), maxshape=(None, None)), refuses="tree of version 2", libver="latest")
case("dense", lambda f: [f.create_dataset(f"x{i}", data=np.float32([1])) for i in range(20)], refuses="more than 8 objects", libver="latest")

target = pathlib.Path(__file__).parent / "hdf5.json"
target.write_text(json.dumps(cases) + "\n")
