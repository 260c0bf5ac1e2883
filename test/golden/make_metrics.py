"""
Metrics written out from their definitions in float64 numpy (F1 from masks, R2 from variances), and what scikit-learn
says: defaults, ties, areas, average precision and log loss. Labels and scores are drawn as in test/support/numbers.ts,
scores in few steps so that many tie.

    /usr/bin/python3 test/golden/make_metrics.py      rewrites metrics.json
"""
import numpy as np
import torch
import sklearn.metrics as sk
from common import numbers, save

CASES = []


def ratio(a, b):
    return float(a / b) if b else 0.0


def classes(n, c, seed, used):
    labels = ((numbers(n, seed) + 1) / 2 * used).astype(int)
    raw = numbers(n * c, seed + 1).astype(np.float64).reshape(n, c)
    scores = np.floor(raw * 8) / 8
    scores[np.arange(n), labels] += 0.5
    if used < c:
        scores[:, c - 1] -= 10  # never predicted, and without samples
    scores = scores.astype(np.float32)
    predictions = scores.argmax(1)
    rows = []
    for k in range(c):
        t, p = labels == k, predictions == k
        precision, recall = ratio((t & p).sum(), p.sum()), ratio((t & p).sum(), t.sum())
        f1 = ratio(2 * precision * recall, precision + recall)
        rows.append([precision, recall, f1, int(t.sum())])
    table = np.array(rows)
    seen = [k for k in range(c) if (labels == k).any() or (predictions == k).any()]
    macro = table[seen, :3].mean(0)
    weighted = (table[:, :3] * table[:, 3:]).sum(0) / n
    every = np.arange(c)
    tops = {str(k): float(sk.top_k_accuracy_score(labels, scores if c > 2 else scores[:, 1] - scores[:, 0], k=k, labels=every))
            for k in range(1, c if c > 2 else 1)}
    areas, precisions = [], []
    for k in range(c):
        if (labels == k).any() and used == c:
            areas.append(sk.roc_auc_score(labels == k, scores[:, k]))
            precisions.append(sk.average_precision_score(labels == k, scores[:, k]))
    p = np.exp(scores.astype(np.float64))
    p /= p.sum(1, keepdims=True)
    defaults = {}
    if c == 2:
        defaults = dict(defaults=[float(f(labels, predictions)) for f in (sk.precision_score, sk.recall_score, sk.f1_score)],
                        onesLoss=float(sk.log_loss(labels, p[:, 1])))
    CASES.append(dict(kind="classes", labels=labels.tolist(), classes=c, scores=scores.flatten().tolist(),
                      accuracy=float((labels == predictions).mean()), rows=rows, macro=macro.tolist(),
                      weighted=weighted.tolist(), top=tops, **defaults, probabilities=p.flatten().tolist(),
                      logLoss=float(sk.log_loss(labels, p, labels=every)),
                      auc=float(np.mean(areas)) if areas else None,
                      averagePrecision=float(np.mean(precisions)) if areas else None))


def values(n, columns, seed, constant=False):
    t = numbers(n * columns, seed).reshape(n, columns)
    y = (t + 0.3 * numbers(n * columns, seed + 1).reshape(n, columns)).astype(np.float32)
    if constant:
        t[:, 0] = 0.5
    a, b = torch.tensor(t).double(), torch.tensor(y).double()
    mse = torch.nn.functional.mse_loss(b, a).item()
    column = lambda k: 0.0 if constant and k == 0 else 1 - float(((b[:, k] - a[:, k]) ** 2).sum() / ((a[:, k] - a[:, k].mean()) ** 2).sum())
    CASES.append(dict(kind="values", columns=columns, targets=t.flatten().tolist(), outputs=y.flatten().tolist(), mse=mse,
                      mae=torch.nn.functional.l1_loss(b, a).item(), rmse=mse ** 0.5,
                      medianAe=float(sk.median_absolute_error(t.flatten().astype(np.float64), y.flatten().astype(np.float64))),
                      mape=float(sk.mean_absolute_percentage_error(t.flatten().astype(np.float64), y.flatten().astype(np.float64))),
                      pinball=[float(sk.mean_pinball_loss(t.flatten().astype(np.float64), y.flatten().astype(np.float64), alpha=q)) for q in [0.05, 0.5, 0.9]],
                      columnR2=[float(sk.r2_score(t[:, k].astype(np.float64), y[:, k].astype(np.float64))) for k in range(columns)],
                      r2=float(np.mean([column(k) for k in range(columns)]))))


def perplexity(n, c, seed):
    x = torch.tensor(numbers(n * c, seed).reshape(n, c)).double() * 3
    labels = torch.tensor([(i * 5) % c for i in range(n)])
    losses = torch.nn.functional.cross_entropy(x, labels, reduction="none").float()
    CASES.append(dict(kind="perplexity", losses=losses.tolist(), value=losses.double().mean().exp().item()))


classes(60, 5, 101, 5)
classes(40, 4, 201, 3)
classes(50, 2, 301, 2)
values(30, 1, 401)
values(20, 3, 501)
values(20, 2, 601, constant=True)
perplexity(25, 7, 701)
# Certain and wrong: what a probability is cut off at.
CERTAIN = np.array([0.0, 1.0, 0.25, 1.0])
CASES.append(dict(kind="certain", labels=[1, 0, 0, 1], probabilities=CERTAIN.tolist(),
                  double=float(sk.log_loss([1, 0, 0, 1], CERTAIN)), single=float(sk.log_loss([1, 0, 0, 1], CERTAIN.astype(np.float32)))))
save("metrics", CASES)
