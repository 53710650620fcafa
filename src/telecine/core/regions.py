"""The region codes of the documents. A code names an S3 region, and in a job the workers that do it."""

REGIONS = {"RG004": "us-west-2", "RG011": "ap-northeast-2", "RG013": "ap-southeast-1"}
"""Region codes and the S3 region each one names."""
