// The rule table by keyboard: cells are text until one is written. Arrow keys move, Enter, a click or a letter writes,
// Tab goes on, Escape leaves a cell as it was, Ctrl+D copies the row, Alt with an arrow moves it, Ctrl+Z undoes. Every
// edit is saved by itself under the next revision, one after the other; what could not be saved stays in its cell with
// the reason. Shift with an arrow or a click takes in more cells, Ctrl+C copies them as a sheet does. A block of cells
// pasted from a sheet is written over those from the cursor on; the page that looks at it opens before it is saved.

const editor = document.getElementById("editor");
const status = document.getElementById("said");
const heads = (table) => [...table.tHead.rows[0].cells];
let current = null;
let far = null;
let writing = null;
let queue = Promise.resolve();
let timer = 0;

const cells = (row) => [...row.querySelectorAll("td[data-c]")];
const rowOf = (cell) => cell.closest("tr[data-row]");
const tableOf = (cell) => cell.closest("table.rules");
const text = (cell) => (cell.firstChild && cell.firstChild.nodeType === 3 ? cell.firstChild.data : "");
const form = (table) => table.closest(".card").querySelector("form.tools");

function say(words, wrong = false) {
  status.textContent = words;
  status.classList.toggle("wrong", wrong);
}

function go(cell, focus = true) {
  if (!cell) return;
  for (const one of editor.querySelectorAll('td[aria-selected="true"]')) one.removeAttribute("aria-selected");
  if (current && current !== cell) current.tabIndex = -1;
  far = null;
  current = cell;
  cell.tabIndex = 0;
  cell.setAttribute("aria-selected", "true");
  const tools = form(tableOf(cell));
  for (const other of document.querySelectorAll("form.tools")) {
    const here = other === tools;
    other.elements.row.value = here ? rowOf(cell).dataset.row : "";
    for (const button of other.querySelectorAll("[data-needs-row]")) button.hidden = !here;
  }
  if (focus) cell.focus({ preventScroll: false });
}

function beside(cell, across, down) {
  let row = rowOf(cell);
  let at = cells(row).indexOf(cell) + across;
  const width = cells(row).length;
  if (at < 0) [at, down] = [width - 1, down - 1];
  else if (at >= width) [at, down] = [0, down + 1];
  for (; down > 0 && row; down--) row = row.nextElementSibling;
  for (; down < 0 && row; down++) row = row.previousElementSibling;
  return row ? cells(row)[at] : null;
}

// --- several cells at once

// The cells between the cursor and the far corner, row by row.
function range() {
  if (!far || !current || tableOf(far) !== tableOf(current)) return current ? [[current]] : [];
  const rows = [...tableOf(current).tBodies[0].rows];
  const place = (cell) => [rows.indexOf(rowOf(cell)), cells(rowOf(cell)).indexOf(cell)];
  const [[top, left], [down, right]] = [place(current), place(far)];
  const across = [Math.min(left, right), Math.max(left, right) + 1];
  return rows.slice(Math.min(top, down), Math.max(top, down) + 1).map((row) => cells(row).slice(...across));
}

