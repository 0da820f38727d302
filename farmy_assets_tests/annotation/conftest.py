"""Property tests of this room: no deadline, because a busy machine is not a defect."""

from hypothesis import settings

settings.register_profile("farmy", deadline=None, max_examples=60)
settings.load_profile("farmy")
