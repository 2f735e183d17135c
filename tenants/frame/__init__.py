"""The page frame: template tags, formats, navigation, paging and small charts."""
