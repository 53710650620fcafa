"""The videos service: projects."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security

from telecine.apis.bodies import JsonRoute
from telecine.apis.envelope import Answer
from telecine.apis.pixop import VIDEOS
from telecine.apis.pixop.access import Authorised, user_scheme
from telecine.apis.pixop.clients import StrictClient
from telecine.apis.pixop.pages import PageQuery, page_body
from telecine.apis.pixop.schema_project import DeletedProjects, ProjectAnswer, ProjectBody, ProjectPage
from telecine.apis.pixop.times import shown
from telecine.apis.pixop.urls import Addressed, Urls
from telecine.apis.services import Wired
from telecine.catalog import projects
from telecine.catalog.video_models import Project

routes = APIRouter(prefix=VIDEOS, tags=["Pixop: project"], route_class=JsonRoute, dependencies=[Security(user_scheme)])

ProjectId = Annotated[str, Path(alias="projectId", description="Id of a project.")]
Named = Annotated[ProjectBody, Body(openapi_examples={"document": {"value": {"name": "Summer 1987"}}})]


@routes.get("/projects", response_model=ProjectPage, summary="List projects")
def list_projects(
    services: Wired, caller: Authorised, urls: Addressed, strict: StrictClient, query: Annotated[PageQuery, Query()]
) -> Answer:
    """The team's projects, newest first."""
    with services.database.read() as s:
        total, rows = projects.page(s, caller.site_id, caller.team_id, page_size=query.page_size, page_index=query.page)
    entries = [_entry(project, urls) for project in rows]
    return Answer(page_body(urls.projects(), query, total, ("projects", entries), strict=strict))


@routes.get("/project/{projectId}", response_model=ProjectAnswer, summary="Get a project")
def get_project(services: Wired, caller: Authorised, project_id: ProjectId) -> Answer:
    """One of the team's projects."""
    with services.database.read() as s:
        return _answer(projects.get(s, caller.site_id, caller.team_id, project_id))


@routes.put("/project", response_model=ProjectAnswer, summary="Create a project")
def create_project(services: Wired, caller: Authorised, body: Named) -> Answer:
    """Add a project. Names need not differ."""
    with services.database.write() as s:
        made = projects.create(s, caller.site_id, caller.team_id, caller.user_id, body.name, now=services.now())
    return _answer(made)


@routes.post("/project/{projectId}", response_model=ProjectAnswer, summary="Update a project")
def update_project(services: Wired, caller: Authorised, project_id: ProjectId, body: Named) -> Answer:
    """Call a project otherwise."""
    with services.database.write() as s:
        project = projects.rename(s, caller.site_id, caller.team_id, project_id, body.name, now=services.now())
    return _answer(project)


@routes.delete("/project/{projectId}", response_model=DeletedProjects, summary="Delete a project")
def delete_project(services: Wired, caller: Authorised, project_id: ProjectId) -> Answer:
    """Delete a project without videos."""
    with services.database.write() as s:
        projects.delete(s, caller.site_id, caller.team_id, project_id)
    return Answer({"deletedProjects": [{"projectId": project_id}]})


def _answer(project: Project) -> Answer:
    return Answer({"project": {"id": project.id, "name": project.name, "teamId": project.team_id, **_times(project)}})


def _entry(project: Project, urls: Urls) -> dict[str, Any]:
    link = {"self": {"href": urls.project(project.id)}}
    return {"_links": link, "id": project.id, "name": project.name, **_times(project)}


def _times(project: Project) -> dict[str, str]:
    return {"dateCreated": shown(project.date_created), "timeLastUpdated": shown(project.time_updated)}
