"""Regressions by formula: least squares, random effects, Poisson, gravity."""
