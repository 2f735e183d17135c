"""Plans as data: versions, components, rate tables, assignments, examples."""
