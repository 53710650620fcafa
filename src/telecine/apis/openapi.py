"""Corrects the OpenAPI description that FastAPI makes: what it says of errors must be what the envelope sends."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_FRAMEWORKS = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` leave out the framework's own error shapes, which no client ever sees."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _corrected(description: dict[str, Any]) -> dict[str, Any]:
    for operations in description["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    schemas = description.get("components", {}).get("schemas", {})
    for name in _FRAMEWORKS:
        schemas.pop(name, None)
    return description
