"""Plans and rate tables that a group's businesses may take over."""
