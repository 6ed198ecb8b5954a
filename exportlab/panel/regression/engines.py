"""Optional engines. They propose a solution; the core certifies it and computes the standard errors."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from exportlab.arrays import Array
from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.panel.regression.formula import Design


def solve_with_pyfixest(d: Design) -> Array:
    """The mean (n,) that pyfixest finds, to start from."""
    try:
        import pyfixest
    except ImportError:
        raise MissingDependency("pyfixest", "fast", "engine='pyfixest'") from None
    if d.offset is not None or d.weights is not None:
        raise OptionError("engine='pyfixest' takes no offset, exposure or weights. Use engine='core'.")
    data = pd.DataFrame(d.x, columns=[f"x{j}" for j in range(d.x.shape[1])]).assign(y=d.y)
    names = [f"f{i}" for i in range(len(d.effects))]
    for name, codes in zip(names, d.effects.codes, strict=True):
        data[name] = codes
    right = " + ".join(c for c, n in zip(data.columns, d.names, strict=False) if n != "Intercept")
    formula = f"y ~ {right}" + (f" | {' + '.join(names)}" if names else "")
    with warnings.catch_warnings():  # pyfixest 0.60 uses what pandas 3.1 deprecates
        warnings.simplefilter("ignore", DeprecationWarning)
        made = pyfixest.fepois(formula, data, vcov="hetero", fixef_rm="none")
    mu = np.asarray(made._Y_hat_response, float).ravel()
    if mu.shape != d.y.shape or not (mu > 0).all():
        raise DataError("pyfixest left rows out or fitted a mean that is not positive", "Use engine='core'.")
    return mu
