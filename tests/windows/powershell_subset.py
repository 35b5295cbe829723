# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the pure functions of the Windows program from their syntax tree: no PowerShell can be had where these tests run.

Only what those functions use is known here, each with PowerShell 5.1's rules (its conversions, its comparisons that take no notice of
case, arrays that unroll). Anything else raises NotImplementedError: a function that outgrows this subset is no longer plain.
"""

import dotnet
import powershell
from dotnet import NetError, Table, is_true
from powershell_expressions import SKIPPED, Expressions, core, parts


class Returned(Exception):
    """Leaves a function; carries its outputs."""


class Continued(Exception):
    """Goes on with the next round of a loop."""


class Script(Expressions):
    """The functions and the constants of a script; call() runs one of the former."""

    def __init__(self, source):
        root = powershell.parse(source)
        self.functions, self.constants = {}, {}
        for node in powershell.nodes(root, "function_statement"):
            self.functions[powershell.text_of(node.children[1])] = node
        for node in powershell.nodes(root, "assignment_expression"):
            if node.parent.parent.parent.type == "program" and node.children[1].text == b"=":
                try:
                    self._assign(node, self.constants)
                except NotImplementedError:
                    pass  # not pure: no pure function may use it, and one that does says so

    def call(self, name, arguments):
        """Returns what a function returns; raises NetError."""
        node, scope = self.functions[name], {}
        declared = list(powershell.nodes(node, "script_parameter"))
        if len(arguments) > len(declared):
            raise NotImplementedError("%s takes %d parameters" % (name, len(declared)))
        for index, parameter in enumerate(declared):
            value = arguments[index] if index < len(arguments) else None
            for kind in powershell.nodes(parameter, "type_literal"):
                value = dotnet.cast(powershell.text_of(kind), value)
            scope[self._name(parameter.children[-1])] = value
        output = []
        try:
            self._run(next(powershell.nodes(node, "script_block")), scope, output)
        except Returned as returned:
            output += returned.args[0]
        return output[0] if len(output) == 1 else output or None

    # -- statements

    def _run(self, node, scope, output):
        node = core(node)
        if node.type in ("script_block", "script_block_body", "statement_list", "statement_block", "array_expression", "sub_expression"):
            for child in parts(node):
                self._run(child, scope, output)
        elif node.type in SKIPPED:
            return
        elif node.type.endswith("_statement") or node.type in ("continue", "assignment_expression", "post_increment_expression"):
            getattr(self, "_" + node.type)(node, scope, output)
        else:
            value = self.value(node, scope)
            output += value if isinstance(value, list) else [] if value is dotnet.VOID else [value]

    def _assignment_expression(self, node, scope, _output):
        self._assign(node, scope)

    def _assign(self, node, scope):
        target, operator = core(node.children[0]), powershell.text_of(node.children[1])
        value = self.value(node.children[2], scope)
        if operator == "+=":
            value = dotnet.add(self.value(target, scope), value)
        elif operator != "=":
            raise NotImplementedError(operator)
        if target.type == "variable":
            scope[self._name(target)] = value
        elif target.type == "element_access":
            self.value(target.children[0], scope)[self.value(target.children[2], scope)] = value
        else:
            raise NotImplementedError(target.type)

    def _post_increment_expression(self, node, scope, _output):
        scope[self._name(core(node.children[0]))] += 1

    def _flow_control_statement(self, node, scope, _output):
        word, rest = node.children[0].type, parts(node)[1:]
        if word == "throw":
            thrown = self.value(rest[0], scope) if rest else scope["_"]["Exception"]
            raise thrown
        output = []
        if rest:
            self._run(rest[0], scope, output)
        raise Continued() if word == "continue" else Returned(output)

    def _continue(self, _node, _scope, _output):
        raise Continued()

    def _if_statement(self, node, scope, output):
        branches = parts(node)
        for each in [branches] + [parts(clause) for clause in powershell.nodes(node, "elseif_clause") if clause.parent.parent == node]:
            if is_true(self.value(each[1], scope)):
                return self._run(each[2], scope, output)
        if branches[-1].type == "else_clause":
            return self._run(parts(branches[-1])[1], scope, output)
        return None

    def _foreach_statement(self, node, scope, output):
        _foreach, variable, _in, values, body = parts(node)
        values = self.value(values, scope)
        for value in values if isinstance(values, list) else [] if values is None else [values]:
            scope[self._name(variable)] = value
            self._round(body, scope, output)

    def _for_statement(self, node, scope, output):
        _for, first, condition, after, body = parts(node)
        self._run(first, scope, [])
        while is_true(self.value(condition, scope)):
            self._round(body, scope, output)
            self._run(after, scope, [])

    def _while_statement(self, node, scope, output):
        _while, condition, body = parts(node)
        while is_true(self.value(condition, scope)):
            self._round(body, scope, output)

    def _round(self, body, scope, output):
        try:
            self._run(body, scope, output)
        except Continued:
            pass

    def _try_statement(self, node, scope, output):
        _try, body, clauses = parts(node)
        try:
            self._run(body, scope, output)
        except NetError as error:
            (clause,) = parts(clauses)
            scope["_"] = Table(Exception=error)
            self._run(parts(clause)[-1], scope, output)
