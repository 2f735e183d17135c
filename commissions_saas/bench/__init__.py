"""Measures the product beside a hand-written limit and a naive way, in one run."""
