"""Placeholder for the solver ecos, installed on Python 3.13 and later only (see requirements.txt).

scikit-survival names ecos as a requirement but imports it in one place, the survival support vector
machines, which KRAScope does not use. ecos offers no binary for Python 3.13, so that installing it
there would need a compiler. This module satisfies the requirement and says so when it is called.
"""


def solve(*args: object, **kwargs: object) -> None:
    """Always raises: the real solver is not installed."""
    raise NotImplementedError(
        "ecos has no binary for this Python: use Python 3.12 for survival support vector machines"
    )
