# Writes test/golden/mat/*.mat with scipy (1.10): images as SVHN keeps them, types, and what is not read.
#   python3 test/golden/make_mat.py
import os
import numpy as np
import scipy.io as sio
import scipy.sparse

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mat')
os.makedirs(folder, exist_ok=True)


def save(name, values, **options):
    sio.savemat(os.path.join(folder, name + '.mat'), values, **options)


# Element i of an array is i, modulo 251, in row-major order.
count = lambda shape, kind: (np.arange(np.prod(shape)) % 251).reshape(shape).astype(kind)
X = count((4, 5, 3, 6), np.uint8)
y = np.array([[1], [10], [2], [3], [10], [4]], dtype=np.uint8)
save('images', {'X': X, 'y': y}, do_compression=True)
save('images-plain', {'X': X, 'y': y.astype(float)}, do_compression=False)
save('images-first', {'X': X.transpose(3, 0, 1, 2), 'y': y.T}, do_compression=True)
save('images-chw', {'X': X.transpose(3, 2, 0, 1), 'y': y}, do_compression=True)
save('images-chw-last', {'X': X.transpose(2, 0, 1, 3), 'y': y}, do_compression=True)
save('grey', {'X': X[:, :, 0], 'y': y.astype(np.int16) - 1})
save('rows', {'data': count((6, 7), float) / 2, 'price': count((6, 1), float) * 1.5,
              'kind': np.array([[1, 2, 1, 2, 2, 1]], dtype=np.int32)})
kinds = {k: count((2, 3), k) for k in ('i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8')}
save('types', {**kinds, 'b1': np.array([[True, False]]), 'nothing': np.zeros((0, 3))})
save('others', {'s': {'a': 1}, 'cell': np.array([1, 'x'], dtype=object), 'z': np.array([1 + 2j]),
                'text': 'abc', 'sparse': scipy.sparse.eye(3), 'x': np.ones((2, 2))})
save('four', {'x': np.ones((2, 2))}, format='4')
