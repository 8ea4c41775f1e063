"""The archive: WARC segments, the truth from which everything else can be made again.

`store` keeps objects by `keys` at file:// and, with `s3` and `refusals`, at s3://; `members` and `records` turn captures
into WARC records and back, `segments` fills, seals and recovers segments. `foreign` reads WARC files of any crawler, with
`containers`, `stream` and `encodings`. `files` has what is durable about files, and `ArchiveError`.

A segment is a `.warc.gz` (WARC/1.1) with one gzip member a record, at `segments/YYYY/MM/DD/<time>-<random>.warc.gz`;
keys sort by the time their segment was opened. Each attempt is one of
- `response` (a page as HTTP gave it), `resource` (a page from a file, a feed's text, an imported article; its
  `Khabar-Kind` header says which) or `revisit` (nothing new), each followed by a `metadata` record that names it in
  WARC-Concurrent-To, or
- a `metadata` record alone: nothing was fetched.
The payload of the `metadata` record is the `Discovery` as JSON.
"""
