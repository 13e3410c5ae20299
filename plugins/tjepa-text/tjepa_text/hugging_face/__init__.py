"""Hugging Face models: their embeddings as a tokenizer, their layers as an encoder."""
