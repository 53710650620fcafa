"""Content keys: where they come from, where they are kept, and who gets them."""
