"""The report on a user's own flows: one module a section."""
