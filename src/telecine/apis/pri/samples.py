"""The samples of the PRI document, as examples for the OpenAPI pages and as tests. Mended: one missing comma."""

from typing import Any

CREATE: dict[str, Any] = {
    "id": "ltcu_eventp1",
    "sourceUri": "s3://s3.amazonaws.com/mediapackageBucket/GLOBAL_echpr01/",
    "deliveryURL": None,
    "metadata": [{"key": "destinationUri", "value": "as3://s3.amazonaws.com/nagra-terminators-vod-output/videos/"}],
    "packagingInfo": [{"packagingGroupId": "PackagingGroup1", "packagingFormat": "HLS", "metadata": []}],
}

CREATE_WITH_DRM: dict[str, Any] = {
    "id": "ltcu_eventp1",
    "sourceUri": "s3://s3.amazonaws.com/mediapackageBucket/GLOBAL_echpr01/",
    "deliveryURL": None,
    "metadata": [{"key": "destinationUri", "value": "as3://s3.amazonaws.com/nagra-terminators-vod-output/videos/"}],
    "drm": [{"drmId": "drmId1", "packagingFormat": "HLS", "metadata": []}],
    "packagingInfo": [{"packagingGroupId": "PackagingGroup1", "packagingFormat": "HLS", "metadata": []}],
}

CREATED: dict[str, Any] = {
    "id": "ltcu_eventp1",
    "sourceUri": "s3://s3.amazonaws.com/mediapackageBucket/GLOBAL_echpr01/",
    "status": "Completed",
    "deliveryURL": "deliveryURL",
    "created": "2014-11-06T14:39:57.007Z",
    "metadata": [{"key": "destinationUri", "value": "as3://s3.amazonaws.com/nagra-terminators-vod-output/videos/"}],
    "drm": [{"drmId": "drmId1", "packagingFormat": "HLS", "metadata": []}],
    "packagingInfo": [{"packagingGroupId": "PackagingGroup1", "packagingFormat": "HLS", "metadata": []}],
}

UPDATE: dict[str, Any] = {"name": "Event, part 1", "priority": 1}

TIMEOUT: dict[str, Any] = {
    "statusCode": "504",
    "statusMessage": "Internal Error ::Connection timed out to the Envivio Halo encoder::Connection refused",
}
