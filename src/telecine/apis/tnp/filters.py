"""Reads the filters of the T&P job list, in every spelling that the document uses for them."""

from collections.abc import Sequence
from datetime import datetime

from telecine.apis.tnp import DIALECT
from telecine.apis.tnp.schema_job import JobQuery
from telecine.catalog.jobs import JobFilter
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format
from telecine.core.states import JobState, JobWord, word
from telecine.core.tnp_codes import STATUS_CODES

_STATE_BY_CODE = {code: state for state, code in STATUS_CODES.items()}
_FORMAT_WORDS = {tree.value: tree.value for tree in Format}
_TYPE_WORDS = {
    "drm": "drm",
    "forensic_watermark": "forensic_watermark",
    "forensic_watermarking": "forensic_watermark",  # as the request to create a job has it
}
_CODEC_WORDS = {"h264": "h264", "h265": "h265", "h2655": "h265"}  # h2655 is how the document's table spells it


def job_filter(query: JobQuery, registered: tuple[datetime | None, datetime | None]) -> JobFilter:
    """What a list call asks for, of jobs that were registered in this span. Raises FIELD_INVALID, naming the field."""
    types = _job_types(query)
    return JobFilter(
        from_time=registered[0],
        to_time=registered[1],
        name=query.job_name,
        region=query.region or "",
        job_id=query.job_id,
        job_id_operator=query.job_id_operator,
        content_id=query.content_id,
        formats=[Format(tree) for tree in _among(query.streaming_format, _FORMAT_WORDS, "streaming_format")],
        states=states_of(query.job_status, "job_status"),
        drm=True if "drm" in types else None,
        forensic_watermark=True if "forensic_watermark" in types else None,
        codecs=_among(query.codec, _CODEC_WORDS, "codec"),
        dialect=DIALECT,
        page_unit=query.page_unit,
        page_index=query.page_index,
    )


def _job_types(query: JobQuery) -> set[str]:
    """`job_type` of the document's table and `security` of its sample mean the same."""
    given = {"job_type": query.job_type, "security": query.security}
    return {kind for name, words in given.items() for kind in _among(words, _TYPE_WORDS, name)}


def _among(words: Sequence[str], known: dict[str, str], at: str) -> list[str]:
    """What `words` mean by the table `known`, in any case. Raises FIELD_INVALID for a word that it lacks."""
    for given in words:
        if given.lower() not in known:
            allowed = ", ".join(dict.fromkeys(known.values()))
            raise TelecineError(ErrorKind.FIELD_INVALID, f"it takes {allowed}.", field=at)
    return list(dict.fromkeys(known[given.lower()] for given in words))


def states_of(words: Sequence[str], at: str) -> list[JobState]:
    """The states that `words`, TP codes or status words in any case, stand for. Raises FIELD_INVALID."""
    states: list[JobState] = []
    for wanted in words:
        if wanted.upper() in _STATE_BY_CODE:
            states.append(_STATE_BY_CODE[wanted.upper()])
        elif wanted.lower() in set(JobWord):
            states += [state for state in JobState if word(state) == wanted.lower()]
        else:
            known = ", ".join((*_STATE_BY_CODE, *JobWord))
            raise TelecineError(ErrorKind.FIELD_INVALID, f"it takes {known}.", field=at)
    return list(dict.fromkeys(states))
