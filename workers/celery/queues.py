"""How many messages wait."""

from __future__ import annotations

from typing import Any

from kombu.exceptions import ChannelError


def waiting_in(channel: Any, queue: str) -> int:
    """Return how many messages wait in a queue; one that nobody has declared yet holds none."""
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except ChannelError:
        return 0
