"""Token and integration setting on the wire."""

from typing import Annotated

from pydantic import Field

from telecine.apis.tnp.schema import Region, Shown, Wire


class SettingUpdate(Wire):
    """What to change. The site is the path's, whatever the body calls it."""

    site_id: str | None = None
    site_id_too: Annotated[str | None, Field(alias="siteId")] = None
    region: Region


class SettingRegion(Shown):
    """The region that a site's jobs run in."""

    site_id: str
    region: str


class Setting(SettingRegion):
    """The integration setting. The two keys are null unless the operator lets the site read its secrets."""

    service_status: Annotated[str, Field(description="SE000: in service, SE001: no service.")]
    trial_pack_cnt: int
    site_key: str | None
    access_key: str | None
