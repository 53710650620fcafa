"""The DWM recipient on the wire."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from telecine.apis.lists import Period, Words
from telecine.apis.wire import Shown, Wire
from telecine.catalog.recipients import MOST_AT_ONCE
from telecine.core.recipient_names import LONGEST_DESCRIPTION, LONGEST_NAME, is_name

MOST_KEYWORDS = 100


def _name(value: str) -> str:
    if not is_name(value):
        raise ValueError("it may hold English letters, digits, '-', '_' and '.', and must not be '.' or '..'")
    return value


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, examples=["test"]), AfterValidator(_name)]
Description = Annotated[str, Field(max_length=LONGEST_DESCRIPTION, examples=["test corp."])]


class RecipientRequest(Wire):
    """A recipient to register."""

    name: Name
    description: Annotated[Description, BeforeValidator(lambda value: "" if value is None else value)] = ""


class RecipientsRequest(Wire):
    """Recipients to register: all or none."""

    recipients: Annotated[list[RecipientRequest], Field(min_length=1, max_length=MOST_AT_ONCE)]


class RecipientUpdate(Wire):
    """What to change in a recipient; at least one of the two."""

    name: Name | None = None
    description: Description | None = None


class RecipientQuery(Period):
    """Which recipients to list."""

    search_keyword: Annotated[
        Words,
        Field(default_factory=list, max_length=MOST_KEYWORDS, description="Parts of the name: any of them, any case."),
    ]


class RecipientId(Shown):
    """Which recipient was changed, and when."""

    dwm_id: int
    update_time: str


class DeletedRecipient(Shown):
    """Which recipient was deleted."""

    dwm_id: int


class RecipientLine(Shown):
    """One recipient in a list."""

    dwm_id: int
    name: str
    description: str
    reg_time: str


class RecipientDetail(RecipientLine):
    """One recipient."""

    update_time: str
