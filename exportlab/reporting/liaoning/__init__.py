"""The report on the embedded figures on Liaoning: one module a section."""
