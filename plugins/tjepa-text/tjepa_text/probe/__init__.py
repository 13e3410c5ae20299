"""The semantic check: whether paraphrases lie closer than unrelated sentences."""
