"""What a command cannot do, in words for the person who typed it."""

from __future__ import annotations


class KhabarError(Exception):
    """A reason to stop that its reader can do something about; `status` is the exit status of the command.

    2: wrong usage or a bad input file. 3: the machine stands in the way (disk, rights, a lock, a broken file).
    """

    status = 3
