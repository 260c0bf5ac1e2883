"""Timing, as in src/benchmark/measure.ts: batches of calls long enough for the clock, the median counts."""
import re
from math import ceil
from time import perf_counter

# A batch of calls takes at least this long.
BATCH_SECONDS = 0.005


def summarize(times):
    """Milliseconds of one call, from a list of them."""
    times = sorted(times)
    return {"medianMs": times[len(times) // 2], "minMs": times[0]}


def time_calls(call, seconds, least=3):
    """Times `call` for about `seconds`, after a fifth of that to warm up; `least` times at least."""
    start = perf_counter()
    calls = 0
    while calls < least or perf_counter() - start < seconds / 5:
        call()
        calls += 1
    # The first calls compile and allocate: the pace is that of the last one.
    start = perf_counter()
    call()
    batch = max(1, ceil(BATCH_SECONDS / (perf_counter() - start)))
    times = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(times) < least:
        start = perf_counter()
        for _ in range(batch):
            call()
        times.append((perf_counter() - start) / batch * 1000)
    return summarize(times)


def peak_bytes():
    """The most memory this process has had resident. (Its ru_maxrss starts at that of its parent.)"""
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024
