"""Tests of the speed and of what it must not change."""
