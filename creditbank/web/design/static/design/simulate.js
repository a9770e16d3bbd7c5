// Live proposals: a form with data-simulate="ADDRESS" posts what is entered 300 ms after the last change and puts the
// answer (HTML from this bank) into the element with the id in data-simulate-into. The newest question wins; when one
// fails, the last answer stays and data-simulate-failed is said under it. Files are never sent by this way.

const waiting = new WeakMap();

function question(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  return data;
}

async function ask(form) {
  const into = document.getElementById(form.dataset.simulateInto);
  if (!into) return;
  waiting.get(form)?.abort();
  const control = new AbortController();
  waiting.set(form, control);
  into.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.simulate, {
      method: "POST",
      body: question(form),
      headers: { "X-Requested-With": "simulate" },
      credentials: "same-origin",
      signal: control.signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    into.innerHTML = await answer.text();
    into.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name === "AbortError") return;
    into.removeAttribute("aria-busy");
    const note = into.querySelector("[data-simulate-note]") ?? document.createElement("p");
    note.dataset.simulateNote = "";
    note.className = "soft";
    note.textContent = form.dataset.simulateFailed ?? "";
    into.append(note);
  }
}

const timers = new WeakMap();
function later(event) {
  const form = event.target.closest?.("form[data-simulate]");
  if (!form || event.target.type === "file") return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(ask, 300, form));
}
document.addEventListener("input", later);
document.addEventListener("change", later);
