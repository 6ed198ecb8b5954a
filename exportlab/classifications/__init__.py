"""Countries, blocs, products: tables as CSV, code that only looks up."""
