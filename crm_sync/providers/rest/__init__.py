"""Any source with a REST interface, declared in one document."""
