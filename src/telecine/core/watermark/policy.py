"""What a site chooses about its watermarks. Defaults come from measurements; see docs/watermarking.md."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.job import MarkCost, Marking, MarkLayout, PaceInfoFiles


class SessionCode(StrEnum):
    """Which code a viewer's session gets."""

    DELIVERY = "delivery"
    """The documented payload, which every CDN embedder of the field writes."""
    UNIFORM = "uniform"
    UP_TO_4 = "up_to_4"
    UP_TO_6 = "up_to_6"


class MarkingPolicy(BaseModel):
    """A site's choices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: MarkLayout = MarkLayout.UNLABELED
    strength: float = Field(default=0.5, ge=0.3, le=1.0, description="0.5 is the default, 0.7 is strong.")
    code: SessionCode = Field(default=SessionCode.DELIVERY, description="Code of sessions that ask for none.")
    pace_info: PaceInfoFiles = Field(
        default=PaceInfoFiles.RENDITIONS, description="Files that tell a third party's edge the positions of segments."
    )
    cost: MarkCost = Field(
        default=MarkCost.BALANCED, description="What marking may cost; what it saves is paid in bits or quality."
    )
    draft_claims: bool = Field(
        default=False,
        description="Whether CWTs are read also with the claim numbers of the standard's draft, 200 to 213.",
    )
    shortest_seconds: float = Field(default=300, ge=0, description="Shortest programme that is marked, in seconds.")
    narrowest: int = Field(default=640, ge=320, description="Least width of a marked rendition, in pixels.")

    def marking(self) -> Marking:
        """How a job of the site is marked."""
        return Marking(
            layout=self.layout,
            strength=self.strength,
            pace_info=self.pace_info,
            cost=self.cost,
            shortest_seconds=self.shortest_seconds,
            narrowest=self.narrowest,
        )
