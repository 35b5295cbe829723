# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Every task, role and inventory that an example or a page shows has options that there are, and variables that somebody defines. Nothing is run."""

import documented_examples
import documented_tasks as documented
import harness
import pytest

SHOWN = {name: [tasks] for name, tasks in documented_examples.read_plugins().items()}
SHOWN.update({page.relative_to(harness.REPOSITORY).as_posix(): blocks for page, blocks in documented.pages().items()})


def module_at(place, module):
    """Returns the module whose documentation has the options: that of Windows has examples of its own."""
    own = place.rpartition("/")[2]
    return documented.OWN + own if own.startswith("win_") and module == documented.OWN + own[len("win_"):] else module


TASKS = {place: [(module_at(place, module), options) for content in contents for module, options in documented.tasks_of(content)]
         for place, contents in SHOWN.items()}


@pytest.fixture(scope="module", name="documentation")
def fixture_documentation(tmp_path_factory):
    return documented.read_documentation({module for tasks in TASKS.values() for module, unused_options in tasks}, tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("place", [place for place, tasks in TASKS.items() if tasks])
def test_the_options_of_shown_tasks_are_those_of_the_module(documentation, place):
    assert {module: found for module, options in TASKS[place] for found in [documented.problems_of(module, options, documentation)] if found} == {}


def test_the_variables_of_shown_roles_are_those_of_the_role():
    roles = [(place, role, variables) for place, contents in SHOWN.items() for content in contents for role, variables in documented.roles_of(content)]
    assert {role for unused_place, role, unused_variables in roles} >= {documented.OWN + name for name in documented.ROLES}
    for place, role, variables in roles:
        assert documented.check_options(variables, documented.ROLES[role[len(documented.OWN):]]) == [], place


@pytest.mark.parametrize("place", SHOWN)
def test_every_variable_is_defined(place):
    assert documented.undefined_in(SHOWN[place]) == []


@pytest.mark.parametrize("options, sentence", [
    ({"email": "x", "password": "x", "environment": "staging"}, "environment"),
    ({"email": "x", "password": "x", "environment": "production", "api_url": "https://x"}, "mutually exclusive"),
    ({"email": "x", "password": "x", "environment": "production", "caller": "1"}, "caller"),
])
def test_a_wrong_option_is_found(documentation, options, sentence):
    (problem,) = documented.problems_of("eccops.rapid.rapidsos_portal_token", options, documentation)
    assert sentence in problem


def test_an_undefined_variable_is_found():
    task = {"name": "X", "ansible.builtin.debug": {"msg": "{{ position_id ~ vault_x }}"}, "when": "is_there and result.changed", "register": "result"}
    assert documented.undefined_in([[task]]) == ["is_there", "position_id"]
