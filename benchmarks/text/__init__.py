"""What pretraining on text brings: similarity of sentences and genres of documents."""
