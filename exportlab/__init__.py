"""exportlab: export-structure econometrics from tables of trade flows."""

__version__ = "0.1.0"
