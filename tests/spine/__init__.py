"""Tests of the whole chain, on real processes."""
