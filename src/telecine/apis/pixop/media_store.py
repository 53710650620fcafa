"""The storage in which a video's media lies, and names for what is put there."""

import re
import unicodedata
from pathlib import PurePosixPath

from telecine.apis.services import Services
from telecine.catalog import storages
from telecine.catalog.models import SHORT
from telecine.catalog.video_models import Video
from telecine.storage.store import Store

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}", re.ASCII)
UNKNOWN_TYPE = "application/octet-stream"
UNNAMED = "upload"
"""What a file is called whose client gives it no name."""


def store_of(services: Services, video: Video, *, patient: bool) -> Store:
    """The video's storage, opened for its team's site; `patient` as in `StoreFactory.open`. Raises NOT_FOUND."""
    with services.database.read() as s:
        row = storages.get(s, video.site_id, video.storage_id)
    secret = storages.secret(services.sealer, row)
    return services.stores.open(row.aws_bucket, row.region, row.access_key_id, secret, patient=patient)


def file_name(given: str) -> str:
    """The name of an uploaded file as it is kept: as given, without folders and characters that cannot be shown."""
    name = re.split(r"[/\\]", given)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn")).strip()
    suffix = PurePosixPath(name).suffix[:32]
    return name if 0 < len(name) <= SHORT else name[: SHORT - len(suffix)] + suffix if name else UNNAMED


def media_type(given: str) -> str:
    """The media type of an uploaded file as it is kept, without parameters; what is none becomes the general one."""
    plain = given.partition(";")[0].strip().lower()
    return plain if _TYPE.fullmatch(plain) else UNKNOWN_TYPE


def suffix_of(name: str) -> str:
    """The end of a file's name, where it can be a part of any store's key; else nothing."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""
