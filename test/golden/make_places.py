"""
Values for test/ops/places.test.ts: torch.gather, index_select, scatter, scatter_add, topk, argmax, slices with steps, flip and
broadcast products, with their gradients.

    /usr/bin/python3 test/golden/make_places.py      rewrites places.json
"""
import numpy as np
import torch
from common import draw, numbers, save, with_gradients

cases, seed = [], 31001


def indices(shape, extent, seed):
    """Whole numbers below extent, as `wholes` of the test draws them."""
    n = int(np.prod(shape))
    values = np.floor((numbers(n, seed).astype(np.float64) + 1) / 2 * extent).astype(np.int64)
    return torch.tensor(values.reshape(shape))


def case(op, inputs, compute, **more):
    global seed
    leaves = {name: draw(shape, seed + i) for i, (name, shape) in enumerate(inputs.items())}
    record = dict(op=op, inputs=inputs, seed=seed, **more)
    cases.append(with_gradients(record, compute(**leaves), leaves, seed + 99))
    seed += 200


for shape, axis, picked in [([5, 4], 0, [3]), ([3, 7, 2], 1, [2, 3]), ([2, 3, 9], -1, [4]), ([6, 5], 0, [])]:
    at = indices(picked, shape[axis], seed + 50)
    axis_ = axis % len(shape)
    def select(x, at=at, axis_=axis_):
        flat = x.index_select(axis_, at.reshape(-1))
        return flat.reshape(x.shape[:axis_] + at.shape + x.shape[axis_ + 1:])
    case("gather", dict(x=shape), select, axis=axis, indices=picked)
for shape, axis, picked in [([5, 4], 0, [3, 4]), ([3, 7, 2], 1, [2, 9, 1]), ([2, 3, 9], 2, [2, 3, 4])]:
    at = indices(picked, shape[axis], seed + 50)
    case("takeAlong", dict(x=shape), lambda x, at=at: x.gather(axis, at), axis=axis, indices=picked)
    case("scatterAdd", dict(x=shape, updates=picked), lambda x, updates, at=indices(picked, shape[axis], seed + 50): x.scatter_add(axis, at, updates), axis=axis, indices=picked)
for shape, axis, k, largest in [([5, 8], 1, 3, True), ([4, 6, 3], 1, 6, False), ([9], 0, 1, True), ([7, 5], 0, 2, False)]:
    case("topK", dict(x=shape), lambda x: x.topk(k, axis, largest)[0], axis=axis, k=k, largest=largest)
    x = draw(shape, cases[-1]["seed"]).detach()
    cases[-1]["places"] = x.topk(k, axis, largest)[1].reshape(-1).tolist()
    cases[-1]["argMax"] = x.argmax(axis).reshape(-1).tolist()
    cases[-1]["argMin"] = x.argmin(axis).reshape(-1).tolist()
for shape, axes in [([5, 4], [0]), ([3, 7, 2], [0, 2]), ([2, 3, 9], [-1])]:
    case("flip", dict(x=shape), lambda x: x.flip(axes), axes=axes)
for shape, ranges in [
    ([9, 4], [[1, 8, 3]]),
    ([5, 10, 3], [[None, None, 2], [None, None, 4], [0, 2, 1]]),
    ([6, 11], [[5, 0, -2], [None, None, -3]]),
    ([2, 8], [[None, None, 1], [-2, -7, -1]]),
]:
    def take(x):
        y = torch.tensor(np.arange(x.numel()).reshape(x.shape)).numpy()[tuple(slice(*r) for r in ranges)].copy()
        return x.reshape(-1)[torch.tensor(y.reshape(-1))].reshape(y.shape)
    case("slice", dict(x=shape), take, ranges=ranges)
for a, b in [([2, 1, 3, 4], [5, 4, 2]), ([6, 3, 4], [4, 5]), ([3, 4], [2, 4, 5]), ([3, 4], [4, 2]), ([2, 3, 2, 3], [1, 3, 3, 2])]:
    case("batchMatmul", dict(a=a, b=b), lambda a, b: a @ b)
save("places", cases)
