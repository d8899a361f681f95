"""TL-R1: from the task to the history, in a repository of the gate's own: "add a footer to index.html"."""

from __future__ import annotations

from agentos_action.evidence.tape import ORDER
from agentos_action.gates.check import Check, Outcome, all_hold, failed
from agentos_action.gates.seen import Seen

PATH = "index.html"
INSTRUCTION = "Add a footer to index.html"
FILES = {
    PATH: "<!doctype html>\n<html>\n<head><title>Gate</title></head>\n<body>\n<h1>Hello</h1>\n</body>\n</html>\n",
}
#: What the scripted provider answers.
ANSWER = """Here is the footer:

```diff
--- a/index.html
+++ b/index.html
@@ -4,4 +4,5 @@
 <body>
 <h1>Hello</h1>
+<footer>Made by a gate.</footer>
 </body>
 </html>
```
"""


def _task(seen: Seen) -> Outcome:
    loaded = seen.event("task_loaded")
    task, policy = loaded.get("task"), loaded.get("policy")
    if not isinstance(task, dict) or not isinstance(policy, dict):
        return failed("the tape has no task, or no policy")
    claims = {
        f"the task is {task.get('instruction')!r}": task.get("instruction") == seen.left.instruction,
        f"it is about {task.get('files')}": task.get("files") == [seen.path],
        "it does not begin at the commit that was there": task.get("base") == seen.before.head,
        "the policy is not of the commit that was there": policy.get("commit") == seen.before.head,
    }
    return all_hold("instruction, files, base and policy stand on the tape", claims, policy=policy.get("source"))


def _tool(seen: Seen) -> Outcome:
    started, done = seen.event("tool_dispatch_started"), seen.event("tool_dispatch_completed")
    model, provider = done.get("model_id"), done.get("provider")
    claims = {
        "the asking has no beginning": bool(started),
        f"the tool did not answer; {seen.ended}": done.get("status") == "success",
        "nobody says which model answered": isinstance(model, str) and bool(model),
        f"asked was {provider!r}": provider == seen.left.provider == started.get("provider"),
    }
    return all_hold(f"{model} answered", claims, provider=provider, model_id=model, calls=done.get("calls"))


def _diff(seen: Seen) -> Outcome:
    digests = seen.event("checks_completed").get("digests")
    digest = digests.get("diff") if isinstance(digests, dict) else None
    claims = {
        f"there is no diff; {seen.ended}": bool(seen.diff),
        f"git does not find it in the work tree: {seen.git_refuses}": not seen.git_refuses,
        "it is not the diff whose digest is on the tape": digest == seen.diff_sha256,
        f"the result touches {seen.result.get('files_touched')}": seen.result.get("files_touched") == [seen.path],
    }
    return all_hold("one canonical diff", claims, sha256=seen.diff_sha256, lines=seen.result.get("line_count"))


def _verify(seen: Seen) -> Outcome:
    verdict = seen.verdict
    if verdict is None:
        return failed(f"there is no verdict; {seen.ended}")
    errors = verdict.get("errors")
    claims = {f"the rules refuse it: {errors}": verdict.get("is_valid") is True and errors == []}
    return all_hold("no rule objects", claims, added=verdict.get("added"), removed=verdict.get("removed"))


def _apply(seen: Seen) -> Outcome:
    was, now = seen.before.files.get(seen.path), seen.after.files.get(seen.path)
    others = [
        name
        for name in seen.before.files.keys() | seen.after.files.keys()
        if not name.startswith(".git/") and name != seen.path
    ]
    claims = {
        f"{seen.path} is as it was": was != now and now is not None,
        f"{seen.path} in the work tree is not as in the commit": now == seen.in_commit,
        "other files changed too": all(seen.before.files.get(name) == seen.after.files.get(name) for name in others),
    }
    return all_hold(f"{seen.path} really changed, nothing else did", claims, before=was, after=now)


def _commit(seen: Seen) -> Outcome:
    told = seen.event("git_commit")
    claims = {
        f"there is no commit; {seen.ended}": seen.committed,
        f"the tape tells of {told.get('commit')}, git of {seen.after.head}": told.get("commit") == seen.after.head,
        f"its parents are {seen.parents}": seen.parents == (seen.before.head,),
        f"it changes {seen.changed}": seen.changed == (seen.path,),
    }
    return all_hold("one commit of that one file", claims, commit=seen.after.head, branch=told.get("branch"))


def _history(seen: Seen) -> Outcome:
    branch = f"refs/heads/{seen.event('git_commit').get('branch')}"
    claims = {
        "the history is not the old one and one commit on top": seen.after.log[1:] == seen.before.log,
        f"{branch} is not at the commit": f"{seen.after.head} commit\t{branch}\n" in seen.after.refs,
        "there are other refs than before": len(seen.after.refs.splitlines()) == len(seen.before.refs.splitlines()),
    }
    return all_hold("one commit on top of the history that was there", claims, commits=len(seen.after.log))


def _tape(seen: Seen) -> Outcome:
    there = [str(line.get("event")) for line in seen.tape]
    missing = [name for name in ORDER if name not in there]
    claims = {
        f"missing: {', '.join(missing)}": not missing,
        f"not in order: {', '.join(there)}": there == [name for name in ORDER if name in there],
    }
    return all_hold("every event, once, in order", claims, events=len(there))


def _evidence(seen: Seen) -> Outcome:
    claims = {
        f"the bundle does not verify: {'; '.join(seen.problems)}": not seen.problems,
        f"bundle and commit disagree: {'; '.join(seen.commit_problems)}": not seen.commit_problems,
        "there is no commit to compare with": seen.committed,
    }
    return all_hold("the bundle verifies, and names the commit as the commit names it", claims)


def _boundary(seen: Seen) -> Outcome:
    measured = seen.event("boundary_checked")
    names = ("wrote_files", "committed")
    claims = {
        "the boundary was not measured": bool(measured),
        f"the tool changed the repository: {measured.get('changed')}": measured.get("changed") == [],
        "the tool wrote or committed": all(measured.get(name) is False for name in names),
        "the result says otherwise": all(seen.result.get(name) is measured.get(name) for name in names),
    }
    return all_hold("only the executor wrote", claims, changed=measured.get("changed"))


CHECKS: tuple[Check[Seen], ...] = (
    Check("R1-A", "task: what was asked, from where, under which policy", _task),
    Check("R1-B", "tool: it was asked and answered", _tool),
    Check("R1-C", "diff: the answer became one canonical diff", _diff),
    Check("R1-D", "verify: every rule accepts it", _verify),
    Check("R1-E", "apply: the file really changed", _apply),
    Check("R1-F", "commit: it exists, and is of that file", _commit),
    Check("R1-G", "history: the commit stands on what was there", _history),
    Check("R1-H", "tape: complete and in order", _tape),
    Check("R1-I", "evidence: it verifies, alone and with the commit", _evidence),
    Check("R1-J", "boundary: the tool changed nothing, the executor did", _boundary),
)
