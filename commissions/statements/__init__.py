"""Periods, runs, statements, lines and what changed."""
