"""Why an object store did not do what it was asked: what passes and what does not, in plain words with a way to mend it."""

from __future__ import annotations

import re

from obstore.exceptions import AlreadyExistsError, BaseError

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_RIGHTS = f"give the key of {_KEYS} the right to list the bucket and to get, put and delete its objects"
_LATER = "see that the object store is well and run the command again; nothing archived so far is lost"
_ANSWERING = f"see that AWS_ENDPOINT_URL is right and the object store answers, and run the command again; {_LATER.partition('; ')[2]}"

# By S3's own code or by what the client says, the first that is found.
_REMEDIES = {
    "NoSuchBucket": "make the bucket, or correct archive_url",
    "InvalidAccessKeyId": f"set {_KEYS} to a key that this object store knows",
    "SignatureDoesNotMatch": f"set {_KEYS} to a pair that belongs together",
    "ExpiredToken": "get a new AWS_SESSION_TOKEN with its key",
    "InvalidToken": "get a new AWS_SESSION_TOKEN with its key, or unset it",
    "RequestTimeTooSkewed": "set this machine's clock",
    "AuthorizationHeaderMalformed": "set AWS_REGION to the bucket's region",
    "PermanentRedirect": "set AWS_REGION to the bucket's region",
    "NotImplemented": "use an object store that has conditional writes (If-None-Match)",
    "AccessDenied": _RIGHTS,
    "403 Forbidden": f"see that {_KEYS} are right; {_RIGHTS}",
    "401 Unauthorized": f"see that {_KEYS} are right",
    "301 Moved": "set AWS_REGION to the bucket's region",
    "/latest/api/token": f"no credentials were found: set {_KEYS}",
    "/latest/meta-data": f"no credentials were found: set {_KEYS}",
    "Missing": f"set {_KEYS}, both",
    "builder error": "for an AWS_ENDPOINT_URL with http:// set AWS_ALLOW_HTTP=true",
    "InvalidUri": "begin AWS_ENDPOINT_URL with https:// (or http:// and AWS_ALLOW_HTTP=true)",
    "invalid path": "remove that object, which Khabar did not write, or use a prefix of the archive's own",
    "HTTP error": _ANSWERING,
}
_SAID = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")
_STATUS = re.compile(r"status code: (\d{3}[ \w]*)")
_TROUBLE = re.compile(r"HTTP error: .*")


def is_refusal(error: BaseException) -> bool:
    """Tell whether an exception is the object store's, its client's breaking down over a setting included."""
    return isinstance(error, (BaseError, OSError)) or type(error).__name__ == "PanicException"


def passes(error: BaseException) -> bool:
    """Tell whether it is worth asking again: the line broke, or another's write was under way.

    The client asks again by itself where a server is away or answers 5xx, but not where an answer breaks off in the
    middle or where S3 answers 409, which it takes for "exists already".
    """
    text = str(error)
    return isinstance(error, AlreadyExistsError) or ("HTTP error" in text and "builder error" not in text)


def is_absence(error: FileNotFoundError) -> bool:
    """Tell whether the object alone is absent, and not its bucket."""
    return "NoSuchBucket" not in str(error)


def explain(error: BaseException) -> tuple[str, str]:
    """Return what is wrong and how to mend it."""
    text = str(error).partition("\nDebug source")[0]
    how = next((how for sign, how in _REMEDIES.items() if sign in text), _LATER)
    return _essence(text), how


def _essence(text: str) -> str:
    """Return what S3 said, or the client, without addresses, times and XML."""
    if said := _SAID.search(text):
        return f"{said[1]}: {said[2]}".rstrip(": .") if said[2] else said[1]
    if found := _STATUS.search(text):
        return f"the object store answers {found[1].strip()}"
    if found := _TROUBLE.search(text):
        return f"the object store cannot be reached ({found[0]})"
    return text.strip().partition("\n")[0] or "the object store gave up without a word"
