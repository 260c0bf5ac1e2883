"""numpy, one workload: python3 numpy-openblas.py WORKLOAD THREADS SECONDS, or --version. Products only."""
import json
import os
import re
import sys

if "--version" not in sys.argv:
    # Read when OpenBLAS is loaded.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = sys.argv[2]

from kernels import openblas_kernel
from timing import time_calls

try:
    import numpy
except ImportError as error:
    print(json.dumps({"unavailable": f"{sys.executable} has no numpy: {error}"}))
    sys.exit()


def version():
    with open("/proc/self/maps") as maps:
        found = re.findall(r"(\S*/lib\S*(?:blas|mkl)[^/\s]*)$", maps.read(), re.M)
    if not any("openblas" in path for path in found):
        library = found[0] if found else "none"
        return {"unavailable": f"numpy {numpy.__version__} does not run on OpenBLAS ({library})"}
    detail = ", ".join(part for part in (found[0], openblas_kernel()) if part)
    return {"version": numpy.__version__, "detail": detail}


def measure(workload, seconds):
    product = re.fullmatch(r"sgemm-(\d+)(?:x(\d+)x(\d+))?", workload)
    if not product:
        return {"unavailable": "numpy has matrix products, no gradients"}
    m, k, n = (int(extent or product[1]) for extent in product.groups())
    random = numpy.random.default_rng(1)
    a = random.standard_normal((m, k), dtype=numpy.float32)
    b = random.standard_normal((k, n), dtype=numpy.float32)
    c = numpy.empty((m, n), dtype=numpy.float32)
    timing = time_calls(lambda: numpy.matmul(a, b, out=c), seconds)
    return {**timing, "value": 2 * m * n * k / timing["medianMs"] / 1e6, "unit": "GFLOP/s"}


if "--version" in sys.argv:
    print(json.dumps(version()))
else:
    workload, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    print(json.dumps({"workload": workload, "threads": threads, **measure(workload, seconds)}))