function reach(cell) {
  if (!cell || tableOf(cell) !== tableOf(current)) return;
  far = cell;
  for (const one of editor.querySelectorAll('td[aria-selected="true"]')) one.removeAttribute("aria-selected");
  for (const one of range().flat()) one.setAttribute("aria-selected", "true");
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

const quoted = (words) => (/[\t\r\n"]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words);

function copied(event) {
  if (writing || !current || document.activeElement !== current || String(getSelection())) return;
  const block = range().map((row) => row.map((cell) => quoted(cell.dataset.typed ?? text(cell))).join("\t"));
  event.clipboardData.setData("text/plain", block.join("\n"));
  event.preventDefault();
  say(editor.dataset.copied.replace("#", range().flat().length));
}

// --- writing a cell

function write(cell, typed) {
  if (writing) leave(true);
  go(cell, false);
  const head = heads(tableOf(cell)).find((one) => one.dataset.c === cell.dataset.c);
  const field = document.createElement(head.hasAttribute("data-long") ? "textarea" : "input");
  const number = rowOf(cell).querySelector(".n").textContent;
  field.setAttribute("aria-label", `${head.textContent} ${number}`);
  field.autocomplete = "off";
  field.spellcheck = false;
  const was = cell.dataset.typed ?? text(cell);
  writing = { cell, field, was, kept: [...cell.childNodes] };
  cell.classList.add("edits");
  cell.replaceChildren(field);
  field.value = typed ?? was;
  if (head.dataset.list && field.tagName === "INPUT") field.setAttribute("list", head.dataset.list);
  field.focus();
  if (typed === undefined) field.select();
}

function leave(keep) {
  const { cell, field, was, kept } = writing;
  const typed = field.value;
  writing = null;
  cell.classList.remove("edits");
  cell.replaceChildren(...kept);
  if (!keep || typed === was) return;
  cell.classList.remove("wrong", "any");
  cell.classList.add("saving");
  cell.textContent = typed;
  cell.dataset.typed = typed;
  send({ op: "cell", table: tableOf(cell).dataset.table, row: rowOf(cell).dataset.row, column: cell.dataset.c, typed });
}

// --- saving

function send(edit) {
  queue = queue.then(() => post(edit)).catch(() => say(editor.dataset.failed, true));
}

async function post(edit) {
  const tools = document.querySelector("form.tools");
  const body = new FormData();
  for (const [name, value] of Object.entries(edit)) body.set(name, value);
  body.set("revision", tools.elements.revision.value);
  const table = document.querySelector(`table.rules[data-table="${edit.table ?? ""}"]`) ?? document.querySelector("table.rules");
  body.set("columns", heads(table).map((head) => head.dataset.c ?? "").join(" "));
  body.set("csrfmiddlewaretoken", tools.elements.csrfmiddlewaretoken.value);
  const cell = edit.column ? document.querySelector(`tr[data-row="${edit.row}"] td[data-c="${edit.column}"]`) : null;
  try {
    const answer = await fetch(editor.dataset.change, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "table" },
      credentials: "same-origin",
    });
    if (answer.status === 409) return again(body);
    if (answer.status !== 200 && answer.status !== 422) throw new Error(String(answer.status));
    const said = await answer.json();
    if (answer.status === 422) return refuse(cell, said.said);
    take(said, edit);
  } catch (error) {
    refuse(cell, [editor.dataset.failed]);
  }
}

function refuse(cell, said) {
  say(said.join(" "), true);
  if (!cell) return;
  cell.classList.remove("saving");
  cell.classList.add("wrong");
  cell.setAttribute("aria-invalid", "true");
  cell.querySelector(".why")?.remove();
  const why = document.createElement("span");
  why.className = "why";
  why.textContent = said.join(" ");
  cell.append(why);
}

// Somebody else saved: the page itself shows what is kept beside what was typed.
function again(body) {
  const whole = document.createElement("form");
  whole.method = "post";
  whole.action = editor.dataset.change;
  for (const [name, value] of body) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    whole.append(field);
  }
  document.body.append(whole);
  whole.submit();
}

