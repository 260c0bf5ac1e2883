"""
Writes the tables of bench/tables.mjs into a folder, without a network:

    /usr/bin/python3 bench/tables.py /tmp/tables

scikit-learn's iris, wine, breast cancer, digits and diabetes (Debian's python3-sklearn), the temperatures of Seattle and San
Francisco, each hour of 2010 (Debian's python3-vega-datasets: 17,518 rows), and, if a third argument names the unpacked
package (`apt-get download r-cran-ggplot2`, `dpkg -x`), the 53,940 diamonds of ggplot2, whose lazy-load file is read here, as
R need not be there.
"""
import bz2, csv, gzip, lzma, os, struct, sys, zlib

VEGA = "/usr/lib/python3/dist-packages/vega_datasets/_data/"


def write(name, header, rows):
    with open(os.path.join(folder, name + ".csv"), "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(header)
        out.writerows(rows)


def scikit():
    from sklearn import datasets

    for name, load in [
        ("iris", datasets.load_iris),
        ("wine", datasets.load_wine),
        ("cancer", datasets.load_breast_cancer),
        ("digits", datasets.load_digits),
    ]:
        b = load()
        rows = ([*map(repr, map(float, x)), b.target_names[t]] for x, t in zip(b.data, b.target))
        write(name, [*b.feature_names, "target"], rows)
    b = datasets.load_diabetes()
    write("diabetes", [*b.feature_names, "target"], ([*x, t] for x, t in zip(b.data, b.target)))


def temperatures():
    rows = []
    for city, file in [("Seattle", "seattle-temps.csv"), ("San Francisco", "sf-temps.csv")]:
        for row in csv.DictReader(open(VEGA + file)):
            date = row["date"]
            rows.append([city, int(date[5:7]), int(date[8:10]), int(date[11:13]), row["temp"]])
    write("temps", ["city", "month", "day", "hour", "temp"], rows)


def unserialize(data):
    """R's serialisation (XDR), of lists, numbers, texts and their attributes; objects are (values, attributes)."""
    at, symbols = [2], []

    def read(form, count=1):
        values = struct.unpack_from(">%d%s" % (count, form), data, at[0])
        at[0] += struct.calcsize(form) * count
        return values

    def item():
        flags = read("i")[0]
        kind = flags & 255
        if kind == 254:
            return None
        if kind == 255:
            return symbols[(flags >> 8) - 1]
        if kind == 2:
            if flags & 0x200:
                item()
            tag = item() if flags & 0x400 else None
            return [(tag, item())] + (item() or [])
        if kind == 1:
            symbols.append(item())
            return symbols[-1]
        count = read("i")[0]
        if kind == 9:
            at[0] += max(count, 0)
            return None if count < 0 else data[at[0] - count : at[0]].decode()
        if kind in (10, 13):
            values = list(read("i", count))
        elif kind == 14:
            values = list(read("d", count))
        elif kind in (16, 19):
            values = [item() for _ in range(count)]
        else:
            raise ValueError("R type %d" % kind)
        return (values, dict(item() or [])) if flags & 0x200 else values

    version = read("i", 3)[0]
    if version == 3:
        encoding = read("i")[0]
        at[0] += encoding
    return item()


def named(list_):
    return dict(zip(list_[1]["names"], list_[0]))


def diamonds(package):
    path = os.path.join(package, "usr/lib/R/site-library/ggplot2/data/Rdata")
    index = named(unserialize(gzip.open(path + ".rdx").read()))
    start, length = named(index["variables"])["diamonds"]
    raw = open(path + ".rdb", "rb").read()[start : start + length]
    if raw[4:5] == b"2":
        data = bz2.decompress(raw[5:])
    elif raw[4:5] == b"Z":
        data = lzma.decompress(raw[5:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])
    else:
        data = zlib.decompress(raw[4:])
    columns = named(unserialize(data))
    price = columns.pop("price")

    def texts(column):
        if not isinstance(column, tuple):
            return ["%g" % x for x in column]
        return [column[1]["levels"][x - 1] for x in column[0]]

    write("diamonds", [*columns, "price"], zip(*map(texts, columns.values()), price))


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
scikit()
temperatures()
if len(sys.argv) > 2:
    diamonds(sys.argv[2])
