"""Long work inside a page: in chunks, with progress and Cancel; any other click ends it.

    work.on_demand("bootstrap", key, "Resample 1,000 times", lambda: steps(), lambda found: st.html(…))

Steps are yielded as (fraction done, result so far). One fragment run does a chunk's worth and asks for the next, so
that the session's other clicks come in between; there is no thread and no queue.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

SLICE = 0.25  # seconds of work between two looks at the session's clicks

T = TypeVar("T")
Steps = Iterator[tuple[float, T]]


@dataclass
class Job:
    """Work on its way, or done (steps is None): for which key, how far, and the result so far."""

    key: object
    steps: Steps[Any] | None
    done: float = 0.0
    result: Any = None


def on_demand(
    name: str,
    key: object,
    label: str,
    start: Callable[[], Steps[T]],
    show: Callable[[T], object],
    told: Callable[[T], str] = lambda so_far: "",
) -> None:
    """A button that starts the work, its progress with Cancel, and what `show` makes of the result.

    key: what the result depends on; another key forgets it. told: words about the result so far, beside the progress.
    """
    job: Job | None = st.session_state.get(f"work:{name}")
    if job is not None and (job.key != key or job.steps is not None):
        st.session_state.pop(f"work:{name}")  # another view, or another click while it ran
    _fragment(name, key, label, start, show, told)


def result(name: str) -> Any:
    """What finished work of that name has found, for the page outside; None before."""
    job: Job | None = st.session_state.get(f"work:{name}")
    return None if job is None or job.steps is not None else job.result


@st.fragment
def _fragment(
    name: str,
    key: object,
    label: str,
    start: Callable[[], Steps[T]],
    show: Callable[[T], object],
    told: Callable[[T], str],
) -> None:
    state = f"work:{name}"
    job: Job | None = st.session_state.get(state)
    if job is None:
        if st.button(label, key=f"start:{name}", icon=":material/play_arrow:"):
            st.session_state[state] = Job(key, start())
            st.rerun(scope="fragment")
        return
    if job.steps is None:
        show(job.result)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        words = "" if job.result is None else told(job.result)
        st.progress(min(job.done, 1.0), text=f"{job.done:.0%} {words}", width=320)
        st.button("Cancel", key=f"cancel:{name}", type="tertiary", on_click=_forget, args=(state,))
    if _advance(job):
        st.rerun(scope="fragment")
    st.rerun()  # done: the whole page may show more of it


def _advance(job: Job) -> bool:
    """Work for a moment; whether there is more to do."""
    assert job.steps is not None
    until = time.monotonic() + SLICE
    for done, result in job.steps:
        job.done, job.result = done, result
        if time.monotonic() > until:
            return True
    job.steps = None
    return False


def _forget(state: str) -> None:
    st.session_state.pop(state, None)
