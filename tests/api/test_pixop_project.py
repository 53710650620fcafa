"""Projects of the video API."""

import pytest
from tests.api.pixop import UNKNOWN, add_person, add_team

from telecine.catalog.projects import DEFAULT


@pytest.fixture
def ann(api):
    return add_person(api)


def listed(answer):
    assert answer.status_code == 200, answer.text
    return [entry["name"] for entry in answer.json()["_embedded"]["projects"]]


def test_a_projects_life(api, ann):
    made = ann.call("PUT", "/videos/v1/project", json={"name": "Summer 1987"})
    assert made.status_code == 200
    project = made.json()["project"]
    now = api.clock().strftime("%Y-%m-%d %H:%M:%S")
    assert project == {
        "id": project["id"],
        "name": "Summer 1987",
        "teamId": ann.team_id,
        "dateCreated": now,
        "timeLastUpdated": now,
    }
    path = f"/videos/v1/project/{project['id']}"
    assert ann.call("GET", path).json()["project"] == project
    api.clock.turn(61)
    renamed = ann.call("POST", path, json={"name": "Sommer 1987 🎬=== AFTER-MODIFICATION"}).json()["project"]
    assert renamed["name"] == "Sommer 1987 🎬=== AFTER-MODIFICATION"
    assert renamed["dateCreated"] == now < renamed["timeLastUpdated"]
    gone = ann.call("DELETE", path, headers={"Content-Type": "application/json"})
    assert gone.json() == {"deletedProjects": [{"projectId": project["id"]}]}
    for method, body in (("GET", None), ("DELETE", None), ("POST", {"name": "x"})):
        answer = ann.call(method, path, json=body)
        assert (answer.status_code, answer.json()["exception"]) == (404, "ProjectNotFoundException")


def test_a_project_needs_a_name(ann):
    for method, path in (("PUT", "/videos/v1/project"), ("POST", f"/videos/v1/project/{ann.add_project()}")):
        for body in ({}, *({"name": name} for name in (None, "", "  ", "a\nb", "x" * 256, 7, ["x"]))):
            answer = ann.call(method, path, json=body)
            assert (answer.status_code, answer.json()["exception"]) == (400, "ValidationException"), body
            assert "'name'" in answer.json()["errorMessage"]
    assert ann.call("PUT", "/videos/v1/project", json={"name": "x" * 255}).status_code == 200


def test_a_project_with_videos_cannot_be_deleted(ann):
    project_id = ann.add_project()
    video_id = ann.add_video(projectId=project_id)
    answer = ann.call("DELETE", f"/videos/v1/project/{project_id}")
    assert (answer.status_code, answer.json()["exception"]) == (409, "ProjectWithVideosCannotBeDeletedException")
    assert ann.call("DELETE", f"/videos/v1/video/{video_id}").status_code == 200
    assert ann.call("DELETE", f"/videos/v1/project/{project_id}").status_code == 200


def test_a_list_goes_by_pages_with_links(api, ann):
    for number in range(5):
        ann.add_project(f"P{number}")
        api.clock.turn(1)
    base = "http://testserver/pixop/videos/v1/projects"
    body = ann.call("GET", "/videos/v1/projects?page=2&page-size=2").json()
    assert (body["page"], body["pageSize"], body["_embedded"]["totalFound"]) == (2, 2, 5)
    assert body["_links"] == {
        "self": {"href": f"{base}?page=2&page-size=2"},
        "next": {"href": f"{base}?page=3&page-size=2"},
        "previous": {"href": f"{base}?page=1&page-size=2"},
        "first": {"href": f"{base}?page=1&page-size=2"},
        "last": {"href": f"{base}?page=3&page-size=2"},
    }
    entry = body["_embedded"]["projects"][0]
    assert list(entry) == ["_links", "id", "name", "dateCreated", "timeLastUpdated"]
    assert api.client.get(entry["_links"]["self"]["href"], headers={"Authorization": f"Bearer {ann.token}"}).is_success
    seen, url = [], f"{base}?page-size=2"
    while url:
        answer = api.client.get(url, headers={"Authorization": f"Bearer {ann.token}"})
        seen += listed(answer)
        url = answer.json()["_links"].get("next", {}).get("href")
    assert seen == ["P4", "P3", "P2", "P1", "P0"], "newest first, each once"


