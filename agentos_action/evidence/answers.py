"""Every model call as a row: the answer, digests of the whole, and each different message once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import as_utf8, canonical, sha256_text, with_hash
from agentos_action.evidence.layout import ANSWERS, PROMPTS, Kind, RunFolder
from agentos_action.records.model import Answer, Prompt

#: So many characters of an answer, and of a message, are kept whole; of a longer one the beginning is. An answer that
#: long is refused by every usual policy, and a prompt is made of the base's files, which are in the repository.
ANSWER_KEPT = 2 * 1024 * 1024
PROMPT_KEPT = 64 * 1024
CUT_TO = 64 * 1024


@dataclass(slots=True)
class AnswerLog:
    """Appends rows as calls are made; `digests` are those of all prompts and answers so far, in order."""

    folder: RunFolder
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _adopted: dict[str, str] = field(default_factory=dict)

    def add(self, prompt: Prompt, answer: Answer, *, place: str | None = None) -> None:
        """Write the row of a call that was answered; raises EvidenceError where it cannot be written."""
        told = {
            "finish_reason": answer.finish_reason,
            "model_id": answer.model_id,
            "usage": asdict(answer.usage),
            "duration_ms": answer.duration_ms,
        }
        self._row(prompt, answer.text, place, told)

    def add_failed(self, prompt: Prompt, raw_error_code: str, *, place: str | None) -> None:
        """Write the row of a call that gave no usable answer; raises EvidenceError where it cannot be written."""
        self._row(prompt, "", place, {"finish_reason": "failed", "raw_error_code": raw_error_code})

    def _row(self, prompt: Prompt, text: str, place: str | None, told: dict[str, Any]) -> None:
        text = self._text(text, "answers")
        keep = self.folder.content
        about = {
            "call": len(self.answers),
            "messages": [
                {"role": message.role, "sha256": self._message(message.content)} for message in prompt.messages
            ],
            "params": self._params(prompt),
            **told,
        }
        # A changed answer, or a changed name of its place, cannot be replayed; what is told beside them need not be.
        row = {
            **self.folder.redact_values(about),
            "place": self.folder.redact_values(place, "answers") if keep else None,
            **(self._kept(text, "answers", "answer", ANSWER_KEPT) if keep else {"answer": None}),
            "answer_sha256": sha256_text(text),
        }
        self.prompts.append(sha256_text("\0".join(f"{m.role}\0{as_utf8(m.content)}" for m in prompt.messages)))
        self.answers.append(sha256_text(text))
        self.folder.append(ANSWERS, with_hash(row)[0] + b"\n")

    def _kept(self, text: str, kind: Kind, key: str, most: int) -> dict[str, Any]:
        """Return the fields that keep a text: redacted, and cut where it is longer than evidence keeps."""
        clean = self.folder.redact(text, kind)
        if len(clean) <= most:
            return {key: clean}
        self.folder.capped.add(kind)
        return {key: clean[:CUT_TO], "cut_from": len(clean)}

    def _text(self, text: str, kind: Kind) -> str:
        """Return the text that is recorded and digested; one that JSON cannot carry cannot be replayed."""
        kept = as_utf8(text)
        if kept != text:
            self.folder.redacted.add(kind)
        return kept

    def adopt(self, bundle: Path, digests: dict[str, str]) -> None:
        """Take over the rows of another run's bundle, whose digests were checked; raises EvidenceError."""
        for name in (ANSWERS, PROMPTS):
            if (bundle / name).is_file():
                self.folder.write(name, (bundle / name).read_bytes())
        self._adopted = digests

    def digests(self) -> dict[str, str]:
        """Return one digest over all prompts and one over all answers."""
        if self._adopted:
            return self._adopted
        return {"prompts": sha256_text("\n".join(self.prompts)), "answers": sha256_text("\n".join(self.answers))}

    def _params(self, prompt: Prompt) -> dict[str, Any]:
        constraint = prompt.constraint
        shape: dict[str, Any] = {}
        if constraint is not None and constraint.grammar is not None:
            shape["grammar_sha256"] = self._message(constraint.grammar)
        if constraint is not None and constraint.json_schema is not None:
            shape["json_schema_sha256"] = self._message(canonical(constraint.json_schema).decode())
        return {
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
            "stop": list(prompt.stop),
            **shape,
        }

    def _message(self, content: str) -> str:
        content = self._text(content, "prompts")
        digest = sha256_text(content)
        if digest not in self._seen:
            self._seen.add(digest)
            if self.folder.content:
                row = {"sha256": digest, **self._kept(content, "prompts", "content", PROMPT_KEPT)}
                self.folder.append(PROMPTS, canonical(row) + b"\n")
        return digest
