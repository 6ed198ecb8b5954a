"""What concentration does to exports: how they vary, where that comes from, and what a shock would cost."""

from exportlab.risk.portfolio import Portfolio, portfolio

__all__ = ["Portfolio", "portfolio"]