function take(said, edit) {
  if (said.address) return location.assign(said.address);
  const table = document.querySelector(`table.rules[data-table="${said.table ?? edit.table}"]`);
  const body = table.tBodies[0];
  const here = current && tableOf(current) === table ? { key: current.dataset.c, row: rowOf(current).dataset.row } : null;
  const held = document.activeElement === current;
  let place = current ? rowOf(current) : null;
  for (const name of said.gone) {
    const row = find(name);
    if (place === row) place = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
  }
  for (const one of said.rows) {
    const held = document.createElement("template");
    held.innerHTML = `<table><tbody>${one.html}</tbody></table>`;
    const made = held.content.querySelector("tr");
    const old = find(one.id);
    const asked = writing && old?.contains(writing.cell);
    if (old && edit.op === "cell") {
      for (const cell of cells(made)) {
        const before = old.querySelector(`td[data-c="${cell.dataset.c}"]`);
        const open = (asked && before === writing.cell) || (before.classList.contains("wrong") && before.dataset.c !== edit.column);
        const busy = before.dataset.typed !== undefined && before.dataset.c !== edit.column;
        if (open || busy) continue;
        before.className = cell.className;
        before.textContent = cell.textContent;
        before.removeAttribute("aria-invalid");
        delete before.dataset.typed;
      }
      continue;
    }
    old?.remove();
    const after = one.after ? find(one.after) : null;
    if (after) after.after(made);
    else body.prepend(made);
    place = made;
  }
  [...body.rows].forEach((row, at) => (row.querySelector(".n").textContent = at + 1));
  for (const field of document.querySelectorAll('input[name="revision"]')) field.value = said.revision;
  document.getElementById("revision-said").textContent = editor.dataset.revisionWord.replace("#", said.revision);
  document.getElementById("undo").hidden = !said.undo;
  say(said.said);
  if (edit.op === "undo" && here && find(here.row)) place = find(here.row);
  if (edit.op !== "cell" && here && place) {
    const key = edit.op === "add" || edit.op === "copy" ? cells(place)[0].dataset.c : here.key;
    current = null;
    go(place.querySelector(`td[data-c="${key}"]`), true);
  } else if (held) go(current);
  if (edit.op !== "cell" && !here && place) go(cells(place)[0]);
  clearTimeout(timer);
  timer = setTimeout(look, 250);
}

const find = (name) => document.querySelector(`tr[data-row="${name}"]`);

// --- what the check says

async function look() {
  const answer = await fetch(editor.dataset.checks, { credentials: "same-origin" });
  if (!answer.ok) return;
  const checks = document.getElementById("checks");
  checks.innerHTML = await answer.text();
  mark();
  window.htmx.ajax("GET", editor.dataset.effects, { target: "#beside", swap: "innerHTML" });
}

function mark() {
  for (const old of document.querySelectorAll(".marks > *")) old.remove();
  for (const row of document.querySelectorAll("tr.clash")) row.classList.remove("clash", "bad", "warn", "info");
  for (const cell of document.querySelectorAll("td.found")) cell.classList.remove("found");
  for (const finding of document.querySelectorAll("#checks .finding")) {
    const said = finding.querySelector(".sentence").lastChild.data.trim();
    for (const name of finding.dataset.rows.split(" ").filter(Boolean)) {
      const row = find(name);
      if (!row) continue;
      if (!row.classList.contains("clash")) row.classList.add("clash", finding.dataset.tone);
      const link = document.createElement("a");
      link.className = `mark ${finding.dataset.tone}`;
      link.href = `#${finding.id}`;
      link.title = said;
      const sign = document.createElement("span");
      sign.setAttribute("aria-hidden", "true");
      sign.textContent = finding.dataset.sign;
      const words = document.createElement("span");
      words.className = "hidden";
      words.textContent = said;
      link.append(sign, words);
      row.querySelector(".marks").append(link);
      if (finding.dataset.key) row.querySelector(`td[data-c="${finding.dataset.key}"]`)?.classList.add("found");
    }
  }
}

// --- keys and mouse

const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function keyInField(event) {
  const { cell } = writing;
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape") leave(false);
  else if (event.key === "Enter" && !event.shiftKey) leave(true);
  else if (event.key === "Tab") leave(true);
  else return;
  event.preventDefault();
  const next = event.key === "Tab" ? beside(cell, event.shiftKey ? -1 : 1, 0) : event.key === "Enter" ? beside(cell, 0, 1) : cell;
  go(next ?? cell);
}

