"""How far to believe an Estimate: few clusters, randomisation, sensitivity, placebos, power."""
