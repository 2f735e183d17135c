"""Connections, mappings, routes, sync runs: what belongs to the group."""
