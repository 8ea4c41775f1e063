"""Stage 1, FETCH: from sources to archived pages, the only package that imports Scrapy."""
