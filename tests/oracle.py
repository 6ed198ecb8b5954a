"""Every distribution indicator once more in plain Python, from its definition: what the engines are compared with."""

from __future__ import annotations

from math import exp, expm1, fsum, inf, log, log1p, nan, sqrt


def _shares(values):
    total = fsum(values)
    return [v / total for v in values]


def hhi(values, N, scale=1):
    return scale * fsum(s * s for s in _shares(values))


def entropy(values, N):
    return -fsum(s * log(s) for s in _shares(values) if s > 0)


def gini(values, N):
    """Half the mean absolute difference over the mean, all N categories counted."""
    full = (
        [*values, *[0.0] * int(N - len(values))]
        if len(values) <= N
        else sorted(values)[len(values) - int(N) :]
    )
    return fsum(abs(a - b) for a in full for b in full) / (2 * N * fsum(full))


def theil(values, N):
    mean = fsum(values) / N
    return fsum(v / mean * log(v / mean) for v in values if v > 0) / N


def hill(values, N, q=2.0):
    shares = [s for s in _shares(values) if s > 0]
    if q == 1:
        return exp(-fsum(s * log(s) for s in shares))
    if abs(q - 1) < 0.5:  # sum s^q less 1, without cancellation
        return exp(log1p(fsum(s * expm1((q - 1) * log(s)) for s in shares)) / (1 - q))
    if q > 50:  # in logarithms, relative to the largest
        top = max(shares)
        tail = 0 if q == inf else log(fsum((s / top) ** q for s in shares)) / q
        return exp((log(top) + tail) / (1 / q - 1))
    return fsum(s**q for s in shares) ** (1 / (1 - q))


def hall_tideman(values, N):
    ranked = sorted(_shares(values), reverse=True)
    return 1 / (2 * fsum(r * s for r, s in enumerate(ranked, 1)) - 1)


def _normalised(h, n):
    return nan if n <= 1 else (h - 1 / n) / (1 - 1 / n)


def _active(values):
    return sum(v > 0 for v in values)


ORACLE = {
    "hhi": hhi,
    "hhi_normalised_active": lambda v, N: _normalised(hhi(v, N), _active(v)),
    "hhi_normalised": lambda v, N: _normalised(hhi(v, N), N),
    "unctad_concentration": lambda v, N: (
        nan if N <= 1 else (sqrt(hhi(v, N)) - sqrt(1 / N)) / (1 - sqrt(1 / N))
    ),
    "hirschman": lambda v, N: sqrt(hhi(v, N)),
    "effective_number": lambda v, N: 1 / hhi(v, N),
    "cr": lambda v, N, k=4: fsum(sorted(_shares(v), reverse=True)[:k]),
    "shannon": entropy,
    "theil": theil,
    "hill": hill,
    "gini": gini,
    "hall_tideman": hall_tideman,
    "number_above": lambda v, N, value=0.0, share=1.0: float(
        sum(x > value or s > share for x, s in zip(v, _shares(v), strict=True))
    ),
    "theil_extensive": lambda v, N: log(N / _active(v)),
    "theil_intensive": lambda v, N: theil([x for x in v if x > 0], _active(v)),
    "number_active": lambda v, N: float(_active(v)),
}
OPTIONS = {
    "cr": [{"k": 1}, {"k": 3}],
    "hill": [{"q": q} for q in (0.0, 0.5, 0.95, 1 - 1e-9, 1.0, 1 + 1e-12, 1.05, 2.5, 5.0, 5.5, 170.0, inf)],
    "hhi": [{"scale": 10_000}],
}
# Options under which laws of the default form do not hold: a count above a value depends on the unit, and can be 0.
FURTHER = {**OPTIONS, "number_above": [{"value": 2.0}, {"share": 0.3}]}
