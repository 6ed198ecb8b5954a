"""Embedded real figures, each row with its source."""
