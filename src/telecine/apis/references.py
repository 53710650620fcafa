"""Checks the storages that a request names: they must be the site's, and each of the kind that it is used as."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from telecine.apis.findings import Findings
from telecine.catalog import storages
from telecine.core.errors import TelecineError


def check_storages(s: Session, site_id: str, named: Mapping[str, tuple[str, str]], found: Findings) -> None:
    """Note what is wrong with the storages `named`: by its place in the request, what each is used as (`input` or
    `output`), and its id.
    """
    for at, (io_type, storage_id) in named.items():
        try:
            storage = storages.get(s, site_id, storage_id)
        except TelecineError:
            found.invalid(at, "the site has no storage with this id.")
            continue
        if not storages.serves(storage, io_type):
            found.invalid(at, f"the storage is registered for {storage.io_type}.")
