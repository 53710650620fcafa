"""Outbox delivery of job notifications: SNS and signed webhooks."""
