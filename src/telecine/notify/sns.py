"""Publishes a message to an SNS topic with the customer's own keys."""

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from telecine.core.errors import TelecineError
from telecine.notify.message import LONGEST_BODY, Message, Outcome
from telecine.notify.targets import region_of

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"total_max_attempts": 1},  # the outbox tries again
    ignore_configured_endpoint_urls=True,
)
_session_lock = threading.Lock()


def publish(arn: str, access_key: str, secret_key: str, message: Message, *, endpoint: str = "") -> Outcome:
    """Publish `message` to the topic `arn`; `endpoint` is empty for AWS.

    The message's text is the payload as JSON; its id goes along as attribute `message_id`, because SNS numbers
    every try anew. Never raises for what SNS or the way to it does.
    """
    try:
        answer = _client(region_of(arn), access_key, secret_key, endpoint).publish(
            TopicArn=arn,
            Subject=_subject(message),
            Message=message.text,
            MessageAttributes={"message_id": {"DataType": "String", "StringValue": message.id}},
            **_order(arn, message),
        )
    except TelecineError as error:
        return Outcome(False, body=error.message)
    except ClientError as error:
        return _refusal(error, secret_key)
    except BotoCoreError as error:
        return Outcome(False, body=f"SNS did not answer: {type(error).__name__}.")
    return Outcome(True, _status(answer), f"SNS message {answer['MessageId']}")


def _client(region: str, access_key: str, secret_key: str, endpoint: str) -> Any:  # noqa: ANN401
    with _session_lock:  # a session makes clients in one thread at a time only
        return _session().client(
            "sns",
            region_name=region,
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=_CONFIG,
        )


@cache
def _session() -> Any:  # noqa: ANN401
    """Our own session, which keeps what it has read of boto3's descriptions of services."""
    return boto3.session.Session()


def _subject(message: Message) -> str:
    """A line for those who subscribed by email: `Telecine job 12: COMPLETE`."""
    if "detection_id" in message.payload:
        found = message.payload
        return f"Telecine detection {found['detection_id']}: {found.get('detection_status')}"[:100]
    return f"Telecine job {message.payload.get('job_id')}: {message.payload.get('job_status')}"[:100]


def _order(arn: str, message: Message) -> dict[str, str]:
    """FIFO topics want to know what keeps its order, and what is the same message again."""
    if not arn.endswith(".fifo"):
        return {}
    payload = message.payload
    group = f"detection-{payload['detection_id']}" if "detection_id" in payload else f"job-{payload.get('job_id')}"
    return {"MessageGroupId": group, "MessageDeduplicationId": message.id}


def _refusal(error: ClientError, secret_key: str) -> Outcome:
    told = error.response.get("Error", {})
    text = f"{told.get('Code', 'Error')}: {told.get('Message', '')}"
    return Outcome(False, _status(error.response), text.replace(secret_key, "…")[:LONGEST_BODY])


def _status(answer: dict[str, Any]) -> int | None:
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return None if status is None else int(status)
