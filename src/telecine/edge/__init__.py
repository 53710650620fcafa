"""The edge: serves marked trees, and gives each viewer the variants that his token says."""
