"""Files as a source: a CSV of deals, or of any other object."""
