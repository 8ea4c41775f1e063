"""The index on Tantivy: `index` is the port, `fields` what is stored, `query` compiles a tree, `engine` reads and writes.

`rows` keeps outcomes, `counts` makes facets and timelines, `order` sorts, `cost` refuses what would take too long.
"""

from search.tantivy.index import TantivyIndex, create_generation, create_index, open_index

__all__ = ["TantivyIndex", "create_generation", "create_index", "open_index"]
