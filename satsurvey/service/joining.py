"""Contacts from the tables around them: messages, comments with their authors, milestones, events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from satsurvey.intake.answers import fold
from satsurvey.intake.ledger import UnusedRow
from satsurvey.service.clocks import ABSENT
from satsurvey.service.conversations import (
    CUSTOMER,
    HUMAN,
    MACHINE,
    NOBODY,
    Answered,
    Seconds,
    Turns,
    answered,
    automatic_authors,
    automatic_texts,
    writers,
)
from satsurvey.service.drafts import Draft, match
from satsurvey.service.fields import FieldReader
from satsurvey.service.maps import EVENTS, RecordMap
from satsurvey.service.records import TEXTS, Clock
from satsurvey.service.segments import dense_codes
from satsurvey.service.steps import ACTIVATE, APPLY_SLA, BREACH, FULFILL, PAUSE, first_of, run


@dataclass
class Joining:
    """What joining tables needs and finds.

    Attributes
    ----------
    map, clock
        How the tables are read.
    seconds
        The clock, as a function.
    unused
        Rows that belong to nothing, by number of the file.
    notes
        What a reader of the figures must know.
    pending
        By length of time, the moment since which a contact waits without an answer.
    """

    map: RecordMap
    clock: Clock
    seconds: Seconds
    unused: dict[int, list[UnusedRow]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    pending: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def set_aside(self, reader: FieldReader, found: NDArray[np.bool_], reason: str) -> None:
        """Set rows of a table aside."""
        name, sheet = reader.table.source.name, reader.table.source.sheet
        self.unused[reader.table.number] += [
            UnusedRow(name, sheet, row, reason) for row in reader.table.rows[found].tolist()
        ]

    # Messages ----------------------------------------------------------------------------------------------

    def of_messages(self, readers: Sequence[FieldReader]) -> Draft:
        """Make one contact of every conversation."""
        ids, turns, kept, file, row = [], [], [], [], []
        for reader in readers:
            contact = reader.texts("contact_id")
            at, _ = reader.moments("sent_at")
            writer = self._writers(reader)
            unnamed = pc.equal(contact, "").to_numpy(zero_copy_only=False)
            timeless, nobody = (at == ABSENT) & ~unnamed, (writer == NOBODY) & ~unnamed
            self.set_aside(reader, unnamed, "no_contact")
            self.set_aside(reader, timeless, "no_moment")
            self.set_aside(reader, nobody & ~timeless, "no_writer")
            keep = ~(unnamed | timeless | nobody)
            ids.append(contact.filter(pa.array(keep)))
            turns.append((at[keep], writer[keep]))
            kept.append(pa.array(keep))
            file.append(np.full(int(keep.sum()), reader.table.number, dtype=np.int16))
            row.append(reader.table.rows[keep])
        encoded = pa.concat_arrays(ids).dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        n = len(encoded.dictionary)
        talk = Turns(
            codes, np.concatenate([at for at, _ in turns]), np.concatenate([who for _, who in turns])
        )
        first = np.zeros(n, dtype=np.int64)
        first[codes[::-1]] = np.arange(codes.size)[::-1]
        draft = Draft(np.concatenate(file)[first], np.concatenate(row)[first], encoded.dictionary)
        draft.texts["contact_id"] = encoded.dictionary

        def column(name: str) -> pa.Array | None:
            if not any(reader.has(name) for reader in readers):
                return None
            parts = [reader.texts(name).filter(keep) for reader, keep in zip(readers, kept, strict=True)]
            return pa.concat_arrays(parts)

        for name in TEXTS:
            found = None if name == "contact_id" else column(name)
            if found is not None:
                draft.texts[name] = _first_text(found, codes, n)
        authors = column("author_id")
        for name, who in (("agent_id", HUMAN), ("customer_id", CUSTOMER)):
            if authors is not None and name not in draft.texts:
                draft.texts[name] = _first_text(authors, codes, n, only=talk.writer == who)
        if any(reader.has("rating") for reader in readers):
            ratings = np.concatenate(
                [
                    (reader.numbers("rating") if reader.has("rating") else np.full(len(reader), np.nan))[keep]
                    for reader, keep in zip(readers, kept, strict=True)
                ]
            )
            given = ~np.isnan(ratings)
            draft.numbers["rating"] = np.full(n, np.nan)
            draft.numbers["rating"][codes[given]] = ratings[given]
        found = answered(talk, n, seconds=self.seconds, within_s=self.map.automatic.within_s)
        draft.set_moments("request_at", found.first_request)
        self._take(draft, found, np.arange(n))
        draft.set_moments("closed_at", found.last)
        return draft

    def _writers(self, reader: FieldReader) -> NDArray[np.int8]:
        """Return who wrote each message, machines told by their name or words."""
        writer = writers(reader.texts("author_role"))
        automatic = self.map.automatic
        authors = reader.texts("author_id") if reader.has("author_id") else None
        machine = automatic_authors(authors, automatic, len(reader))
        texts = reader.table.text("text")
        machine |= (writer == HUMAN) & automatic_texts(texts, automatic.words, len(reader))
        return np.where(machine, MACHINE, writer).astype(np.int8)

    def _take(self, draft: Draft, found: Answered, code: NDArray[np.int64]) -> None:
        """Give the contacts what their conversations say."""
        draft.set_moments("first_reply_at", found.first_reply[code])
        draft.set_numbers("first_response_s", found.first_response_s[code])
        draft.set_numbers("avg_response_s", found.avg_response_s[code])
        draft.set_numbers("replies", found.replies[code])
        if "handled_by" not in draft.texts:
            draft.texts["handled_by"] = found.handled_by().take(pa.array(code))

    # Comments ----------------------------------------------------------------------------------------------

    def comments(self, draft: Draft, readers: Sequence[FieldReader], people: Sequence[FieldReader]) -> None:
        """Give tickets the first public comment of an agent behind their creation, and what follows it."""
        roles = _roles_of(people)
        request = draft.moments.get("request_at", np.full(len(draft), ABSENT))
        customers = draft.text("customer_id")
        asked = np.flatnonzero(request != ABSENT)
        contact, at, writer = [asked], [request[asked]], [np.full(asked.size, CUSTOMER, dtype=np.int8)]
        for reader in readers:
            matched = match(draft, reader.texts("join_id"))
            sent, _ = reader.moments("sent_at")
            self.set_aside(reader, matched.contact < 0, "unmatched")
            self.set_aside(reader, (matched.contact >= 0) & (sent == ABSENT), "no_moment")
            known = (matched.contact >= 0) & (sent != ABSENT)
            who = self._commenters(reader, roles, customers, matched.contact)
            if reader.has("public"):
                known &= reader.flags("public") == 1
            else:
                self._note("the comments do not say which are public; all count as such")
            created = request[np.where(matched.contact >= 0, matched.contact, 0)]
            # What an agent wrote when the ticket was made is the request, not a reply to it.
            known &= (who == CUSTOMER) | (created == ABSENT) | (sent > created)
            contact.append(matched.contact[known])
            at.append(sent[known])
            writer.append(who[known])
        turns = Turns(np.concatenate(contact), np.concatenate(at), np.concatenate(writer))
        n = len(draft)
        found = answered(turns, n, seconds=self.seconds, within_s=self.map.automatic.within_s)
        self._take(draft, found, match(draft, draft.join_id).code)

    def _commenters(
        self,
        reader: FieldReader,
        roles: dict[str, str],
        customers: pa.Array | None,
        contact: NDArray[np.int64],
    ) -> NDArray[np.int8]:
        who = self._writers(reader)
        if not reader.has("author_id"):
            return who
        authors = reader.texts("author_id")
        machine = who == MACHINE
        if roles:
            encoded = authors.dictionary_encode()
            named = pa.array([roles.get(text, "") for text in encoded.dictionary.to_pylist()], pa.string())
            told = writers(named.take(encoded.indices))
            who = np.where(told != NOBODY, told, who).astype(np.int8)
        if customers is not None:
            own = pc.equal(customers.take(pa.array(np.maximum(contact, 0))), authors)
            asked = own.to_numpy(zero_copy_only=False) & (contact >= 0)
            asked &= pc.not_equal(authors, "").to_numpy(zero_copy_only=False)
            if not roles and not reader.has("author_role"):
                self._note("who is an agent is not in the tables; all but the one who asked count as agents")
                who = np.where(who == NOBODY, HUMAN, who).astype(np.int8)
            who = np.where(asked, CUSTOMER, who).astype(np.int8)
        return np.where(machine, MACHINE, who).astype(np.int8)

    # Milestones --------------------------------------------------------------------------------------------

    def milestones(self, draft: Draft, readers: Sequence[FieldReader]) -> None:
        """Give cases the times of their milestones."""
        names = {fold(word): metric for metric, words in self.map.milestones.items() for word in words}
        undeclared: set[str] = set()
        for reader in readers:
            matched = match(draft, reader.texts("join_id"))
            kinds = reader.texts("milestone").dictionary_encode()
            words = kinds.dictionary.to_pylist()
            undeclared |= {word for word in words if word and fold(word) not in names}
            metric_of = [names.get(fold(word), "") for word in words]
            codes = kinds.indices.to_numpy(zero_copy_only=False)
            declared = np.array([bool(metric) for metric in metric_of] + [False])[codes]
            self.set_aside(reader, matched.contact < 0, "unmatched")
            self.set_aside(reader, (matched.contact >= 0) & ~declared, "not_measured")
            for metric in self.map.milestones:
                which = np.array([found == metric for found in metric_of] + [False])[codes]
                self._milestone(
                    draft, reader, metric, np.flatnonzero(which & (matched.contact >= 0)), matched.contact
                )
        if undeclared:
            listed = ", ".join(sorted(undeclared)[:8])
            self._note(f"these milestones are under no length of time in the map and were not used: {listed}")

    def _milestone(
        self,
        draft: Draft,
        reader: FieldReader,
        metric: str,
        places: NDArray[np.intp],
        contact: NDArray[np.int64],
    ) -> None:
        if not places.size:
            return
        n = len(draft)

        def moments(name: str) -> NDArray[np.int64]:
            return (reader.moments(name)[0] if reader.has(name) else np.full(len(reader), ABSENT))[places]

        def numbers(values: NDArray[np.float64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
            return np.where(chosen >= 0, values[places][chosen], np.nan)

        started, done = moments("started_at"), moments("done_at")
        code = match(draft, draft.join_id).code
        chosen = first_of(contact[places], started, n)[code]
        there = chosen >= 0
        begin, end = (np.where(there, part[chosen], ABSENT) for part in (started, done))
        elapsed = reader.lengths("elapsed_s")[0] if reader.has("elapsed_s") else np.full(len(reader), np.nan)
        if self.clock == "business":
            reached = numbers(elapsed, chosen)
        else:
            reached = self.seconds(begin, end)
            if not reader.has("started_at"):
                reached = numbers(elapsed, chosen)
        reached = np.where(end != ABSENT, reached, np.nan) if reader.has("done_at") else reached
        draft.set_numbers(metric, reached)
        self.pending[metric] = np.where(there & (end == ABSENT), begin, ABSENT)
        if metric == "first_response_s":
            draft.set_moments("first_reply_at", end)
            draft.set_moments("request_at", begin)
            if reader.has("target_s"):
                draft.set_numbers("sla_target_s", numbers(reader.lengths("target_s")[0], chosen))
            if reader.has("missed"):
                missed = numbers(reader.flags("missed"), chosen)
                # What is not done and not late yet is neither kept nor broken.
                kept = np.where((missed == 1) | (end != ABSENT), 1.0 - missed, np.nan)
                draft.set_numbers("sla_met", kept)
        elif metric == "resolution_s":
            draft.set_moments("resolved_at", end)

    # Events ------------------------------------------------------------------------------------------------

    def of_events(self, readers: Sequence[FieldReader]) -> Draft:
        """Make one contact of every ticket that events name."""
        ids = pa.concat_arrays([reader.texts("join_id") for reader in readers]).dictionary_encode()
        codes = ids.indices.to_numpy(zero_copy_only=False)
        first = np.zeros(len(ids.dictionary), dtype=np.int64)
        first[codes[::-1]] = np.arange(codes.size)[::-1]
        named = np.array([bool(text) for text in ids.dictionary.to_pylist()], dtype=np.bool_)
        file = np.concatenate([np.full(len(r), r.table.number, dtype=np.int16) for r in readers])
        row = np.concatenate([reader.table.rows for reader in readers])
        texts = ids.dictionary.filter(pa.array(named))
        return Draft(file[first][named], row[first][named], texts, {"contact_id": texts})

    def events(self, draft: Draft, readers: Sequence[FieldReader]) -> None:
        """Give tickets the times that their clocks ran."""
        # One clock may give several times: the first measurement, and the mean of all.
        names = {metric: fold(name) for metric, name in self.map.metrics.items()}
        parts: dict[str, list[tuple[NDArray[np.generic], ...]]] = {metric: [] for metric in self.map.metrics}
        for reader in readers:
            matched = match(draft, reader.texts("join_id"))
            at, _ = reader.moments("happened_at")
            kind = _event_kinds(reader)
            clocks = reader.texts("metric").dictionary_encode()
            words = [fold(word) for word in clocks.dictionary.to_pylist()]
            codes = clocks.indices.to_numpy(zero_copy_only=False)
            wanted = set(names.values())
            declared = np.array([word in wanted for word in words] + [False])[codes] & (kind >= 0)
            there = matched.contact >= 0
            self.set_aside(reader, ~there, "no_contact" if "contacts" not in self.map.tables else "unmatched")
            self.set_aside(reader, there & (at == ABSENT), "no_moment")
            self.set_aside(reader, there & (at != ABSENT) & ~declared, "not_measured")
            usable = there & (at != ABSENT) & declared
            instance = reader.numbers("instance") if reader.has("instance") else np.ones(len(reader))
            target = reader.lengths("target_s")[0] if reader.has("target_s") else np.full(len(reader), np.nan)
            for metric in self.map.metrics:
                which = usable & np.array([word == names[metric] for word in words] + [False])[codes]
                parts[metric].append(
                    (matched.contact[which], at[which], kind[which], instance[which], target[which])
                )
        code = match(draft, draft.join_id).code
        for metric, rows in parts.items():
            contact, at, kind, instance, target = (
                np.concatenate(column) for column in zip(*rows, strict=True)
            )
            if contact.size:
                self._clock(draft, code, metric, contact, at, kind, instance, target)

    def _clock(
        self,
        draft: Draft,
        code: NDArray[np.int64],
        metric: str,
        contact: NDArray[np.int64],
        at: NDArray[np.int64],
        kind: NDArray[np.int8],
        instance: NDArray[np.float64],
        target: NDArray[np.float64],
    ) -> None:
        n = len(draft)
        instance = np.where(np.isnan(instance), 1, instance)
        if metric == "first_response_s":
            one = instance == 1
            contact, at, kind, target = contact[one], at[one], kind[one], target[one]
            ran = run(contact, at, kind, n, self.seconds)
            done = ran.fulfilled != ABSENT
            draft.set_numbers(metric, np.where(done, ran.seconds, np.nan)[code])
            draft.set_moments("request_at", ran.started[code])
            draft.set_moments("first_reply_at", ran.fulfilled[code])
            self.pending[metric] = np.where(done, ABSENT, ran.running_since)[code]
            self._promise(draft, code, contact, at, kind, target, done)
            return
        instances, measurement = np.unique(instance.astype(np.int64), return_inverse=True)
        kept, which = dense_codes(contact * instances.size + measurement)
        owner = kept // instances.size
        ran = run(which, at, kind, kept.size, self.seconds)
        done = ran.fulfilled != ABSENT
        count = np.bincount(owner[done], minlength=n)
        total = np.bincount(owner[done], ran.seconds[done], minlength=n)
        if metric == "avg_response_s":
            total = np.divide(total, count, out=np.full(n, np.nan), where=count > 0)
        draft.set_numbers(metric, np.where(count > 0, total, np.nan)[code])
        if metric == "resolution_s":
            last = np.full(n, ABSENT)
            np.maximum.at(last, owner[done], ran.fulfilled[done])
            running = np.zeros(n, dtype=np.bool_)
            running[owner[ran.running_since != ABSENT]] = True
            # A ticket that was opened again is not resolved, whatever was fulfilled before.
            draft.set_moments("resolved_at", np.where(running, ABSENT, last)[code])
            draft.set_numbers("open", running.astype(np.float64)[code])
            draft.numbers[metric] = np.where(running[code], np.nan, draft.numbers[metric])

    def _promise(
        self,
        draft: Draft,
        code: NDArray[np.int64],
        contact: NDArray[np.int64],
        at: NDArray[np.int64],
        kind: NDArray[np.int8],
        target: NDArray[np.float64],
        done: NDArray[np.bool_],
    ) -> None:
        n = len(draft)
        applied = np.flatnonzero((kind == APPLY_SLA) & ~np.isnan(target))
        promised = np.full(n, np.nan)
        order = applied[np.argsort(at[applied], kind="stable")]
        promised[contact[order]] = target[order]
        broken = np.zeros(n, dtype=np.bool_)
        broken[contact[kind == BREACH]] = True
        met = np.where(broken, 0.0, np.where(done & ~np.isnan(promised), 1.0, np.nan))
        if applied.size:
            draft.set_numbers("sla_target_s", promised[code])
        if applied.size or broken.any():
            draft.set_numbers("sla_met", met[code])

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _event_kinds(reader: FieldReader) -> NDArray[np.int8]:
    """Return the kind of every event, -1 for events that move no clock."""
    kinds = dict(zip(EVENTS, (ACTIVATE, PAUSE, FULFILL, BREACH, APPLY_SLA), strict=True))
    encoded = reader.texts("event").dictionary_encode()
    table = np.array([kinds.get(fold(word), -1) for word in encoded.dictionary.to_pylist()] + [-1])
    found: NDArray[np.int8] = table.astype(np.int8)[encoded.indices.to_numpy(zero_copy_only=False)]
    return found


def _roles_of(people: Sequence[FieldReader]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for reader in people:
        ids, words = reader.texts("author_id").to_pylist(), reader.texts("author_role").to_pylist()
        roles |= {one: role for one, role in zip(ids, words, strict=True) if one and role}
    return roles


def _first_text(
    texts: pa.Array, codes: NDArray[np.int64], n: int, *, only: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Return the first text of each group that is not empty, "" where there is none."""
    there = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    places = np.flatnonzero(there if only is None else there & only)
    first = np.full(n, -1, dtype=np.int64)
    first[codes[places][::-1]] = places[::-1]
    return pc.fill_null(texts.take(pa.array(first, mask=first < 0)), "")
