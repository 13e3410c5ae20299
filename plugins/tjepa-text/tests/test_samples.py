"""Sequences keep their documents apart, and batches hold sequences of similar lengths."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tjepa_text.hamlet import Hamlet
from tjepa_text.hugging_face.embeddings import HuggingFaceTokenizerConfig
from tjepa_text.samples import TokenSequences, padding_waste
from tjepa_text.vocabulary import as_json
from tjepa_text.wordpiece import WordPieceConfig
from tokenizers import Tokenizer, processors

from tjepa_estimators.errors import ConfigError, DataError

WORDS = ["[UNK]", "[SEP]", *"abcdefghij"]


def settings(**changed):
    return WordPieceConfig(**{"vocabulary": WORDS, "length": 4, "shortest": 2} | changed)


def sequences(samples):
    return [row[row >= 0].tolist() for row in (samples.gather(torch.tensor([n]))[0] for n in range(len(samples)))]


def spell(samples):
    return ["".join(WORDS[number] for number in row) for row in sequences(samples)]


def test_a_long_document_is_cut_into_parts_of_about_one_length_and_none_is_lost():
    assert spell(settings().samples(["a b c d e f", "g h"])) == ["abc", "def", "gh"]


def test_documents_are_not_mixed_unless_they_are_joined():
    texts = ["a b c", "d e f g h"]
    assert spell(settings().samples(texts)) == ["abc", "def", "gh"]
    assert spell(settings(packing="joined").samples(texts)) == ["abc[SEP]", "defg", "h[SEP]"]


def test_joining_needs_a_separator():
    with pytest.raises(ConfigError, match="packing='joined'"):
        settings(packing="joined", vocabulary=["[UNK]", "a", "b"]).samples(["a b"])


def test_short_and_empty_texts_are_left_out_of_training_but_embedded():
    assert spell(settings().samples(["", "a", "b c"])) == ["bc"]
    assert spell(settings().rows(["", "a", "b c"])) == ["", "a", "bc"]
    with pytest.raises(DataError, match="No text makes a sequence of 2 tokens"):
        settings().samples(["", "a"])


def test_a_text_that_is_too_long_is_split_truncated_or_refused_as_asked():
    texts = ["a b c d e f"]
    assert spell(settings(too_long="truncate").samples(texts)) == ["abcd"]
    assert spell(settings(too_long="truncate").rows(texts)) == ["abcd"]
    assert spell(settings(too_long="split").rows(texts)) == ["abcdef"]
    for read in (settings(too_long="refuse").samples, settings(too_long="refuse").rows):
        with pytest.raises(DataError, match="Text 0 makes 6 tokens, more than the 4"):
            read(texts)


def test_joining_documents_first_splits_truncates_or_refuses_each_as_asked():
    texts = ["a b c d e f", "g h"]
    assert spell(settings(packing="joined").samples(texts)) == ["abcd", "ef[SEP]g", "h[SEP]"]
    assert spell(settings(packing="joined", too_long="truncate").samples(texts)) == ["abcd", "[SEP]gh[SEP]"]
    with pytest.raises(DataError, match="Text 0 makes 6 tokens, more than the 4"):
        settings(packing="joined", too_long="refuse").samples(texts)


def test_a_row_beyond_the_positions_of_a_model_is_made_of_whole_parts():
    words = Tokenizer.from_str(as_json(WORDS, lower=True))
    words.post_processor = processors.BertProcessing(("[SEP]", 1), ("[UNK]", 0))
    model = HuggingFaceTokenizerConfig(
        vocabulary=words.to_str(), model={"max_position_embeddings": 5}, length=4, shortest=2
    )
    assert spell(model.rows(["a b c d e f g", "a b c", ""])) == [
        "[UNK]abc[SEP][UNK]def[SEP][UNK]g[SEP]", "[UNK]abc[SEP]", ""
    ]  # fmt: skip


def test_unknown_characters_become_the_unknown_token():
    assert spell(settings().rows(["a 日 b"])) == ["a[UNK]b"]


def test_the_batches_of_the_sample_waste_less_than_a_tenth_on_padding():
    speeches = Hamlet().items()
    samples = WordPieceConfig(vocabulary_size=2000).fit_to(speeches).samples(speeches)
    assert padding_waste(samples, batch_size=64, steps=len(samples) // 64) < 0.1
    rows = [samples.gather(index) for index in samples.batches(64)]
    assert sum(int((row < 0).sum()) for row in rows) < 0.1 * sum(row.numel() for row in rows)


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    batch_size=st.integers(1, 12),
    seed=st.integers(0, 2**40),
)
def test_an_epoch_draws_every_sequence_and_never_a_batch_of_another_size(lengths, batch_size, seed):
    samples = TokenSequences([list(range(length)) for length in lengths])
    steps = -(-len(lengths) // batch_size)
    for epoch in range(2):
        drawn = [samples.draw(epoch * steps + step, batch_size, seed) for step in range(steps)]
        assert {len(index) for index in drawn} == {batch_size}
        assert set(torch.cat(drawn).tolist()) == set(range(len(lengths)))


def test_what_is_drawn_follows_from_step_and_seed_alone():
    many = [[1] * (number % 7 + 1) for number in range(60)]
    asked, fresh = TokenSequences(many), TokenSequences(many)
    first = [asked.draw(step, 8, seed=3) for step in range(20)]
    assert torch.equal(fresh.draw(13, 8, seed=3), first[13])
    assert not torch.equal(fresh.draw(13, 8, seed=4), first[13])


@given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=60), batch_size=st.integers(1, 70))
def test_batches_hold_each_sequence_once_and_at_most_a_quarter_of_padding(lengths, batch_size):
    samples = TokenSequences([[1] * length for length in lengths])
    batches = list(samples.batches(batch_size))
    assert sorted(torch.cat(batches).tolist()) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size
    assert all((samples.gather(index) < 0).float().mean() <= 0.25 for index in batches)


def test_one_long_text_among_short_ones_has_a_batch_of_its_own():
    samples = TokenSequences([[1] * length for length in (9, 0, 3000, 10, 0, 11)])
    assert [index.tolist() for index in samples.batches(64)] == [[1, 4], [0, 3, 5], [2]]


def test_the_digest_tells_texts_and_boundaries_apart():
    digests = {TokenSequences(one).digest() for one in ([[1, 2], [3]], [[1], [2, 3]], [[1, 2], [4]])}
    assert len(digests) == 3
