# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Runs the pure functions of the Windows program from their syntax tree: no PowerShell can be had where these tests run.

Only what those functions use is known here, each with PowerShell 5.1's rules (its conversions, its comparisons that take no notice of
case, arrays that unroll). Anything else raises NotImplementedError: a function that outgrows this subset is no longer plain.
"""

import dotnet
import powershell
from dotnet import NetError, Table, is_true, is_same, text

WRAPPERS = ("parenthesized_expression", "sub_expression", "statement_block")
SKIPPED = ("comment", "command_argument_sep", "empty_statement", ";", "{", "}", "(", ")", "@(", "$(", ",")


class Returned(Exception):
    """Leaves a function; carries its outputs."""


class Continued(Exception):
    """Goes on with the next round of a loop."""


def core(node):
    """Returns the node that a chain of one-child nodes wraps."""
    while len(node.children) == 1 and node.is_named and node.type not in ("array_expression", "expandable_string_literal", "hash_entry", "statement_list"):
        node = node.children[0]
    return node


def parts(node):
    return [child for child in node.children if child.type not in SKIPPED]


class Script:
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
        declared = [each for each in powershell.nodes(node, "script_parameter")]
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

    @staticmethod
    def _name(node):
        return powershell.text_of(node).lstrip("$").strip("{}").lower()

    # -- statements

    def _run(self, node, scope, output):
        node = core(node)
        if node.type in ("script_block", "script_block_body", "statement_list", "statement_block", "array_expression", "sub_expression"):
            for child in parts(node):
                self._run(child, scope, output)
        elif node.type in SKIPPED:
            return
        elif node.type.endswith("_statement") or node.type in ("continue", "return", "assignment_expression", "post_increment_expression"):
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
        elif target.type == "member_access":
            self.value(target.children[0], scope)[powershell.text_of(target.children[2])] = value
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

    def _return(self, _node, _scope, _output):
        raise Returned([])

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

    # -- expressions

    def value(self, node, scope):
        node = core(node)
        method = getattr(self, "_value_" + node.type, None)
        if method:
            return method(node, scope)
        if node.type in WRAPPERS:
            return self.value(parts(node)[0], scope)
        if node.type in ("statement_list",) and len(parts(node)) == 1:
            return self.value(parts(node)[0], scope)
        raise NotImplementedError("%s: %s" % (node.type, powershell.text_of(node)[:80]))

    def _value_variable(self, node, scope):
        name = self._name(node)
        if name in ("null", "true", "false"):
            return {"null": None, "true": True, "false": False}[name]
        if name in scope:
            return scope[name]
        if name in self.constants:
            return self.constants[name]
        raise NotImplementedError("$%s is not known" % name)

    _value_braced_variable = _value_variable

    def _value_decimal_integer_literal(self, node, _scope):
        return int(powershell.text_of(node))

    def _value_real_literal(self, node, _scope):
        return float(powershell.text_of(node))

    def _value_verbatim_string_characters(self, node, _scope):
        return powershell.text_of(node)[1:-1].replace("''", "'")

    def _value_verbatim_here_string_characters(self, node, _scope):
        return powershell.text_of(node)[3:-3]

    def _value_expandable_string_literal(self, node, scope):
        result, at = "", node.start_byte + 1
        whole = node.text
        for child in node.children:
            result += dotnet.unescaped(whole[at - node.start_byte:child.start_byte - node.start_byte].decode()) + text(self.value(child, scope))
            at = child.end_byte
        return result + dotnet.unescaped(whole[at - node.start_byte:-1].decode())

    def _value_array_expression(self, node, scope):
        output = []
        self._run(node, scope, output)
        return output

    def _value_array_literal_expression(self, node, scope):
        return [self.value(each, scope) for each in parts(node)]

    def _value_hash_literal_expression(self, node, scope):
        table = Table()
        for entry in powershell.nodes(node, "hash_entry"):
            if entry.parent.parent == node:
                key = core(entry.children[0])
                table[powershell.text_of(key) if key.type == "simple_name" else self.value(key, scope)] = self.value(parts(entry)[2], scope)
        return table

    def _value_cast_expression(self, node, scope):
        kind = powershell.text_of(node.children[0])
        value = self.value(node.children[1], scope)
        return value if kind == "[ordered]" else dotnet.cast(kind, value)

    def _value_type_literal(self, node, _scope):
        return powershell.text_of(node)

    def _value_expression_with_unary_operator(self, node, scope):
        operator, operand = parts(node)
        if powershell.text_of(operator) != "-not":
            raise NotImplementedError(powershell.text_of(node))
        return not is_true(self.value(operand, scope))

    def _value_logical_expression(self, node, scope):
        left, operator, right = parts(node)
        left = is_true(self.value(left, scope))
        if powershell.text_of(operator) == "-and":
            return left and is_true(self.value(right, scope))
        return left or is_true(self.value(right, scope))

    def _value_comparison_expression(self, node, scope):
        left, operator, right = parts(node)
        return dotnet.compare(powershell.text_of(operator), self.value(left, scope), self.value(right, scope))

    def _value_additive_expression(self, node, scope):
        left, operator, right = parts(node)
        left, right = self.value(left, scope), self.value(right, scope)
        return dotnet.add(left, right) if powershell.text_of(operator) == "+" else left - right

    def _value_multiplicative_expression(self, node, scope):
        left, operator, right = parts(node)
        return dotnet.multiply(powershell.text_of(operator), self.value(left, scope), self.value(right, scope))

    _value_additive_argument_expression = _value_additive_expression

    def _value_format_expression(self, node, scope):
        left, _operator, right = parts(node)
        values = self.value(right, scope)
        return dotnet.formatted(self.value(left, scope), values if isinstance(values, list) else [values])

    def _value_element_access(self, node, scope):
        of, index = self.value(node.children[0], scope), self.value(node.children[2], scope)
        return dotnet.element(of, index)

    def _value_member_access(self, node, scope):
        return dotnet.member(self.value(node.children[0], scope), powershell.text_of(node.children[2]))

    def _value_invokation_expression(self, node, scope):
        arguments = []
        for each in powershell.nodes(node.children[3], "argument_expression"):
            if each.parent.parent == node.children[3]:
                arguments.append(self.value(each, scope))
        return dotnet.invoke(self.value(node.children[0], scope), powershell.text_of(node.children[2]), arguments)

    def _value_command(self, node, scope):
        name = powershell.text_of(node.children[0])
        if name not in self.functions:
            raise NotImplementedError("%s is no function of the script" % name)
        return self.call(name, [self.value(each, scope) for each in parts(node.children[1])] if len(node.children) > 1 else [])


__all__ = ["NetError", "Script", "is_same"]
