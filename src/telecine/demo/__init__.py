"""`make demo`: one real job through the whole system."""
