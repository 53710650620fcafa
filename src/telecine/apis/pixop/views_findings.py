"""How the findings of an ingestion are shown: `metadata` and `qualityAssessment`."""

from typing import Any

from telecine.core.ingest import Findings, Scanning

_ORDERS = ("top_first", "bottom_first")


def metadata_view(findings: Findings) -> dict[str, Any]:
    """The document's `metadata`. Of a file without a picture, what is about pictures is null, but for `pixelFormat`,
    which is not there: the Java client cannot read null there.
    """
    video = findings.media.video
    chroma = {"yuv": findings.chroma, "bits": video.bit_depth} if video and findings.chroma else None
    return {
        "containerName": findings.container_name,
        "longContainerName": findings.long_container_name,
        "codecName": findings.codec_name,
        "longCodecName": findings.long_codec_name,
        **({"pixelFormat": {"name": video.pixel_format, "chromaSubsampling": chroma}} if video else {}),
        "frameWidth": video.width if video else None,
        "frameHeight": video.height if video else None,
        "scanning": {
            "metadata": _scanning(findings.declared),
            "heuristics": _scanning(findings.heuristics) if findings.heuristics else None,
        },
        "averageFramerate": float(findings.average_rate),
        "durationInMillis": round((video.duration if video else findings.media.duration) * 1000),
        "totalFrames": findings.frames,
        "size": findings.media.size,
        "videoStreamSize": findings.video_bytes,
    }


def quality_view(findings: Findings) -> dict[str, Any] | None:
    """The document's `qualityAssessment`; None of a light ingestion."""
    if findings.overall is None:
        return None
    metrics = [
        {
            "name": metric.name,
            "sampleMean": metric.mean,
            "subjectiveLabel": metric.label,
            "subjectiveScore": metric.score,
        }
        for metric in findings.metrics
    ]
    return {"metrics": metrics, "overallSubjectiveScore": findings.overall}


def _scanning(found: Scanning) -> dict[str, Any]:
    order = found.order if found.order in _ORDERS else None
    return {"scanningType": found.type, "interlacedFieldOrder": order}
