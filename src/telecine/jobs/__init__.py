"""Durable execution on Temporal: workflows decide, activities act."""
