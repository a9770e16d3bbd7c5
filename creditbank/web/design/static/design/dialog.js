// Dialogs and what pops up: native <dialog> opened by data-dialog="ID" (its link or form still works without this),
// toasts that can be put away, identifiers that copy, and the target for files.

const region = () => document.getElementById("toasts");

export function toast(words) {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = words;
  region()?.append(note);
  setTimeout(() => note.remove(), 5000);
}

document.addEventListener("click", async (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    toast(copy.dataset.done);
    return;
  }
  event.target.closest?.("[data-dismiss]")?.closest(".toast")?.remove();
  if (event.target instanceof HTMLDialogElement && event.target.classList.contains("drawer")) event.target.close();
});

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const drop = event.target.closest?.(".drop");
    if (!drop) return;
    drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind !== "drop" || event.target.type === "file") return;
    event.preventDefault();
    const input = drop.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
document.addEventListener("dragover", (event) => event.target.closest?.(".drop") && event.preventDefault());

if (navigator.clipboard) document.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
document.querySelectorAll("[data-focus]").forEach((node) => node.focus());
