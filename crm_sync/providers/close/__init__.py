"""Close as a source of deals and meetings."""