def test_the_ends_of_a_list(ann):
    empty = ann.call("GET", "/videos/v1/projects").json()
    assert (empty["page"], empty["pageSize"], empty["_embedded"]["projects"]) == (1, 25, [])
    assert set(empty["_links"]) == {"self", "first", "last"}
    for _ in range(3):
        ann.add_project()
    assert set(ann.call("GET", "/videos/v1/projects?page-size=3").json()["_links"]) == {"self", "first", "last"}
    beyond = ann.call("GET", "/videos/v1/projects?page=9&page-size=2").json()
    assert beyond["_embedded"]["projects"] == []
    assert "next" not in beyond["_links"]
    assert beyond["_links"]["previous"]["href"].endswith("?page=2&page-size=2"), "the last one that is there"
    assert ann.call("GET", "/videos/v1/projects?page=&page-size=").json()["page"] == 1


def test_the_java_client_gets_the_link_that_it_knows(api, ann):
    for _ in range(2):
        ann.add_project()
    path = "/videos/v1/projects?page=2&page-size=1"
    assert set(ann.call("GET", path).json()["_links"]) == {"self", "previous", "first", "last"}
    java = ann.call("GET", path, headers={"User-Agent": "-Unidentified JAVA Application-"})
    assert set(java.json()["_links"]) == {"self", "prev", "first", "last"}
    del api.client.headers["accept"]
    assert set(ann.call("GET", path).json()["_links"]) == {"self", "prev", "first", "last"}


def test_a_page_that_cannot_be_is_refused_by_its_name(ann):
    for path in ("/videos/v1/projects", "/videos/v1/videos"):
        for query in ("page=0", "page=-1", "page=x", "page-size=0", "page-size=1001", "page-size=1.5"):
            answer = ann.call("GET", f"{path}?{query}")
            assert (answer.status_code, answer.json()["exception"]) == (400, "ValidationException")
            assert f"'{query.partition('=')[0]}'" in answer.json()["errorMessage"]
    assert ann.call("GET", "/videos/v1/videos?page=1000000000&page-size=1000").status_code == 200


def test_videos_without_a_project_share_one(ann):
    first, second = ann.add_video(), ann.add_video(projectId=None)
    assert ann.video(first)["projectId"] == ann.video(second)["projectId"]
    assert listed(ann.call("GET", "/videos/v1/projects")) == [DEFAULT]


def test_another_team_finds_nothing(api, ann):
    project_id, video_id = ann.add_project(), ann.add_video()
    api.add_site("EVIL")
    mates = add_person(api, "mate@example.com", ann.team_id)
    assert mates.call("GET", f"/videos/v1/project/{project_id}").status_code == 200
    for stranger in (
        add_person(api, "bob@example.com"),
        add_person(api, "eve@example.com", add_team(api, "E", "EVIL")),
    ):
        calls = [
            ("GET", f"/videos/v1/project/{project_id}", None),
            ("POST", f"/videos/v1/project/{project_id}", {"name": "mine"}),
            ("DELETE", f"/videos/v1/project/{project_id}", None),
            ("PUT", "/videos/v1/video", {"projectId": project_id}),
            ("GET", f"/videos/v1/video/{video_id}", None),
            ("GET", f"/videos/v1/check-ingest-video-progress/{video_id}", None),
            ("GET", f"/videos/v1/check-process-video-progress/{video_id}", None),
            ("DELETE", f"/videos/v1/video/{video_id}", None),
        ]
        for method, path, body in calls:
            answer = stranger.call(method, path, json=body)
            assert answer.status_code == 404, (method, path)
            assert answer.json()["exception"] in ("ProjectNotFoundException", "VideoNotFoundException")
        assert listed(stranger.call("GET", "/videos/v1/projects")) == []
        for query in ("", f"?project-id={project_id}", f"?parent-id={video_id}"):
            body = stranger.call("GET", f"/videos/v1/videos{query}").json()
            assert body["_embedded"] == {"totalFound": 0, "videos": []}
    assert ann.call("GET", f"/videos/v1/project/{project_id}").json()["project"]["name"] == "Summer 1987"
    assert ann.video(video_id)


def test_odd_ids_find_nothing(ann):
    for odd in (UNKNOWN, "bogus-project-id", "x" * 500, "%00", "%ED%A0%80", "%F0%9F%8E%AC"):
        for path, exception in (("project", "ProjectNotFoundException"), ("video", "VideoNotFoundException")):
            answer = ann.call("GET", f"/videos/v1/{path}/{odd}")
            assert (answer.status_code, answer.json()["exception"]) == (404, exception)
        answer = ann.call("GET", f"/videos/v1/videos?project-id={odd}")
        assert (answer.status_code, answer.json()["_embedded"]["videos"]) == (200, [])
