"""Economic complexity in arrays: matrices in, vectors and matrices out. The public door is `complexity`."""
