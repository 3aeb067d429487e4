"""Conversations: from messages or comments in the order of time to first and average response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.answers import fold
from satsurvey.service.clocks import ABSENT
from satsurvey.service.maps import Automatic
from satsurvey.service.segments import sorted_within

CUSTOMER, HUMAN, MACHINE, NOBODY = 0, 1, 2, -1
"""Who wrote a message; a message of nobody known is left out."""
_US = 1_000_000
_ROLES = {"customer": CUSTOMER, "agent": HUMAN, "bot": MACHINE}

Seconds = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""Seconds of a clock from moments to moments, both in microseconds in UTC."""


@dataclass(frozen=True)
class Turns:
    """Messages of conversations.

    Attributes
    ----------
    conversation
        Which conversation each belongs to, from 0.
    at
        When it was sent, microseconds in UTC.
    writer
        `CUSTOMER`, `HUMAN`, `MACHINE` or `NOBODY`.
    """

    conversation: NDArray[np.int64]
    at: NDArray[np.int64]
    writer: NDArray[np.int8]

    def taken(self, keep: NDArray[np.bool_]) -> Turns:
        """Return some of the messages."""
        return Turns(self.conversation[keep], self.at[keep], self.writer[keep])

    def ordered(self) -> Turns:
        """Return the messages by conversation and time; those of one moment stay in their order."""
        order = sorted_within(self.conversation, self.at)
        return Turns(self.conversation[order], self.at[order], self.writer[order])


@dataclass(frozen=True)
class Answered:
    """What the messages of each conversation say, arrays of shape (conversations,).

    Attributes
    ----------
    first_request, first_reply, last
        The customer's first message, the first human reply behind it, and the last message of anybody;
        microseconds in UTC, `ABSENT` where there is none.
    first_response_s, avg_response_s
        Seconds from the first message to the first human reply; mean over all messages that wait for a reply.
    replies
        Messages of humans.
    humans, machines
        Whether a human, or a machine, wrote in it.
    """

    first_request: NDArray[np.int64]
    first_reply: NDArray[np.int64]
    last: NDArray[np.int64]
    first_response_s: NDArray[np.float64]
    avg_response_s: NDArray[np.float64]
    replies: NDArray[np.float64]
    humans: NDArray[np.bool_]
    machines: NDArray[np.bool_]

    def handled_by(self) -> pa.Array:
        """Return who handled each conversation, in the words of the records."""
        words = np.array(["none", "human", "bot", "bot_then_human"])
        return pa.array(words[self.humans * 1 + self.machines * 2], pa.string())


def answered(turns: Turns, n: int, *, seconds: Seconds, within_s: float = 0) -> Answered:
    """Find the replies of every conversation.

    Parameters
    ----------
    turns
        Messages in any order.
    n
        How many conversations there are.
    seconds
        The clock.
    within_s
        Human replies within fewer seconds of calendar time count as a machine's.

    Notes
    -----
    A wait begins with the first message of the customer that nobody has answered, further ones before the
    reply begin none; it ends with the next human message. What a machine writes ends no wait. The first
    response is that of the first wait of the conversation; a wait that nothing ends counts in no mean.
    """
    turns = turns.taken((turns.at != ABSENT) & (turns.writer != NOBODY)).ordered()
    if within_s > 0:
        turns = _quick_ones_are_machines(turns, within_s)
    last = _last(turns, n)
    humans = np.bincount(turns.conversation[turns.writer == HUMAN], minlength=n)
    machines = np.bincount(turns.conversation[turns.writer == MACHINE], minlength=n)
    first_request = np.full(n, ABSENT)
    asked = turns.taken(turns.writer == CUSTOMER)
    first_request[asked.conversation[::-1]] = asked.at[::-1]
    talk = turns.taken(turns.writer != MACHINE)
    same = np.zeros(talk.at.size, dtype=np.bool_)
    same[1:] = talk.conversation[1:] == talk.conversation[:-1]
    waiting = np.zeros(talk.at.size, dtype=np.bool_)
    waiting[1:] = same[1:] & (talk.writer[:-1] == CUSTOMER)
    begins = (talk.writer == CUSTOMER) & ~waiting
    begun = np.maximum.accumulate(np.where(begins, np.arange(talk.at.size), 0))
    ends = np.flatnonzero((talk.writer == HUMAN) & waiting)
    conversation, end = talk.conversation[ends], talk.at[ends]
    start = talk.at[begun[ends]] if ends.size else end
    gaps = seconds(start, end)
    first_reply, first_response = np.full(n, ABSENT), np.full(n, np.nan)
    first_reply[conversation[::-1]] = end[::-1]
    first_response[conversation[::-1]] = gaps[::-1]
    count = np.bincount(conversation, minlength=n)
    total = np.bincount(conversation, gaps, minlength=n)
    mean = np.divide(total, count, out=np.full(n, np.nan), where=count > 0)
    return Answered(
        first_request,
        first_reply,
        last,
        first_response,
        mean,
        humans.astype(np.float64),
        humans > 0,
        machines > 0,
    )


def _last(turns: Turns, n: int) -> NDArray[np.int64]:
    last = np.full(n, ABSENT)
    last[turns.conversation] = turns.at  # in order of time, so that the last one stays
    return last


def _quick_ones_are_machines(turns: Turns, within_s: float) -> Turns:
    quick = np.zeros(turns.at.size, dtype=np.bool_)
    quick[1:] = (
        (turns.writer[1:] == HUMAN)
        & (turns.writer[:-1] == CUSTOMER)
        & (turns.conversation[1:] == turns.conversation[:-1])
        & (turns.at[1:] - turns.at[:-1] < within_s * _US)
    )
    return Turns(turns.conversation, turns.at, np.where(quick, MACHINE, turns.writer).astype(np.int8))


def writers(roles: pa.Array) -> NDArray[np.int8]:
    """Turn words of roles into writers; what is empty is nobody."""
    encoded = roles.dictionary_encode()
    table = np.array([_ROLES.get(word, NOBODY) for word in encoded.dictionary.to_pylist()] + [NOBODY])
    codes = pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    found: NDArray[np.int8] = table.astype(np.int8)[codes]
    return found


def automatic_texts(texts: pa.Array | None, words: Sequence[str], n: int) -> NDArray[np.bool_]:
    """Mark texts that hold one of the words of automatic replies."""
    found = np.zeros(n, dtype=np.bool_)
    if texts is None or not words:
        return found
    folded = pc.utf8_lower(pc.utf8_normalize(pc.fill_null(texts, ""), form="NFKC"))
    for word in words:
        found |= pc.match_substring(folded, fold(word)).to_numpy(zero_copy_only=False)
    return found


def automatic_authors(authors: pa.Array | None, automatic: Automatic, n: int) -> NDArray[np.bool_]:
    """Mark authors that are machines by their id or name."""
    if authors is None or not automatic.authors:
        return np.zeros(n, dtype=np.bool_)
    known = {fold(author) for author in automatic.authors}
    encoded = pc.fill_null(authors, "").dictionary_encode()
    table = np.array([fold(text) in known for text in encoded.dictionary.to_pylist()] + [False])
    found: NDArray[np.bool_] = table[encoded.indices.to_numpy(zero_copy_only=False)]
    return found
