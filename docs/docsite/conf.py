# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The Sphinx configuration of the docs site; build.py collects the pages."""

from __future__ import annotations

from docutils import nodes

project = "eccops.rapid"
copyright = "2026 eccops.rapid maintainers"  # pylint: disable=redefined-builtin
html_title = html_short_title = "eccops.rapid"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
myst_heading_anchors = 3
pygments_style = "ansible"
highlight_language = "none"
html_theme = "sphinx_ansible_theme"
html_theme_options = {"topbar_links": {}, "documentation_home_url": "index.html"}
html_show_sphinx = False
html_copy_source = False
html_use_index = False

#: The targets of antsibull-docs' references into Ansible's documentation; intersphinx would use the network at each build.
ANSIBLE_URL = "https://docs.ansible.com/ansible/latest/"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def ansible_reference(app, env, node, content):
    """Returns a link into Ansible's documentation, or None; Sphinx then reports the label as unknown."""
    label = node.get("reftarget", "")
    page = ANSIBLE_PAGES.get(label)
    parts = label.split(".")
    if parts[:2] == ["ansible_collections", "ansible"] and len(parts) == 4:
        page = "collections/%s/%s/%s.html" % tuple(parts[1:])
    if page is None:
        return None
    reference = nodes.reference("", "", internal=False, refuri=ANSIBLE_URL + page)
    reference.append(content)
    return reference


def setup(app):
    app.connect("missing-reference", ansible_reference)
