"""Which names are those of secrets, in configs and on command lines."""

import re

# whole words: `admin_password` is no `n_password`, and an author has nothing to hide
_SECRET = re.compile(
    r"(^|_)(pass(word|wd|phrase)?|pwd|secret|api_?key|private_?key|access_?key|credentials?|"
    r"auth(orization)?|(access|api|refresh|bearer|hf)_tokens)s?(_|$)"
)
_TOKEN = re.compile(r"(^|_)token$")
_TOKEN_OF_A_TEXT = re.compile(
    r"(^|_)(num|max|min|n|per|total|count|vocab|pad|eos|bos|sos|unk|sep|cls|mask|class|image|patch|"
    r"special|start|end|stop)_token$"
)


def is_secret(name: str) -> bool:
    """Whether a value of this name should not be shown: `api_key`, `HF_TOKEN`, `--api-key`; not
    `max_tokens`, `tokenizer`, `pad_token`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name[:400])
    words = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    if _SECRET.search(words):
        return True
    return _TOKEN.search(words) is not None and not _TOKEN_OF_A_TEXT.search(words)
