"""Vocabularies: learned from texts, or given, and always kept as the JSON of the ``tokenizers`` library."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "as_json", "open_vocabulary", "train_wordpiece"]

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Tokens that every learned vocabulary begins with."""


def train_wordpiece(read: Callable[[], Iterable[str]], size: int, *, lower: bool) -> str:
    """Learn the word pieces that occur most; the same texts give the same pieces.

    Parameters
    ----------
    read
        Gives the texts to learn from; called twice.
    size
        Most pieces, the special ones included; rare characters are left out where they would take more than half.
    lower
        Write everything in small letters first, without accents.

    Returns
    -------
    JSON of the ``tokenizers`` library.

    Examples
    --------
    >>> learned = train_wordpiece(lambda: ["to be or not to be"] * 3, 40, lower=True)
    >>> open_vocabulary(learned).encode("To be").tokens
    ['to', 'be']
    """
    from tokenizers import trainers

    tokenizer = _wordpiece({}, lower=lower)
    counts = Counter(chain.from_iterable(map(tokenizer.normalizer.normalize_str, read())))
    counts = Counter({character: count for character, count in counts.items() if not character.isspace()})
    alphabet = sorted(sorted(counts, key=lambda one: (-counts[one], one))[: size // 4])
    # named ahead: else the library numbers them in the order of a hash table, and breaks ties by number
    named = [*SPECIAL, *alphabet, *(f"##{character}" for character in alphabet)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=named, show_progress=False, continuing_subword_prefix="##",
        initial_alphabet=alphabet, limit_alphabet=len(alphabet),
    )  # fmt: skip
    tokenizer.train_from_iterator(read(), trainer)
    # afresh: for what was named ahead the library would look before it cuts words
    return _wordpiece(tokenizer.get_vocab(with_added_tokens=True), lower=lower).to_str()


def as_json(given: str | Mapping[str, Any] | Sequence[str], *, lower: bool) -> str:
    """The JSON of a vocabulary that is given as such, as its dict, or as a list of word pieces.

    Raises
    ------
    ConfigError
        It is none of these.
    """
    if isinstance(given, Mapping):
        given = json.dumps(given)
    if not isinstance(given, str):
        return _wordpiece(_numbered(list(given)), lower=lower).to_str()
    open_vocabulary(given)
    return given


@lru_cache(maxsize=8)  # settings are read again for each call, and a vocabulary takes a tenth of a second
def open_vocabulary(text: str) -> Tokenizer:
    """The tokenizer of a JSON, which neither cuts nor pads by itself.

    Raises
    ------
    ConfigError
        It cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing more special
        msg = f"The vocabulary cannot be read as JSON of the tokenizers library ({error}); it begins: {text[:60]!r}."
        raise ConfigError(msg) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _numbered(pieces: list[str]) -> dict[str, int]:
    if not pieces or not all(isinstance(piece, str) for piece in pieces) or len(set(pieces)) < len(pieces):
        msg = "A vocabulary that is a list must hold strings, each once."
        raise ConfigError(msg)
    if "[UNK]" not in pieces:
        msg = "The vocabulary lacks '[UNK]', which stands for what it does not know; add it to the list."
        raise ConfigError(msg)
    return {piece: number for number, piece in enumerate(pieces)}


def _wordpiece(pieces: dict[str, int], *, lower: bool) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer
