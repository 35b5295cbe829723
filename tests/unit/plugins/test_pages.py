# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The pages lead to everything there is, and to nothing that is not."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from ansible_collections.eccops.rapid.plugins.module_utils import _errors as errors

from ansible_collections.eccops.rapid.plugins.module_utils._report import wording as report_words

ROOT = pathlib.Path(errors.__file__).parents[2]
GUIDES = sorted((ROOT / "docs").rglob("*.md"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *GUIDES, *sorted((ROOT / "roles").glob("*/README.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(paths):
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path):
    """Returns the anchors of a page's headings, made as the docs site and GitHub make them."""
    headings = re.findall(r"^#+ (.+)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if "://" not in link:
            path, unused_hash, anchor = link.partition("#")
            place = ROOT if page.parent.name == "docsite" else page.parent  # the builder of the site puts its start page there
            target = (place / path).resolve() if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_is_named_exists(page):
    named = re.findall(r"`((?:tests|extensions|plugins|playbooks|roles|docs)/[\w/.-]+\.\w+)`", page.read_text(encoding="utf-8"))
    assert not [path for path in named if not (ROOT / path).exists()]


def named_things():
    """Yields (what, its name): modules, lookups, filters, tests, playbooks and roles."""
    for kind, place in (("module", "modules"), ("lookup", "lookup")):
        yield from ((kind, path.stem) for path in sorted((ROOT / "plugins" / place).glob("*.py")) if path.stem != "__init__")
    for kind in ("filter", "test"):
        yield from ((kind, path.stem) for path in sorted((ROOT / "plugins" / kind).glob("*.yml")))
    yield from (("playbook", path.stem) for path in sorted((ROOT / "playbooks").glob("*.yml")))
    yield from (("role", name) for name in ROLES)


@pytest.mark.parametrize("what, name", list(named_things()))
def test_everything_is_named_in_the_guides(what, name):
    assert re.search(r"\b%s\b" % name, text_of(GUIDES)), "no page under docs/ names the %s %s" % (what, name)


@pytest.mark.parametrize("name", ROLES)
def test_every_role_says_its_variables(name):
    """In its README by a table, or by pointing to where they are."""
    readme = (ROOT / "roles" / name / "README.md").read_text(encoding="utf-8")
    options = yaml.safe_load((ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    named = set(re.findall(r"`(\w+)`", readme))
    ends = tuple(re.findall(r"`\.\.\.(_\w+)`", readme))  # what begins alike is cut short
    missing = [option for option in options if option not in named and not (ends and option.endswith(ends))]
    assert not missing or "ansible-doc -t role eccops.rapid.%s" % name in readme, missing


def test_everything_said_to_be_tested_names_a_test():
    """Each table of the security model that promises something names a test that exists, or says that there is none."""
    text = (ROOT / "docs" / "security_model.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|") and not line.startswith(("|---", "| |"))]
    controls = [row for row in rows if re.match(r"[A-Z]{2}-\d", row[0])]
    assert len(controls) > 10
    assert all("`tests/" in row[2] or "`extensions/" in row[2] or row[2].startswith("no test") for row in controls)
    for section in re.split(r"^### ", text.partition("## CJIS")[0], flags=re.MULTILINE)[1:]:
        if "| does not get |" in section or "| cannot |" in section:
            assert "| tested | `tests/" in section, section.splitlines()[0]


def test_every_name_of_ours_is_of_something_there_is():
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    known = {name for unused_what, name in named_things()} | set(groups)
    named = set(re.findall(r"\beccops\.rapid\.(\w+)", text_of(PAGES)))
    assert named <= known, named - known


def test_every_kind_of_finding_is_in_a_guide():
    guides = text_of([ROOT / "docs" / "check_credentials.md", ROOT / "docs" / "credential_report.md"])
    assert not [kind for kind in report_words.KINDS if "`%s`" % kind not in guides]


def test_every_page_has_one_place_in_the_navigation():
    """The builder fails too, if a page has none; this says it without building the site."""
    index = (ROOT / "docs" / "docsite" / "index.md").read_text(encoding="utf-8")
    trees = re.findall(r"^```\{toctree\}\n(?::[^\n]*\n)*\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    entries = sorted(line for tree in trees for line in tree.split("\n") if line and "<" not in line)
    pages = [page for page in [*PAGES, ROOT / "CHANGELOG.rst"] if page.parent.name != "docsite"]
    assert entries == sorted(page.relative_to(ROOT).with_suffix("").as_posix() for page in pages)


def test_titles_are_in_sentence_case():
    """The first word alone begins with a capital letter, besides names and abbreviations."""
    names = {"AWX", "Automation", "Platform", "CI", "Portal", "SAC", "TLS", "Windows"}
    for page in (ROOT / "docs").glob("*.md"):
        title = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE).group(1)
        words = re.findall(r"[\w`.]+", title)
        assert words[0][0].isupper() and not [word for word in words[1:] if word[0].isupper() and word not in names], title
