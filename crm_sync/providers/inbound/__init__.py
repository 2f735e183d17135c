"""Whoever has no CRM sends records itself; nobody is asked."""
