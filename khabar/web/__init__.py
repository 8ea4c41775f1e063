"""The API over HTTP; pages for people come beside it."""
