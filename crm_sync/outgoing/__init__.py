"""The one way out: where sources may be asked, and how."""
