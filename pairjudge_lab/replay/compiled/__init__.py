"""Tournaments on recorded verdicts, compiled: the generators' own draws, the same selections."""
