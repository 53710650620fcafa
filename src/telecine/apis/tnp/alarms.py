"""Decides what a notification's target is to be: type, address and keys that fit together, and may be reached."""

import base64
import binascii
import secrets
from dataclasses import dataclass

from telecine.apis.tnp.schema_notification import AlarmStatus, AwsAccess, NotificationRequest, NotificationUpdate
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobWord
from telecine.notify.targets import check_target
from telecine.settings import Settings

SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, is none
SECRET_BYTES = range(24, 65)
"""What Standard Webhooks takes as a signing secret."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to tell. For webhooks `secret_key` is the signing secret and `access_key` is empty."""

    noti_type: str
    url: str
    access_key: str
    secret_key: str
    secret_is_new: bool = False

    def __repr__(self) -> str:
        return f"Target({self.noti_type!r})"


def new_target(body: NotificationRequest, settings: Settings) -> Target:
    """The target that a create request asks for. Raises TARGET_REFUSED, FIELD_MISSING, FIELD_INVALID."""
    return _checked(_target(body.noti_type, body.url_end_point, body.aws_access or AwsAccess()), settings)


def merged(body: NotificationUpdate, present: Target, settings: Settings) -> Target:
    """The target `present` after an update request. Raises as `new_target`."""
    noti_type = body.noti_type or present.noti_type
    url = body.url_end_point or present.url
    sent = body.aws_access or AwsAccess()
    if noti_type != present.noti_type:
        return _checked(_target(noti_type, url, sent), settings)  # keys of another type of target mean nothing here
    keys = AwsAccess(access_key=sent.access_key or present.access_key, secret_key=sent.secret_key or present.secret_key)
    return _checked(_target(noti_type, url, keys), settings)


def alarms_of(sent: AlarmStatus, present: dict[str, bool]) -> dict[str, bool]:
    """Each of the five words on or off: as sent, else as it is, else off."""
    return {word.value: bool(_either(getattr(sent, word.value), present.get(word.value))) for word in JobWord}


def _either(sent: bool | None, present: bool | None) -> bool | None:
    return present if sent is None else sent


def _target(noti_type: str, url: str, keys: AwsAccess) -> Target:
    if noti_type == "WEBHOOK":
        if not keys.secret_key:
            made = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
            return Target(noti_type, url, "", made, secret_is_new=True)
        return Target(noti_type, url, "", _signing_secret(keys.secret_key))
    for name in ("access_key", "secret_key"):
        if not getattr(keys, name):
            raise TelecineError(ErrorKind.FIELD_MISSING, field=f"aws_access.{name}")
    return Target(noti_type, url, keys.access_key or "", keys.secret_key or "")


def _signing_secret(text: str) -> str:
    """A signing secret with its prefix. Raises FIELD_INVALID for what is none."""
    try:
        raw = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) not in SECRET_BYTES:
        why = f"a signing secret is '{SECRET_PREFIX}' and Base64 of 24 to 64 bytes."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="aws_access.secret_key")
    return SECRET_PREFIX + text.removeprefix(SECRET_PREFIX)


def _checked(target: Target, settings: Settings) -> Target:
    check_target(target.noti_type, target.url, settings.private_targets)
    return target
