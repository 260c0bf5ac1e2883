"""
Reference values from PyTorch for test/ops/einsum.test.ts.

    /usr/bin/python3 test/golden/make_einsum.py      rewrites einsum.json
"""
import torch
from common import draw, save, with_gradients

CASES = [
    ("ij,jk->ik", [[3, 4], [4, 5]]),
    ("ij,jk", [[3, 4], [4, 5]]),
    ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]),
    ("bhid,bhjd->bhij", [[2, 3, 4, 5], [2, 3, 6, 5]]),
    ("bind,bjnd->bnij", [[2, 4, 3, 5], [2, 6, 3, 5]]),
    ("ij->ji", [[3, 4]]),
    ("ji", [[3, 4]]),
    ("ij->", [[3, 4]]),
    ("ij->j", [[3, 4]]),
    ("ii->i", [[4, 4]]),
    ("ii", [[4, 4]]),
    ("bii->ib", [[3, 4, 4]]),
    ("ijij->ji", [[2, 3, 2, 3]]),
    ("i,i->", [[7], [7]]),
    ("i,i->i", [[7], [7]]),
    ("i,j->ij", [[3], [4]]),
    ("bi,bi->b", [[3, 5], [3, 5]]),
    ("ij,i->j", [[3, 4], [3]]),
    ("ij,kl->il", [[3, 4], [2, 5]]),
    ("...ij,...jk->...ik", [[2, 3, 4], [5, 2, 4, 3]]),
    ("...i,i", [[2, 3, 4], [4]]),
    ("i...->...", [[2, 3, 4]]),
    ("b...d,dk->b...k", [[2, 3, 2, 4], [4, 5]]),
    ("ij,jk,kl->il", [[2, 3], [3, 4], [4, 5]]),
    ("bn,anm,bm->ba", [[2, 3], [5, 3, 4], [2, 4]]),
    ("Aa, aB -> BA", [[3, 4], [4, 2]]),
    ("ij,jk->ik", [[3, 1], [4, 5]]),
    ("bhwc,hkc->bhwk", [[2, 3, 4, 5], [3, 6, 5]]),
]
cases, seed = [], 12001
for equation, shapes in CASES:
    leaves = [draw(shape, seed + i) for i, shape in enumerate(shapes)]
    case = dict(equation=equation, shapes=shapes, seed=seed)
    inputs = {str(i): leaf for i, leaf in enumerate(leaves)}
    cases.append(with_gradients(case, torch.einsum(equation, *leaves), inputs, seed + 99))
    seed += 7
save("einsum", cases)
