"""The media service: everything that moves bytes of videos."""

from telecine.apis.pixop import routes_media_download, routes_media_tus, routes_media_upload

ROUTERS = (
    routes_media_upload.routes,
    routes_media_download.routes,
    routes_media_tus.routes,
    routes_media_tus.open_routes,
)
