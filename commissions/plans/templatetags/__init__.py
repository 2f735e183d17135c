"""Template tags of the plan editor."""
