"""Tables for pages and papers: what a table is, and its writers."""
