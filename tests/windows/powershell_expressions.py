# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Evaluates the expressions of a PowerShell syntax tree; see powershell_subset."""

import dotnet
import dotnet_members
import powershell
from dotnet import Table, is_true, text

WRAPPERS = ("parenthesized_expression", "sub_expression", "statement_block")
SKIPPED = ("comment", "command_argument_sep", "empty_statement", ";", "{", "}", "(", ")", "@(", "$(", ",")


def core(node):
    """Returns the node that a chain of one-child nodes wraps."""
    while len(node.children) == 1 and node.is_named and node.type not in ("array_expression", "expandable_string_literal", "hash_entry", "statement_list"):
        node = node.children[0]
    return node


def parts(node):
    return [child for child in node.children if child.type not in SKIPPED]


class Expressions:
    """value() of a node in a scope, a table of variables. The functions, the constants and how to run them come with powershell_subset."""

    @staticmethod
    def _name(node):
        return powershell.text_of(node).lstrip("$").strip("{}").lower()

    def value(self, node, scope):
        node = core(node)
        method = getattr(self, "_value_" + node.type, None)
        if method:
            return method(node, scope)
        if node.type in WRAPPERS:
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

    def _value_hexadecimal_integer_literal(self, node, _scope):
        return int(powershell.text_of(node), 16)

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

    def _value_bitwise_expression(self, node, scope):
        left, operator, right = parts(node)
        if powershell.text_of(operator) != "-band":
            raise NotImplementedError(powershell.text_of(node))
        return self.value(left, scope) & self.value(right, scope)

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
        return dotnet_members.element(of, index)

    def _value_member_access(self, node, scope):
        return dotnet_members.member(self.value(node.children[0], scope), powershell.text_of(node.children[2]))

    def _value_invokation_expression(self, node, scope):
        arguments = []
        for each in powershell.nodes(node.children[3], "argument_expression"):
            if each.parent.parent == node.children[3]:
                arguments.append(self.value(each, scope))
        return dotnet_members.invoke(self.value(node.children[0], scope), powershell.text_of(node.children[2]), arguments)

    def _value_command(self, node, scope):
        name = powershell.text_of(node.children[0])
        if name not in self.functions:
            raise NotImplementedError("%s is no function of the script" % name)
        return self.call(name, [self.value(each, scope) for each in parts(node.children[1])] if len(node.children) > 1 else [])

    def _value_command_name(self, node, _scope):
        return self.call(powershell.text_of(node), [])
