"""The second door: value added in exports, from input-output tables."""
