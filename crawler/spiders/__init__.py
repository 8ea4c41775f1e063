"""The spiders: one, for all sources."""
