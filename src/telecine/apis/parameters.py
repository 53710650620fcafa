"""Query parameters that several routes share. Apart from the schemas, which need no web framework."""

from typing import Annotated

from fastapi import Query

TimeZone = Annotated[str, Query(description="Zone of the times in the answer, like +09:00. UTC by default.")]
