"""What domains share whose data are fetched: retries, a polite client, a cache, parts, tidy frames, splits.

Meant for plugins. ``http`` and ``retry`` need ``pip install "tjepa-estimators[remote]"``; nothing is imported here, so
that frames and files of one's own need neither.
"""
