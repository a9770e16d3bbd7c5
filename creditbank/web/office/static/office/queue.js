// The queue on a wide screen: moving through the list opens each case beside it; on a narrow one links lead to its page.

const wide = matchMedia("(min-width: 72rem)");
let waiting = 0;

function open(row) {
  const link = row.querySelector("a.row-link");
  const pane = document.getElementById("case");
  if (!link || !pane || !wide.matches) return false;
  const [learner, claim] = link.pathname.split("/").filter(Boolean).slice(-2);
  const key = (learner + claim).replaceAll("-", "");
  if (pane.dataset.case === key) return true;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    window.htmx.ajax("GET", link.href, { target: "#case", swap: "outerHTML" });
    const here = new URL(location.href);
    here.searchParams.set("case", key);
    history.replaceState(null, "", here);
  }, 60);
  return true;
}

document.addEventListener("bank:row", (event) => open(event.target));

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const row = event.target.closest?.(".queue tbody tr");
  if (!row || event.target.closest("input, label, button") || !open(row)) return;
  event.preventDefault();
  document.querySelector(".queue tr.cur")?.classList.remove("cur");
  row.classList.add("cur");
});
