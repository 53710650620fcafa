"""The T&P job notification on the wire."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from telecine.apis.tnp.schema import Flag, NotiName, Shown, Text, Wire

NotiType = Annotated[
    Literal["SNS", "WEBHOOK"], BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value)
]
Target = Annotated[
    Text, Field(max_length=2048, description="The topic's ARN for SNS, an https address for WEBHOOK (ours).")
]
Secret = Annotated[str, Field(max_length=1024)]
_SECRET_SCHEMA = WithJsonSchema({"type": "string", "maxLength": 1024, "writeOnly": True})


class AwsAccess(Wire):
    """Keys for SNS. For WEBHOOK only `secret_key` counts: the signing secret; without one, one is made."""

    access_key: Annotated[Secret | None, Field(description="AWS access key id.")] = None
    secret_key: Annotated[Secret | None, _SECRET_SCHEMA] = None


class AlarmStatus(Wire):
    """Which states are told. In a new notification a word that is not sent is off; in an update it stays."""

    queued: Flag | None = None
    progressing: Flag | None = None
    complete: Flag | None = None
    error: Flag | None = None
    stopped: Flag | None = None


class NotificationRequest(Wire):
    """A notification to add."""

    noti_name: NotiName
    noti_type: NotiType
    url_end_point: Target
    aws_access: AwsAccess | None = None
    alarm_status: AlarmStatus


class NotificationUpdate(Wire):
    """What to change in a notification; what is not sent stays."""

    noti_name: NotiName | None = None
    noti_type: NotiType | None = None
    url_end_point: Target | None = None
    aws_access: AwsAccess | None = None
    alarm_status: AlarmStatus | None = None


class NotificationId(Shown):
    """Which notification; for a webhook whose signing secret was made here, that secret, this once."""

    noti_id: int


class NotificationLine(Shown):
    """One notification in a list."""

    noti_id: int
    site_id: str
    noti_name: str
    noti_type: Literal["SNS", "WEBHOOK"]
    url_end_point: str
    access_key: str
    alarm_status: dict[str, bool]
    update_time: str
    reg_time: str


class DeliveryLine(Shown):
    """One message to a notification's target, with every try."""

    delivery_id: int
    message_id: str
    job_id: int
    job_status: str
    state: Literal["pending", "delivered", "dead"]
    payload: dict[str, Any]
    tries: list[dict[str, Any]]
    reg_time: str
    update_time: str


class DeliveryId(Shown):
    """Which delivery."""

    delivery_id: int
