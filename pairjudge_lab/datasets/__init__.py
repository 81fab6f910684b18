"""Pools and verdicts in and out of files."""
