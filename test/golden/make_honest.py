"""
What scikit-learn and SciPy say of linear models, calibration and bootstrap intervals. Features are drawn as in
test/support/numbers.ts, and real tables are scikit-learn's own, as base64 of float32.

    /usr/bin/python3 test/golden/make_honest.py      rewrites honest.json
"""
import numpy as np
import torch
import scipy.stats
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import brier_score_loss
from sklearn.preprocessing import StandardScaler
from common import numbers, pack, save

CASES = []
PENALTIES = [0.01, 0.1, 1, 10, 100, 1000, 10000]


def features(n, d, seed):
    x = numbers(n * d, seed).reshape(n, d).astype(np.float64)
    x[:, 1 % d] = x[:, 0] * 3 + 0.1 * x[:, 1 % d]  # two that are nearly the same
    return x.astype(np.float32)


def gcv(x, y, penalty):
    n = len(y)
    hat = x @ np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T)
    rest = (y - y.mean()) - hat @ (y - y.mean())
    return n * (rest ** 2).sum() / (n - 1 - np.trace(hat)) ** 2


def ridge(x, y, name):
    x, y = x.astype(np.float32), y.astype(np.float32)
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    outputs = []
    chosen = []
    for column in y.astype(np.float64).T:
        best = min(PENALTIES, key=lambda penalty: gcv(scaled, column, penalty))
        chosen.append(best)
        outputs.append(Ridge(alpha=best).fit(scaled, column).predict(scaled))
    seven = np.stack([Ridge(alpha=7).fit(scaled, column).predict(scaled) for column in y.astype(np.float64).T], 1)
    CASES.append(dict(kind="ridge", name=name, width=x.shape[1], columns=y.shape[1], x=pack(torch.tensor(x)), y=pack(torch.tensor(y)),
                      penalties=chosen, outputs=np.stack(outputs, 1).flatten().tolist(), seven=seven.flatten().tolist()))


def logistic(x, labels, name):
    x = x.astype(np.float32)
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    fit = lambda c: LogisticRegression(C=c, tol=1e-12, max_iter=100000).fit(scaled, labels).predict_proba(scaled)
    CASES.append(dict(kind="logistic", name=name, width=x.shape[1], x=pack(torch.tensor(x)), labels=[int(l) for l in labels],
                      probabilities=fit(1).flatten().tolist(), strong=fit(1 / 30).flatten().tolist()))


def calibration(n, seed):
    p = np.clip((numbers(n, seed).astype(np.float64) + 1) / 2, 0, 1)
    p[:3] = [0, 1, 0.5]
    p = np.round(p * 40) / 40  # on the edges of bins too
    labels = ((numbers(n, seed + 1) + 1) / 2 < p ** 2).astype(int)
    curves = []
    for strategy in ("uniform", "quantile"):
        for bins in (3, 5, 10):
            observed, predicted = calibration_curve(labels, p, n_bins=bins, strategy=strategy)
            curves.append(dict(strategy=strategy, bins=bins, observed=observed.tolist(), predicted=predicted.tolist()))
    CASES.append(dict(kind="calibration", labels=labels.tolist(), p=p.tolist(), curves=curves, brier=brier_score_loss(labels, p)))


def bootstrap(values, name):
    found = scipy.stats.bootstrap((values,), np.mean, n_resamples=100000, method="percentile", random_state=1, batch=1000)
    CASES.append(dict(kind="bootstrap", name=name, values=values.tolist(), low=found.confidence_interval.low,
                      high=found.confidence_interval.high, deviation=float(found.standard_error)))


diabetes = load_diabetes(scaled=False)
ridge(diabetes.data, diabetes.target[:, None], "diabetes")
wide = features(40, 60, 1)
ridge(wide, np.stack([wide[:, 0] * 2 - wide[:, 5] + 7, numbers(40, 3)], 1), "more features than samples")
few = features(90, 6, 11)
noise = numbers(90, 12)
ridge(few, np.stack([few @ np.arange(6) + 0.01 * noise, few[:, 2] + 2 * noise], 1), "two targets")
iris = load_iris()
logistic(iris.data, iris.target, "iris")
logistic(iris.data[50:], iris.target[50:] - 1, "two classes")
many = features(120, 12, 21)
logistic(many, (many[:, 0] * 3 + many[:, 5] + 0.5 * numbers(120, 22) > 0.5).astype(int) + 2 * (many[:, 7] > 0.6), "four classes")
calibration(200, 31)
bootstrap((numbers(100, 41) > -0.6).astype(np.float64), "hits")
bootstrap(np.abs(numbers(60, 43).astype(np.float64)) ** 3, "errors")
save("honest", CASES)
