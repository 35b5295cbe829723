# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""docs/errors.md has every error kind and every sentence that plugins, playbooks and roles can say, and none that they cannot."""

from __future__ import annotations

import collections
import pathlib
import re

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils import _errors as errors
from ansible_collections.eccops.rapid.tests.unit.support import error_sentences, task_sentences

PLUGINS = pathlib.Path(errors.__file__).parents[1]
HANDBOOK = PLUGINS.parent / "docs" / "errors.md"
#: Headings of the sentences whose kind is another sentence's, and of those that have none.
WITHOUT_KIND = {"## Around another sentence": error_sentences.VARIES, "### Without an `error_kind`": error_sentences.BY_ACTIONS}
#: Kinds of base classes, each of whose members says its own.
NEVER_SAID = {"error", "sac_unusable", "not_sent", "answer_lost"}


def handbook(text):
    """Returns {kind, or job that says them itself: its sentences} of the page."""
    sentences, kind = collections.defaultdict(set), None
    for line in text.splitlines():
        heading, sentence = re.match(r"### `(\w+)`$", line), re.match(r"- `([^`]+)`", line)
        if heading or line in WITHOUT_KIND:
            kind = heading.group(1) if heading else WITHOUT_KIND[line]
            sentences[kind].update()
        elif line.startswith("#"):
            kind = None
        elif sentence and kind:
            sentences[kind].add(sentence.group(1))
    return sentences


@pytest.fixture(name="said", scope="module")
def fixture_said():
    return error_sentences.Plugins(PLUGINS).said() + task_sentences.Jobs(PLUGINS.parent).said()


def test_every_kind_is_in_the_handbook_and_no_other(said):
    kinds = {each.kind for each in said}
    assert len(kinds) > 50 and not kinds & NEVER_SAID
    assert set(handbook(HANDBOOK.read_text(encoding="utf-8"))) == kinds


def test_every_sentence_is_in_the_handbook_under_its_kind(said):
    told = handbook(HANDBOOK.read_text(encoding="utf-8"))
    missing = ["%s:%d says under %s: `%s`" % (each.path.name, each.line, each.kind, each.sentence)
               for each in said if each.sentence and each.sentence not in told[each.kind]]
    assert not missing, "not in docs/errors.md:\n" + "\n".join(missing)


def test_the_handbook_has_no_sentence_that_nobody_says(said):
    spoken = {(each.kind, each.sentence) for each in said}
    told = handbook(HANDBOOK.read_text(encoding="utf-8"))
    stale = ["%s: `%s`" % (kind, sentence) for kind, sentences in told.items() for sentence in sorted(sentences) if (kind, sentence) not in spoken]
    assert not stale, "nobody says this any more:\n" + "\n".join(stale)


EXAMPLES = {
    'raise RapidError("it is gone: %s; look" % name, kind="lost")': ("lost", "it is gone: …; look"),
    'raise Small("it is %.80r of %04o" % (a, b))': ("small", "it is … of …"),
    'raise Small("one " + ("two" if a else "three"))': ("small", "one three"),
    'what = "the login of %s: " % email\n    raise Small(what + "run again")': ("small", "the login of …: run again"),
    'raise RapidError(_why(a), kind="lost")': ("lost", "because it is"),
    'yield "sac_odd", "it is odd", "mend it"': ("sac_odd", "it is odd; mend it"),
    'return self._leave_open("is it so: %s" % a, b, c)': ("unresolved", "is it so: …"),
    'raise RapidError("before that: %s" % error, kind=error.kind)': ("…", "before that: …"),
    'return {"kind": "not_seen", "msg": "it is not seen: %s" % a}': ("not_seen", "it is not seen: …"),
    'raise AnsibleActionFail("give %s or nothing" % name)': (error_sentences.BY_ACTIONS, "give … or nothing"),
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_sentences_are_found_where_they_are_made(code, tmp_path):
    text = 'class RapidError(Exception):\n    kind = "error"\n\n\nclass Small(RapidError):\n    kind = "small"\n\n\n'
    text += 'def _why(a):\n    return "because it is"\n\n\ndef function(self, a, b, c, name, error, email):\n    %s\n' % code
    (tmp_path / "example.py").write_text(text, encoding="utf-8")
    assert EXAMPLES[code] in [(each.kind, each.sentence) for each in error_sentences.Plugins(tmp_path).said()]


FAILING_TASKS = {
    "fail: {msg: 'it is {{ what }}: mend it as told'}": ["it is …: mend it as told"],
    "fail: {msg: '{{ found.msg }}'}": [],
    "fail: {msg: \"{{ 'give it a name' if a else 'it is gone for ' ~ days ~ ' days' }}.\"}": ["give it a name.", "it is gone for … days."],
    "fail: {msg: \"the fleet{{ ', by --limit,' if a }} is not there, {{ b | default('at all') }}\"}": ["the fleet… is not there, …"],
    "fail: {msg: '{{ meant[status] | default(whole) }}'}, vars: {whole: 'look at it again', meant: {Expired: 'request a new one'}}":
        ["request a new one", "look at it again"],
    "fail: {msg: \"{{ lookup('ansible.builtin.template', 'refused.txt.j2') | trim }}\"}": ["… It was not taken at all."],
    "assert: {that: a, fail_msg: 'take another of them'}": ["take another of them"],
    "assert: {that: a}": [task_sentences.WITHOUT_SENTENCE],
    "debug: {msg: 'nothing fails here at all'}": [],
}


@pytest.mark.parametrize("task", FAILING_TASKS)
@pytest.mark.parametrize("place", ["playbooks/job.yml", "playbooks/tasks/part.yml", "roles/job/tasks/main.yml"])
def test_sentences_are_found_where_tasks_fail(task, place, tmp_path):
    templates = tmp_path / "playbooks" / "templates"
    for directory in (templates, (tmp_path / place).parent):
        directory.mkdir(parents=True, exist_ok=True)
    (templates / "refused.txt.j2").write_text("{% for each in all %}{{ each }}{% endfor %}\nIt was not taken\nat all.\n", encoding="utf-8")
    (tmp_path / "playbooks" / "job.yml").write_text("- ansible.builtin.include_tasks: tasks/part.yml\n", encoding="utf-8")
    (tmp_path / place).write_text("- block:\n    - {name: Fail, ansible.builtin.%s}\n" % task, encoding="utf-8")
    assert [(each.kind, each.sentence) for each in task_sentences.Jobs(tmp_path).said()] == [("job", each) for each in FAILING_TASKS[task]]


def test_sentences_are_found_where_scripts_throw(tmp_path):
    (tmp_path / "roles" / "job" / "tasks").mkdir(parents=True)
    script = "if ($a) { throw 'it isn''t ours at all' }\n        throw \"no ${what} is there for $($a.Name)\""
    (tmp_path / "roles" / "job" / "tasks" / "main.yml").write_text("- ansible.windows.win_powershell:\n    script: |\n        %s\n" % script, encoding="utf-8")
    assert [each.sentence for each in task_sentences.Jobs(tmp_path).said()] == ["it isn't ours at all", "no … is there for …"]
