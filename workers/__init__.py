"""Stage 2, PROCESS: from archived records to tagged, deduplicated articles in the index."""
