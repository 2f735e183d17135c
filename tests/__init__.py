"""Tests mirror the rooms; one file for each behaviour."""
