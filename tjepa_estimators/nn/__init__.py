"""Networks: tokenizer, encoder, positions."""
