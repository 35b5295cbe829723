// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026 eccops.rapid maintainers
//
// Sorts, searches, filters and pages the tables of report.html. Their rows are in the page as JSON.
// Texts are set as text, never as markup. The document holds one page of rows at a time: 10,000 rows stay quick.

"use strict";
(function () {
  const PAGE = 100, MOST_PRINTED = 2000;
  const data = JSON.parse(document.getElementById("data").textContent);
  const collator = new Intl.Collator(undefined, {numeric: true});
  const ranks = {critical: 0, warning: 1, unchecked: 2, fine: 3};

  function element(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function cell(column, row) {
    const made = element("td", column.type === "number" ? "number" : column.type === "date" ? "date" : "");
    made.dataset.label = column.name;
    const value = row[column.at];
    if (column.type === "state") made.append(element("span", "chip " + value, data.words[value]));
    else if (value === null || value === "") made.textContent = "\u2013";
    else made.append(element("bdi", "", column.type === "number" ? value.toLocaleString("en") : value));
    return made;
  }

  function compare(column) {
    const at = column.at;
    return function (one, other) {
      const a = one[at], b = other[at];
      if (a === b) return 0;
      if (a === null || a === "") return 1;
      if (b === null || b === "") return -1;
      if (column.type === "state") return ranks[a] - ranks[b];
      if (column.type === "number") return a - b;
      if (column.type === "date") return a < b ? -1 : 1;
      return collator.compare(a, b);
    };
  }

  function Table(section, columns, rows) {
    const body = section.querySelector("tbody"), shown = section.querySelector("[data-shown]");
    const search = section.querySelector("input"), selects = [...section.querySelectorAll("select")];
    const previous = section.querySelector("[data-previous]"), next = section.querySelector("[data-next]");
    const texts = rows.map(function (row) { return row.join("\n").toLowerCase(); });
    let found = rows, page = 0, sorted = null;

    function draw(first, count) {
      const drawn = document.createDocumentFragment();
      for (const row of found.slice(first, first + count)) {
        const line = element("tr");
        for (const column of columns) line.append(cell(column, row));
        drawn.append(line);
      }
      body.replaceChildren(drawn);
      const last = Math.min(first + count, found.length), all = found.length.toLocaleString("en");
      shown.textContent = !found.length ? "Nothing matches" : found.length === 1 ? "1 row" :
        (first + 1).toLocaleString("en") + " to " + last.toLocaleString("en") + " of " + all + " rows";
      previous.disabled = first === 0;
      next.disabled = last >= found.length;
    }

    function turn(to) {
      page = to;
      draw(page * PAGE, PAGE);
    }

    function filter() {
      const words = search.value.toLowerCase().split(" ").filter(Boolean);
      const wanted = selects.filter(function (each) { return each.value !== "*"; })
        .map(function (each) { return [Number(each.dataset.at), each.value]; });
      found = rows.filter(function (row, index) {
        return wanted.every(function (pair) { return (row[pair[0]] === null ? "" : row[pair[0]]) === pair[1]; }) &&
          words.every(function (word) { return texts[index].includes(word); });
      });
      if (sorted) sort(sorted.column, sorted.direction);
      turn(0);
    }

    function sort(column, direction) {
      sorted = {column: column, direction: direction};
      const by = compare(column);
      const empty = function (row) { return row[column.at] === null || row[column.at] === ""; };
      found = found.slice().sort(function (a, b) { return empty(a) || empty(b) ? by(a, b) : direction * by(a, b); });
    }

    section.querySelectorAll("th button").forEach(function (button, index) {
      button.addEventListener("click", function () {
        const head = button.parentElement, direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        section.querySelectorAll("th").forEach(function (each) { each.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
        sort(columns[index], direction);
        turn(0);
      });
    });
    search.addEventListener("input", filter);
    selects.forEach(function (each) { each.addEventListener("change", filter); });
    section.querySelector("[data-clear]").addEventListener("click", function () { clear({}); search.focus(); });
    previous.addEventListener("click", function () { turn(page - 1); });
    next.addEventListener("click", function () { turn(page + 1); });
    window.addEventListener("beforeprint", function () { draw(0, MOST_PRINTED); });
    window.addEventListener("afterprint", function () { turn(page); });

    function clear(values) {
      search.value = "";
      selects.forEach(function (each) { each.value = values[each.dataset.name] === undefined ? "*" : values[each.dataset.name]; });
      filter();
    }

    this.show = function (values) {
      clear(values);
      section.scrollIntoView({block: "start"});
      section.querySelector("h2").focus({preventScroll: true});
    };
    section.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && event.target === search) { search.value = ""; filter(); }
    });
    turn(0);
  }

  const tables = {};
  for (const name of ["findings", "all"]) {
    const section = document.getElementById(name);
    if (section) tables[name] = new Table(section, data[name].columns, data[name].rows);
  }
  document.querySelectorAll("[data-show]").forEach(function (button) {
    button.addEventListener("click", function () { tables[button.dataset.show].show(JSON.parse(button.dataset.values)); });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    document.querySelector("#findings input, #all input").focus();
  });

  // The reader's own time beside UTC, unless it is the same.
  document.querySelectorAll("time").forEach(function (each) {
    const at = new Date(each.dateTime);
    if (isNaN(at) || at.getTimezoneOffset() === 0) return;
    const own = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"}).format(at);
    each.textContent += " (" + own + " here)";
  });

  const root = document.documentElement, theme = document.getElementById("theme");
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function name() { theme.textContent = isDark() ? "Light" : "Dark"; }
  try {
    const chosen = localStorage.getItem("credential-report-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch (error) { /* a page from a file may have no storage */ }
  theme.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("credential-report-theme", root.dataset.theme);
    } catch (error) { /* then it lasts until the page is closed */ }
    name();
  });
  name();
  document.querySelectorAll("[data-needs-script]").forEach(function (each) { each.hidden = false; });
})();
