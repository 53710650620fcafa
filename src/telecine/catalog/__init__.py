"""The database: what is remembered about sites, storages, jobs and notifications, and who may change it.

`models` says what is kept, `database` opens it, `seal` guards its secrets. Every other module is a set of functions
on one subject whose first argument is a session; functions of a tenant take the site id second.
"""
