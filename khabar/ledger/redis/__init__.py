"""The ledger on Redis 7: what several machines share. Nothing here connects before `open_ledger` is called."""

from khabar.ledger.redis.ledger import RedisLedger, open_ledger

__all__ = ["RedisLedger", "open_ledger"]
