# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""docs/errors.md has every error kind and every sentence that the plugins can say, and none that they cannot."""

from __future__ import annotations

import collections
import pathlib
import re

import pytest

from ansible_collections.eccops.rapid.plugins.module_utils import errors
from ansible_collections.eccops.rapid.tests.unit.support import error_sentences

PLUGINS = pathlib.Path(errors.__file__).parents[1]
HANDBOOK = PLUGINS.parent / "docs" / "errors.md"
#: Under this heading are the sentences whose kind is another sentence's.
AROUND_ANOTHER = "## Around another sentence"
#: Kinds of base classes, each of whose members says its own.
NEVER_SAID = {"error", "sac_unusable", "not_sent", "answer_lost"}


def handbook(text):
    """Returns {kind: its sentences} of the page."""
    sentences, kind = collections.defaultdict(set), None
    for line in text.splitlines():
        heading, sentence = re.match(r"### `(\w+)`$", line), re.match(r"- `([^`]+)`", line)
        if heading or line == AROUND_ANOTHER:
            kind = heading.group(1) if heading else error_sentences.VARIES
            sentences[kind].update()
        elif line.startswith("#"):
            kind = None
        elif sentence and kind:
            sentences[kind].add(sentence.group(1))
    return sentences


@pytest.fixture(name="said", scope="module")
def fixture_said():
    return error_sentences.Plugins(PLUGINS).said()


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
    assert not stale, "no plugin says this any more:\n" + "\n".join(stale)


EXAMPLES = {
    'raise RapidError("it is gone: %s; look" % name, kind="lost")': ("lost", "it is gone: …; look"),
    'raise Small("it is %.80r of %04o" % (a, b))': ("small", "it is … of …"),
    'raise Small("one " + ("two" if a else "three"))': ("small", "one three"),
    'what = "the login of %s: " % email\n    raise Small(what + "run again")': ("small", "the login of …: run again"),
    'raise RapidError(_why(a), kind="lost")': ("lost", "because it is"),
    'yield "sac_odd", "it is odd", "mend it"': ("sac_odd", "it is odd; mend it"),
    'return self._leave_open("is it so: %s" % a, b, c)': ("unresolved", "is it so: …"),
    'raise RapidError("before that: %s" % error, kind=error.kind)': ("…", "before that: …"),
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_sentences_are_found_where_they_are_made(code, tmp_path):
    text = 'class RapidError(Exception):\n    kind = "error"\n\n\nclass Small(RapidError):\n    kind = "small"\n\n\n'
    text += 'def _why(a):\n    return "because it is"\n\n\ndef function(self, a, b, c, name, error, email):\n    %s\n' % code
    (tmp_path / "example.py").write_text(text, encoding="utf-8")
    assert EXAMPLES[code] in [(each.kind, each.sentence) for each in error_sentences.Plugins(tmp_path).said()]
