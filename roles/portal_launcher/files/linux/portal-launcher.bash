# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
# shellcheck shell=bash
# Completion of portal-launcher's options for bash.

_portal_launcher() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous=""
    if [ "$COMP_CWORD" -gt 0 ]; then
        previous="${COMP_WORDS[COMP_CWORD - 1]}"
    fi
    COMPREPLY=()
    if [ "$previous" = "--configuration" ]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ "$current" == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--number --check --log-in --configuration --stdin --version --help" -- "$current")
    fi
}

complete -F _portal_launcher portal-launcher
