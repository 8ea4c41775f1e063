"""The memory of the crawl: endpoints, frontier, claims counted, leases, due times; SQLite when embedded."""
