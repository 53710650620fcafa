"""Projects on the wire."""

from typing import Annotated

from pydantic import Field

from telecine.apis.pixop.pages import Page, SelfLink
from telecine.apis.pixop.schema import Name
from telecine.apis.pixop.times import Time
from telecine.apis.wire import Shown, Wire

# ruff: noqa: N815 - the names are the document's


class ProjectBody(Wire):
    """What a project is called."""

    name: Name


class ProjectShown(Shown):
    """A project."""

    id: str
    name: str
    teamId: str
    dateCreated: Time
    timeLastUpdated: Time


class ProjectAnswer(Shown):
    """One project."""

    project: ProjectShown


class ProjectEntry(Shown):
    """A project in a list."""

    links: Annotated[SelfLink, Field(alias="_links")]
    id: str
    name: str
    dateCreated: Time
    timeLastUpdated: Time


class Projects(Shown):
    """The entries of a page."""

    totalFound: int
    projects: list[ProjectEntry]


class ProjectPage(Page):
    """A page of projects."""

    embedded: Annotated[Projects, Field(alias="_embedded")]


class DeletedProject(Shown):
    """The id of a project that is gone."""

    projectId: str


class DeletedProjects(Shown):
    """Ours: the document says nothing of the answer."""

    deletedProjects: list[DeletedProject]
