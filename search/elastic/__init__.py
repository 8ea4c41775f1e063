"""The index on Elasticsearch 9: `index` is the port, `fields` the mapping, `query` compiles a tree, `client` is patient.

`bulk` and `write` put documents in place where nobody wrote in between, `read` pages and scans, `rows` keeps outcomes,
`counts` makes facets and timelines, `generations` builds one index beside another and swaps; `health`, with `disk` and
`drift`, tells what is wrong with the server.
"""

from search.elastic.client import connect
from search.elastic.health import findings
from search.elastic.index import ElasticIndex, open_index

__all__ = ["ElasticIndex", "connect", "findings", "open_index"]
