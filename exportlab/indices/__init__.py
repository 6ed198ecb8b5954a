"""Indicators over flows, one short function each."""
