"""
Values for test/ops/resize.test.ts by onnxruntime: Resize with every mode, coordinate transformation and rounding.

    /usr/bin/python3 test/golden/make_onnx_resize.py      rewrites onnx-resize.json (see onnxruntime.py)
"""
import base64
import numpy as np
from common import numbers, save
from onnxruntime import run

COORDINATES = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
cases, nodes, seed = [], [], 45001


def case(shape, attributes, scales=None, sizes=None, roi=None):
    global seed
    x = numbers(int(np.prod(shape)), seed).reshape(shape)
    rank = len(shape)
    inputs = [("x", x), ("roi", np.array(roi, np.float32)) if roi else None,
              ("scales", np.array(scales, np.float32)) if scales else None,
              ("sizes", np.array(sizes, np.int64)) if sizes else None]
    nodes.append(("Resize", inputs, ["y"], attributes))
    cases.append(dict(shape=shape, scales=scales, sizes=sizes, roi=roi, attributes=attributes, seed=seed))
    seed += 7


for coordinates in COORDINATES:
    for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
        base = dict(mode="nearest", coordinate_transformation_mode=coordinates, nearest_mode=rounding)
        # 0.6 leaves nothing over for the symmetric one. Of 5 rows to 3 its middle lies on a whole number, on which side rounding decides.
        symmetric = coordinates == "half_pixel_symmetric"
        case([1, 2, 6 if symmetric else 5, 6], base, scales=[1, 1, 0.7 if symmetric else 0.6, 1.5])
        case([1, 1, 4, 7], base, sizes=[1, 1, 9, 3])
        case([1, 1, 2, 2], base, scales=[1, 1, 2, 3])
    for mode in ["linear", "cubic"]:
        for extra in [{}, dict(exclude_outside=1)] if mode == "cubic" else [{}]:
            base = dict(mode=mode, coordinate_transformation_mode=coordinates, **extra)
            case([1, 2, 5, 6], base, scales=[1, 1, 0.6, 1.5])
            case([1, 1, 4, 7], base, sizes=[1, 1, 9, 3])
            case([1, 1, 4, 4], base, sizes=[1, 1, 1, 8])
for mode in ["linear", "cubic"]:
    for exclude in [0, 1]:
        base = dict(mode=mode, antialias=1, exclude_outside=exclude)
        case([1, 2, 8, 9], base, scales=[1, 1, 0.6, 0.4])
        case([1, 1, 10, 6], base, sizes=[1, 1, 3, 9])
case([1, 1, 5, 5], dict(mode="cubic", cubic_coeff_a=-0.5), scales=[1, 1, 1.7, 0.8])
for mode in ["linear", "nearest"]:
    for roi in [[0, 0, 0.4, 0.6, 1, 1, 0.6, 0.8], [0, 0, 0.4, 0.6, 1, 1, 1.2, 1.7]]:
        case([1, 1, 4, 5], dict(mode=mode, coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=10.0), sizes=[1, 1, 3, 4], roi=roi)
case([1, 3, 7], dict(mode="linear"), scales=[1, 1, 1.8])
for case, (y,) in zip(cases, run(nodes)):
    case["yShape"] = list(y.shape)
    case["y"] = base64.b64encode(np.ascontiguousarray(y).tobytes()).decode()
save("onnx-resize", cases)
