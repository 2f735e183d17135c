"""The facts that owners read across businesses."""
