"""Stage 3, FIND: one query language and its executions."""