function keyOnCell(event) {
  const row = rowOf(current);
  const edit = (op) => send({ op, table: tableOf(current).dataset.table, row: row.dataset.row });
  if (event.key in MOVES && event.altKey) {
    if (event.key === "ArrowUp") edit("up");
    else if (event.key === "ArrowDown") edit("down");
    else return;
  } else if (event.key in MOVES && event.shiftKey && !event.ctrlKey && !event.metaKey) {
    const [across, down] = MOVES[event.key];
    const corner = far ?? current;
    const at = cells(rowOf(corner)).indexOf(corner) + across;
    if (at >= 0 && at < cells(rowOf(corner)).length) reach(beside(corner, across, down));
  } else if (event.key in MOVES && !event.ctrlKey && !event.metaKey) go(beside(current, ...MOVES[event.key]));
  else if (event.key.toLowerCase() === "d" && (event.ctrlKey || event.metaKey)) edit("copy");
  else if (event.key === "Enter" || event.key === "F2") write(current);
  else if (event.key === "Home") go(cells(row)[0]);
  else if (event.key === "End") go(cells(row).at(-1));
  else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    // The letter itself goes into the field that now has the focus, through whatever input method is on.
    write(current, "");
    return;
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function pasted(event) {
  const block = event.clipboardData?.getData("text/plain") ?? "";
  const cell = event.target.closest?.("td[data-c]");
  if (!cell || !block) return;
  const single = !/[\t\n]/.test(block.replace(/\r?\n$/, ""));
  if (single && writing) return;
  event.preventDefault();
  if (single) {
    write(cell, block.replace(/\r?\n$/, ""));
    return leave(true);
  }
  if (block.length > Number(editor.dataset.limit)) return say(editor.dataset.tooLong, true);
  const paste = document.querySelector(`form[data-paste="${tableOf(cell).dataset.table}"]`);
  if (!paste) return;
  if (writing) leave(false);
  const [corner] = current && tableOf(current) === tableOf(cell) ? range()[0] : [cell];
  paste.elements.after.value = rowOf(corner).dataset.row;
  paste.elements.row.value = rowOf(corner).querySelector(".n").textContent;
  paste.elements.column.value = corner.dataset.c;
  paste.elements.block.value = block;
  paste.submit();
}

if (editor) {
  for (const table of editor.querySelectorAll("table.rules")) {
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    const first = table.querySelector("td[data-c]");
    if (first) first.tabIndex = 0;
  }
  document.querySelector(".keys-said")?.removeAttribute("hidden");
  if (document.querySelector("#checks .finding")) mark();

  // A click with Shift takes cells in: the cursor stays where it is.
  editor.addEventListener("mousedown", (event) => {
    if (event.shiftKey && current && !writing && event.target.closest?.("td[data-c]")) event.preventDefault();
  });
  editor.addEventListener("focusin", (event) => {
    const cell = event.target.closest?.("td[data-c]");
    if (cell && !writing && cell !== current) go(cell, false);
  });
  editor.addEventListener("click", (event) => {
    const cell = event.target.closest?.("td[data-c]");
    if (!cell || writing?.cell === cell || event.target.closest("a, button")) return;
    if (event.shiftKey && current && !writing) reach(cell);
    else write(cell);
  });
  editor.addEventListener("focusout", (event) => {
    if (writing && event.target === writing.field && !writing.cell.contains(event.relatedTarget)) leave(true);
  });
  editor.addEventListener("keydown", (event) => {
    if (writing && event.target === writing.field) keyInField(event);
    else if (current && event.target === current) keyOnCell(event);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input, textarea, select");
    if (field || event.shiftKey || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    if (event.key.toLowerCase() !== "z" || !document.getElementById("undo")) return;
    event.preventDefault();
    send({ op: "undo" });
  });
  document.addEventListener("paste", pasted);
  document.addEventListener("copy", copied);
  document.addEventListener("submit", (event) => {
    const asked = event.target.closest?.("form.tools, form[data-edit]");
    if (!asked || !editor.contains(asked)) return;
    event.preventDefault();
    const edit = Object.fromEntries(new FormData(asked, event.submitter));
    delete edit.csrfmiddlewaretoken;
    delete edit.revision;
    send(edit);
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "checks") mark();
  });
}
