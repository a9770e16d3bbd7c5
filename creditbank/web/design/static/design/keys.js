// Keyboard shortcuts. A control says its key with data-key="a"; a list of cases with data-rows moves by j and k;
// g then a letter goes to the place with data-go="letter"; / goes to the search; ? explains them.
// A reader turns them off with the switch in the footer (data-shortcuts="off" on <html>).

const root = document.documentElement;
let going = 0;

const typing = (node) =>
  node.isContentEditable || ["TEXTAREA", "SELECT"].includes(node.tagName) ||
  (node.tagName === "INPUT" && !["checkbox", "radio", "button", "submit"].includes(node.type));

const visible = (node) => node && !node.disabled && node.getClientRects().length > 0;

const rows = () => [...document.querySelectorAll("[data-rows] tbody tr, [data-rows] > li")];

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.findIndex((row) => row.classList.contains("cur"));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  all[at]?.classList.remove("cur");
  next.classList.add("cur");
  const target = next.querySelector("a[href], button, input") ?? next;
  target.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  next.dispatchEvent(new CustomEvent("bank:row", { bubbles: true }));
  return true;
}

function choose() {
  const box = document.querySelector("[data-rows] .cur input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

function help() {
  const dialog = document.getElementById("keys-help");
  const list = dialog?.querySelector("[data-keys]");
  if (!list) return false;
  list.replaceChildren();
  const add = (key, label) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    for (const part of key.split(" ")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = part;
      dt.append(kbd, " ");
    }
    dd.textContent = label;
    list.append(dt, dd);
  };
  if (rows().length) {
    add("j k", list.dataset.sayMove);
    add("x", list.dataset.sayChoose);
  }
  const nameOf = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("kbd, .count").forEach((part) => part.remove());
    return node.dataset.keyLabel ?? copy.textContent.trim().replace(/\s+/g, " ");
  };
  document.querySelectorAll("[data-key]").forEach((node) => visible(node) && add(node.dataset.key, nameOf(node)));
  document.querySelectorAll("[data-go]").forEach((node) => add(`g ${node.dataset.go}`, nameOf(node)));
  if (document.querySelector("[data-search]")) add("/", list.dataset.saySearch);
  add("?", list.dataset.sayHelp);
  if (!dialog.open) dialog.showModal();
  return true;
}

function pressed(key) {
  if (going && Date.now() - going < 1500) {
    going = 0;
    const place = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
    place?.click();
    return Boolean(place);
  }
  if (key === "j") return move(1);
  if (key === "k") return move(-1);
  if (key === "x") return choose();
  if (key === "?") return help();
  if (key === "g" && document.querySelector("[data-go]")) {
    going = Date.now();
    return true;
  }
  if (key === "/") {
    const search = document.querySelector("[data-search]");
    search?.focus();
    return Boolean(search);
  }
  const control = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(visible);
  control?.click();
  return Boolean(control);
}

document.addEventListener("keydown", (event) => {
  if (root.dataset.shortcuts === "off" || event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key.length === 1 && pressed(event.key)) event.preventDefault();
});
