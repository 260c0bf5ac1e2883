"""
JPEGs in CMYK and YCCK, and the red, green and blue that Pillow makes of them: written by Pillow, one rewritten by
jpegtran. Run: /usr/bin/python3 test/golden/make_cmyk.py
"""
import io, subprocess
from PIL import Image
from common import *


def picture(width, height, seed):
    """Smooth, so that the files are small; every colour has parts that are cut off at 0 or 255."""
    y, x = np.mgrid[0:height, 0:width]
    slopes = numbers(12, seed).reshape(4, 3)
    values = [128 + a * 24 * (x - width / 2) + b * 24 * (y - height / 2) + c * 64 for a, b, c in slopes]
    return Image.fromarray(np.clip(np.stack(values, -1), 0, 255).astype(np.uint8), "CMYK")


def with_bytes(data, changes):
    """Adobe's marker says what the first three components are; frame headers how each is sampled."""
    data = bytearray(data)
    if "transform" in changes:
        data[data.index(b"Adobe") + 11] = changes["transform"]
    if "through" in changes:
        data = bytearray(subprocess.run(changes["through"], input=bytes(data), stdout=subprocess.PIPE, check=True).stdout)
    if changes.get("adobe") is False:
        at = data.index(b"\xff\xee")
        del data[at:at + 16]
    return bytes(data)


def main():
    cases = []
    for i, (name, size, options, changes) in enumerate([
        ("CMYK", (19, 13), {}, {}),
        ("CMYK, progressive", (17, 11), dict(progressive=True), {}),
        ("CMYK, without Adobe's marker", (8, 9), {}, dict(adobe=False)),
        ("YCCK", (19, 13), {}, dict(transform=2)),
        ("YCCK, progressive, own Huffman tables", (33, 9), dict(progressive=True, optimize=True), dict(transform=2)),
        ("YCCK, colours halved", (35, 21), dict(subsampling=2), dict(transform=2)),
        ("YCCK, colours halved across, progressive", (35, 10), dict(subsampling=1, progressive=True), dict(transform=2)),
        ("CMYK, restarts", (40, 24), {}, dict(through=["jpegtran", "-restart", "3B"])),
    ]):
        out = io.BytesIO()
        picture(*size, 31 + i).save(out, "JPEG", quality=90, **options)
        data = with_bytes(out.getvalue(), changes)
        rgb = Image.open(io.BytesIO(data)).convert("RGB")
        assert Image.open(io.BytesIO(data)).mode == "CMYK"
        pack_bytes = lambda b: base64.b64encode(b).decode()
        cases.append(dict(name=name, size=size, jpeg=pack_bytes(data), rgb=pack_bytes(rgb.tobytes())))
    save("cmyk", cases)


main()
