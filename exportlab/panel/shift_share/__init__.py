"""Shift-share designs: exposure to common shocks by shares of a base period, and errors that know it."""
