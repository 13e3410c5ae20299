"""A Hugging Face model in parts is the model: the same numbers, from settings alone, and it trains on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tjepa_text import JEPATextFeatures
from tjepa_text.hugging_face.convert import from_hugging_face
from tjepa_text.hugging_face.embeddings import HuggingFaceTokenizerConfig
from tjepa_text.vocabulary import SPECIAL

from tjepa_estimators import PretrainedEncoder, pretrain
from tjepa_estimators.errors import ArtifactError, ConfigError, DataError
from tjepa_estimators.testing import EncoderTests

transformers = pytest.importorskip("transformers")

WORDS = [*SPECIAL, *["to", "be", "or", "not", "that", "is", "the", "question", "king", "ghost"], "##s"]
TEXTS = ["to be or not to be", "the kings", "that is the question 日", "the ghost is not the king or is the ghost"]


def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106 - no password
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    words.enable_truncation(4)  # as some models come
    return transformers.BertTokenizerFast(tokenizer_object=words, model_max_length=24)


def model(kind):
    torch.manual_seed(0)
    if kind == "distilbert":
        config = transformers.DistilBertConfig(
            vocab_size=len(WORDS), dim=16, n_heads=2, n_layers=2, hidden_dim=32, max_position_embeddings=24
        )
        return transformers.DistilBertModel(config).eval()
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_attention_heads=2, num_hidden_layers=2, intermediate_size=32,
        max_position_embeddings=24, hidden_act="relu",
    )  # fmt: skip
    return transformers.BertModel(config).eval()


@pytest.fixture(scope="module", params=["distilbert", "bert"])
def saved(request, tmp_path_factory):
    """A small model with random weights in a folder, and itself."""
    folder = tmp_path_factory.mktemp(request.param)
    network = model(request.param)
    network.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder, network


def mean_pooled(network, texts):
    words = tokenizer()
    words.backend_tokenizer.no_truncation()
    rows = words(texts, padding=True, return_tensors="pt", truncation=False)
    with torch.no_grad():
        latents = network(input_ids=rows["input_ids"], attention_mask=rows["attention_mask"]).last_hidden_state
    kept = rows["attention_mask"].unsqueeze(-1)
    return ((latents * kept).sum(1) / kept.sum(1)).numpy()


def test_its_embeddings_are_those_of_the_model(saved):
    folder, network = saved
    np.testing.assert_allclose(from_hugging_face(folder).embed(TEXTS), mean_pooled(network, TEXTS), atol=1e-5)


def test_it_is_rebuilt_without_the_files_of_the_model(saved, tmp_path):
    folder, network = saved
    from_hugging_face(folder).save(tmp_path / "encoder")
    twin = PretrainedEncoder.load(tmp_path / "encoder")
    np.testing.assert_allclose(twin.embed(TEXTS), mean_pooled(network, TEXTS), atol=1e-5)
    assert str(folder.parent) not in (tmp_path / "encoder" / "config.json").read_text()


def test_training_begins_at_its_weights(saved):
    encoder = from_hugging_face(saved[0])
    train = {"steps": 2, "batch_size": 4}
    still = pretrain(TEXTS, config="t-jepa", initial=encoder, train=train | {"learning_rate": 1e-12})
    np.testing.assert_allclose(still.embed(TEXTS), encoder.embed(TEXTS), atol=1e-5)
    more = pretrain(TEXTS, config="t-jepa", initial=encoder, train=train | {"learning_rate": 1e-2})
    assert np.abs(more.embed(TEXTS) - encoder.embed(TEXTS)).max() > 1e-5
    assert more.info.jepa.momentum == (0.996, 0.996)


def test_other_recipes_keep_the_width_and_the_words_of_the_model(saved):
    encoder = from_hugging_face(saved[0], config="text-tiny", length=20)
    assert (encoder.dim, encoder.info.jepa.tokenizer.options["length"]) == (16, 20)
    assert np.isfinite(pretrain(TEXTS, initial=encoder, train={"steps": 1, "batch_size": 4}).embed(TEXTS)).all()


def test_a_text_beyond_its_positions_is_the_mean_of_its_parts_weighted_by_their_tokens(saved, tmp_path):
    parts, last = ["to be " * 11, "or not " * 11], "that is the question"
    folder = from_hugging_face(saved[0]).save(tmp_path / "encoder")
    rows = JEPATextFeatures(pretrained=folder, batch_size=2).fit_transform([" ".join([*parts, last]), "", *TEXTS])
    found = mean_pooled(saved[1], [*parts, last])
    np.testing.assert_allclose(rows[0], np.average(found, axis=0, weights=[24, 24, 6]), atol=1e-5)
    np.testing.assert_allclose(rows[2:], mean_pooled(saved[1], TEXTS), atol=1e-5)


def test_an_empty_text_is_the_zero_vector(saved):
    encoder = from_hugging_face(saved[0])
    for pool in ("mean", "max", "first"):
        assert encoder.embed(["", " ", "to be"], pool=pool).any(axis=1).tolist() == [False, False, True]


def test_a_text_that_is_too_long_is_refused_or_cut_as_asked(saved):
    long = ["to be " * 30]
    with pytest.raises(DataError, match="makes 60 tokens, more than the 22"):
        from_hugging_face(saved[0], too_long="refuse").embed(long)
    cutting = from_hugging_face(saved[0], too_long="truncate")
    np.testing.assert_array_equal(cutting.embed(long), cutting.embed(["to be " * 11]))
    with pytest.raises(ConfigError, match="length=30 is more than the 24 positions"):
        from_hugging_face(saved[0], length=30)


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="no model with a tokenizer"):
        from_hugging_face(tmp_path)


def test_a_model_of_another_kind_is_refused(tmp_path):
    config = transformers.GPT2Config(vocab_size=len(WORDS), n_embd=8, n_layer=1, n_head=1, n_positions=24)
    transformers.GPT2Model(config).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="type 'gpt2' cannot be taken apart"):
        from_hugging_face(tmp_path)


def test_its_tokenizer_alone_says_where_models_come_from():
    with pytest.raises(ConfigError, match="from_hugging_face"):
        HuggingFaceTokenizerConfig().fit_to(TEXTS)


class TestLayers(EncoderTests):
    """The layers pass the conformance kit for encoders."""

    encoder = "hugging-face"
