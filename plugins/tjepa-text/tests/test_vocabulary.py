"""Vocabularies are learned the same each time, and taken as they are given."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tjepa_text.hamlet import Hamlet
from tjepa_text.vocabulary import as_json, open_vocabulary, train_wordpiece
from tjepa_text.wordpiece import WordPieceConfig

from tjepa_estimators.errors import ConfigError, DataError

PIECES = ["[UNK]", "[SEP]", "to", "be", "or", "not", "##s"]


def pieces_of(settings, text):
    return open_vocabulary(settings.vocabulary).encode(text).tokens


def test_another_process_learns_the_same_vocabulary():
    code = (
        "from tjepa_text.hamlet import Hamlet; from tjepa_text.vocabulary import train_wordpiece; import hashlib; "
        "print(hashlib.sha256(train_wordpiece(Hamlet().items, 600, lower=True).encode()).hexdigest())"
    )
    prints = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
        for _ in range(2)
    }
    assert len(prints) == 1


def test_a_learned_vocabulary_has_the_size_that_was_asked_for_and_spells_what_it_knows():
    learned = open_vocabulary(train_wordpiece(Hamlet().items, 500, lower=True))
    assert learned.get_vocab_size() == 500
    assert learned.decode(learned.encode("To be, or not to be").ids).replace(" ,", ",") == "to be, or not to be"


def test_rare_characters_do_not_crowd_out_the_words():
    texts = [" ".join(map(chr, range(0x4E00, 0x4E00 + 500)))] + ["to be or not to be"] * 5
    learned = open_vocabulary(train_wordpiece(lambda: texts, 100, lower=True))
    assert learned.get_vocab_size() <= 100
    assert learned.encode("not to be").tokens == ["not", "to", "be"]


def test_the_name_of_a_special_token_in_a_text_is_text():
    learned = open_vocabulary(train_wordpiece(lambda: ["a [SEP] b"] * 3, 60, lower=True))
    assert learned.token_to_id("[SEP]") == 3
    assert 3 not in learned.encode("a [SEP] b").ids


def test_a_vocabulary_is_a_list_its_json_or_its_dict():
    whole = as_json(PIECES, lower=True)
    for given in (PIECES, whole, json.loads(whole)):
        assert pieces_of(WordPieceConfig(vocabulary=given), "To bes") == ["to", "be", "##s"]


def test_capital_letters_are_kept_if_asked_for():
    kept = WordPieceConfig(vocabulary=["[UNK]", "To", "to"], lower=False)
    assert pieces_of(kept, "To to") == ["To", "to"]


def test_a_given_vocabulary_is_not_learned_again():
    settings = WordPieceConfig(vocabulary=PIECES)
    assert settings.fit_to(["something else"]) is settings


def test_a_vocabulary_that_cuts_and_pads_by_itself_is_kept_from_it():
    from tokenizers import Tokenizer

    cutting = Tokenizer.from_str(as_json(PIECES, lower=True))
    cutting.enable_truncation(2)
    cutting.enable_padding(length=2, pad_id=0)
    rows = WordPieceConfig(vocabulary=cutting.to_str()).rows(["to be or not", "to"])
    assert rows.lengths.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("given", "told"),
    [("{}", "cannot be read"), (["a"], "lacks '\\[UNK\\]'"), (["[UNK]", "a", "a"], "each once"), ([], "strings")],
)
def test_a_damaged_vocabulary_is_refused(given, told):
    with pytest.raises(ConfigError, match=told):
        WordPieceConfig(vocabulary=given)


def test_nothing_can_be_learned_from_empty_texts():
    with pytest.raises(DataError, match="no vocabulary can be learned"):
        WordPieceConfig().fit_to(["", "  "])


def test_without_a_vocabulary_nothing_is_read():
    with pytest.raises(ConfigError, match="no vocabulary yet"):
        WordPieceConfig().rows(["to be"])


@pytest.mark.parametrize(
    "setting", [{"too_long": "cut"}, {"packing": "tight"}, {"shortest": 1}, {"length": 4}, {"vocabulary_size": 5}]
)
def test_an_impossible_setting_is_refused(setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        WordPieceConfig(**setting)
