"""Where the copies of a distribution lie in its output storage: a folder for each recipient, with his copy alone.

All of them are in one folder of the content, so that no recipient's name can be that of a tree of the same content,
whose folder is swept when it is published again.
"""

from telecine.core.job import JobSpec
from telecine.core.recipient_names import file_name
from telecine.jobs.publishing import prefix_of

COPIES = "copies"
"""The folder of all copies, beside the trees of the content."""


def folder_of(spec: JobSpec, name: str) -> str:
    """The folder of the recipient called `name`, without a slash at the end."""
    return f"{prefix_of(spec)}/{COPIES}/{name}"


def copy_key(spec: JobSpec, name: str, suffix: str) -> str:
    """The key of his copy; `suffix` has a dot."""
    return f"{folder_of(spec, name)}/{file_name(spec.content_id, name, suffix)}"
