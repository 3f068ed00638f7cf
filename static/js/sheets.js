// On narrow windows the sessions and the customer are sheets. Also: menus that close, and Escape.

const scrim = document.querySelector(".scrim");
let opener = null;

const openSheet = () => document.querySelector("[data-sheet][data-open]");
const sheetMode = (sheet) => getComputedStyle(sheet).position === "fixed";

function open(name, from) {
  const sheet = document.querySelector(`[data-sheet="${name}"]`);
  if (!sheet || !sheetMode(sheet)) return false;
  close(false);
  opener = from;
  sheet.dataset.open = "";
  scrim.hidden = false;
  for (const other of document.querySelectorAll(".shell > *")) other.inert = other !== sheet;
  return sheet;
}

function close(giveFocusBack = true) {
  const sheet = openSheet();
  if (!sheet) return;
  delete sheet.dataset.open;
  scrim.hidden = true;
  for (const other of document.querySelectorAll(".shell > *")) other.inert = false;
  if (giveFocusBack) (opener?.isConnected ? opener : document.getElementById("main")).focus({ preventScroll: true });
  opener = null;
}

document.addEventListener("click", (event) => {
  const opening = event.target.closest("[data-sheet-open]");
  if (opening) {
    const sheet = open(opening.dataset.sheetOpen, opening);
    if (!sheet) return;
    event.preventDefault();
    requestAnimationFrame(() => sheet.querySelector("[data-sheet-focus]")?.focus({ preventScroll: true }));
    return;
  }
  if (event.target.closest("[data-sheet-close]") && openSheet()) {
    event.preventDefault();
    close();
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A citation opens its passage in the case sheet. The click is remembered, so that closing goes back to it.
let cited = null;
document.addEventListener("htmx:before:request", (event) => {
  const element = event.detail.ctx.sourceElement;
  if (element?.matches?.(".cite, .source-link")) cited = element;
});
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  const id = typeof target === "string" ? target.replace("#", "") : target?.id;
  if (id !== "source" || !document.querySelector("#source[data-opened]")) return;
  if (!openSheet()) open("case", cited);
  document.getElementById("source").scrollIntoView({ block: "nearest" });
  document.getElementById("source-title").focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return;
  }
  const keep = event.target.closest?.("form")?.querySelector("[data-escape]");
  if (keep) keep.click();
  else if (openSheet()) close();
  else if (event.target.closest?.("#source") && cited?.isConnected) cited.focus();
});

// A window that grows has no sheets.
window.addEventListener("resize", () => {
  const sheet = openSheet();
  if (sheet && !sheetMode(sheet)) close(false);
});
