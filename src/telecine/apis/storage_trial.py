"""Storages are tried before they are registered, once, in the way that a job will use them."""

from dataclasses import replace

from telecine.apis.services import Services
from telecine.catalog.storages import BOTH, StorageValues
from telecine.core.errors import ErrorKind, TelecineError
from telecine.storage.check import try_storage
from telecine.storage.store import Store


def try_as_registered(services: Services, values: StorageValues) -> None:
    """Use the storage as its kind needs. Raises STORAGE_REFUSED, STORAGE_UNREACHABLE."""
    store = _opened(services, values)
    if values.io_type in ("input", BOTH):
        try_storage(store, "input")
    if values.io_type in ("output", BOTH):
        try_storage(store, "output")


def of_proven_kind(services: Services, values: StorageValues) -> StorageValues:
    """`values` with the kind that its keys allow: input where they only read, output where they only write.

    For APIs whose storages have no kind. Raises STORAGE_REFUSED where neither works, STORAGE_UNREACHABLE.
    """
    store = _opened(services, values)
    refusals = {"input": _refusal(store, writing=False), "output": _refusal(store, writing=True)}
    allowed = [io_type for io_type, refusal in refusals.items() if refusal is None]
    if not allowed and refusals["input"] is not None:
        raise refusals["input"]
    return replace(values, io_type=allowed[0] if len(allowed) == 1 else BOTH)


def _opened(services: Services, values: StorageValues) -> Store:
    return services.stores.open(
        values.aws_bucket, values.region, values.access_key_id, values.secret_key, patient=False
    )


def _refusal(store: Store, *, writing: bool) -> TelecineError | None:
    """Why the storage cannot be used so; None where it can. A storage that does not answer has not said no."""
    try:
        try_storage(store, "output" if writing else "input")
    except TelecineError as error:
        if error.kind is not ErrorKind.STORAGE_REFUSED:
            raise
        return error
    return None
