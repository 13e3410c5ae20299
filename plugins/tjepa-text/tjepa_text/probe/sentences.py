"""The sentences of the semantic check, written for it."""

from __future__ import annotations

__all__ = ["TRIPLES"]

TRIPLES: tuple[tuple[str, str, str], ...] = (
    ("The quick brown fox jumps over the lazy dog.", "A fast fox leaps across a sleepy dog.", "The stock market fell."),
    ("The king is dead.", "The monarch has died.", "She bought two tickets for the concert."),
    ("A man is playing a guitar.", "Someone plays the guitar.", "The river froze during the night."),
    ("It rained all day long.", "The rain did not stop the whole day.", "He repaired the engine of his car."),
    ("The children are playing in the park.", "Kids play outside in the park.", "The bank raised its interest rates."),
    ("She was very angry with her brother.", "Her brother had made her furious.", "The recipe needs three eggs."),
    ("The company hired fifty new workers.", "Fifty people were given jobs by the firm.", "Snow covers the mountain."),
    ("The train arrived two hours late.", "The train was delayed by two hours.", "My cat sleeps on the sofa."),
    ("He could not find his keys.", "He had lost the keys.", "The orchestra played a slow piece."),
    ("The soldiers marched through the city.", "Troops walked through the streets of the town.", "I like tea."),
    ("The meal was delicious.", "The food tasted very good.", "The judge read the verdict aloud."),
    ("Many people lost their homes in the fire.", "The fire left many without a house.", "He studies old coins."),
    ("The president spoke to the nation.", "The head of state addressed the people.", "The soup is too salty."),
    ("Our plane leaves at noon.", "The flight departs at twelve o'clock.", "The dog barked at the postman."),
    ("The doctor told him to stop smoking.", "He was advised by his doctor to quit cigarettes.", "The tower is tall."),
    ("War broke out between the two countries.", "The two nations went to war.", "The baby learned to walk."),
    ("The old house was sold last week.", "Last week somebody bought the old house.", "Whales are mammals."),
    ("I am afraid of the dark.", "Darkness frightens me.", "The factory makes steel pipes."),
    (
        "The law was passed by a large majority.",
        "Most members voted for the bill.",
        "Bees collect pollen from flowers.",
    ),
    ("He died a rich man.", "When his life ended he was wealthy.", "The window faces the garden."),
)
"""A sentence, one that means the same in other words, and one that has nothing to do with it."""
