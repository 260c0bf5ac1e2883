"""Which of its kernels OpenBLAS has chosen for this processor, and how long their vectors are."""
import ctypes
import re

# OpenBLAS's names of processors, by the vectors that their kernels use.
BITS = {
    512: ("SkylakeX", "Cooperlake", "Sapphirerapids"),
    256: ("Haswell", "Zen", "Sandybridge", "Bulldozer", "Piledriver", "Steamroller", "Excavator"),
    128: ("Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Opteron", "Barcelona"),
}


def openblas_kernel():
    """The sentence, of the OpenBLAS that this process has loaded; None without one."""
    with open("/proc/self/maps") as maps:
        found = re.findall(r"(\S*/lib(?:open)?blas\S*\.so[^/\s]*)$", maps.read(), re.M)
    for path in dict.fromkeys(found):
        try:
            name_of = ctypes.CDLL(path).openblas_get_corename
        except (OSError, AttributeError):
            continue
        name_of.restype = ctypes.c_char_p
        name = name_of().decode()
        bits = [bits for bits, names in BITS.items() if name.lower() in map(str.lower, names)]
        return f"OpenBLAS's kernel {name}" + (f", vectors of {bits[0]} bits" if bits else "")
    return None
