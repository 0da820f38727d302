"""Every error the platform raises on purpose.

The text of each says what happened, to what, and what to do next.

    FarmyError
    ├── InvalidInputError        a file or value that a person wrote; trying again cannot help
    │   ├── UploadConflictError      a client's upload contradicts an earlier one, or lacks parts
    │   ├── QuotaExceededError       a contributor asks for more than is allowed just now
    │   └── UploadMissingError       a client asks about an upload that it never asked leave for
    ├── LakeError                the lake answered, but not with what was asked
    │   ├── LakeUnavailableError     no answer, or throttled: trying again later can help
    │   ├── ObjectMissingError       the key is not there
    │   └── LakeDamagedError         what lies there is not what was stored
    ├── StudioError              Label Studio answered with a refusal
    │   └── StudioUnavailableError   no answer: trying again later can help
    ├── ScrapeError              a crawl failed or was ended; running it again goes on
    ├── NotReleasableError       a data set version was asked for too early
    ├── WorkersError             the guarded processes cannot start
    ├── AlertNotSentError        a message to people was not taken; it is tried again
    └── PlatformError            the local platform could not be started, stopped or deployed
"""


class FarmyError(Exception):
    """Base of all errors raised on purpose."""


class InvalidInputError(FarmyError):
    """A file or a value that a person wrote is wrong; trying again cannot help."""


class UploadConflictError(InvalidInputError):
    """An upload contradicts an earlier one of its id, or is not yet what it should be."""


class QuotaExceededError(InvalidInputError):
    """A contributor asks for more uploads than are allowed just now; later there may be room.

    Attributes:
        retry_after_seconds: When to try again.
    """

    def __init__(self, text: str, *, retry_after_seconds: int) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


class UploadMissingError(InvalidInputError):
    """Nobody asked leave for this upload."""


class LakeError(FarmyError):
    """The lake answered, but not with what was asked."""


class LakeUnavailableError(LakeError):
    """The lake does not answer or throttles; trying again later can help."""


class ObjectMissingError(LakeError):
    """The object asked for is not in its bucket."""


class LakeDamagedError(LakeError):
    """What lies in the lake is not what was stored there; a person has to look."""


class StudioError(FarmyError):
    """Label Studio refused a request; trying the same again cannot help."""


class StudioUnavailableError(StudioError):
    """Label Studio does not answer; trying again later can help."""


class ScrapeError(FarmyError):
    """A crawl failed, or its process was ended; running it again goes on where it stopped."""


class NotReleasableError(FarmyError):
    """A data set version was asked for while its images are not all settled."""


class WorkersError(FarmyError):
    """The processes that work on hostile bytes cannot start; none of these is to blame."""


class AlertNotSentError(FarmyError):
    """A webhook or a mail server did not take a message; trying again later can help."""


class PlatformError(FarmyError):
    """The local platform could not be started, stopped or deployed."""
