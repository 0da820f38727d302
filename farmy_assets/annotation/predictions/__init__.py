"""Predictions: what a model saw in images, and what people made of it.

`predicted.py` says what is stored. `yolo.py` and `detr.py` read the raw outputs of models,
`coco_file.py` what was predicted elsewhere. `use.py` compares answers with the predictions that
were shown, `suspects.py` finds likely label errors, `task_order.py` says which images come first.
"""
