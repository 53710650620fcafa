"""`make demo`: one real job through the whole system, from a bucket to players, looked at as a customer would.

It starts `telecine serve` on a fresh data folder, talks to it over HTTP only, fetches what was published, verifies
that, and says how long everything took.
"""
