"""The ingestion layer: the only path by which photographs enter the lake.

A file to import (`source_files.py`) comes from a folder (`sources/folder.py`), a list
(`sources/image_list.py`) or a bucket (`sources/bucket.py`); `importing.py` stores several at a
time. Events, dead letters and uploads are beside them.
"""
