// Selecting rows: boxes named "selected" in a form with data-select. Shift selects a range, the box in the head all;
// the batch bar shows how many and how much credit (data-credit, in hundredths) and hides while nothing is chosen.

const boxes = (form) => [...form.querySelectorAll("input[type=checkbox][name=selected]")];
let last = null;

function credit(hundredths) {
  const text = (Math.abs(hundredths) / 100).toFixed(2).replace(/0$/, "");
  return (hundredths < 0 ? "−" : "") + text;
}

function show(form) {
  const all = boxes(form);
  const chosen = all.filter((box) => box.checked);
  all.forEach((box) => box.closest("tr, li")?.classList.toggle("chosen", box.checked));
  const head = form.querySelector("[data-select-all]");
  if (head) {
    head.checked = chosen.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  form.querySelectorAll("[data-batch]").forEach((bar) => {
    bar.hidden = chosen.length === 0;
    const count = bar.querySelector("[data-count]");
    const sum = bar.querySelector("[data-sum]");
    if (count) count.textContent = String(chosen.length);
    if (sum) sum.textContent = credit(chosen.reduce((total, box) => total + Number(box.dataset.credit || 0), 0));
  });
}

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
  const form = box.closest("form[data-select]");
  if (!form) return;
  if (box.matches("[data-select-all]")) {
    boxes(form).forEach((one) => { one.checked = box.checked; });
  } else if (box.name === "selected") {
    const all = boxes(form);
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
    last = box;
  }
  show(form);
});

const start = (root) => root.querySelectorAll("form[data-select]").forEach(show);
start(document);
document.addEventListener("htmx:afterSwap", () => start(document));
