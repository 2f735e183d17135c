"""Payout runs: prepare, approve, export, pay."""
