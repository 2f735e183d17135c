"""Users, groups, businesses, members."""
