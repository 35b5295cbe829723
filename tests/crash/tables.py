# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Tables that tests fill and that are printed after the last one."""

#: {title: list of rows, each a dict with the same keys}
ALL = {}


def add(title, **row):
    ALL.setdefault(title, []).append(row)


def lines(rows):
    """Yields the rows as lines of text, the column names first."""
    names = list(rows[0])
    widths = [max(len(str(value)) for value in [name, *(row[name] for row in rows)]) for name in names]
    for values in [names, *(row.values() for row in rows)]:
        yield "  ".join(str(value).ljust(width) for value, width in zip(values, widths)).rstrip()
