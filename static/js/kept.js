// Longer text in a form is kept in this tab until the server has stored it: over a reload, a server that is gone, the end
// of a sign-in. Forms say with data-keep under which address. Emptied when somebody signs out (js/idle.js).

const PAUSE = 250; // milliseconds of silence before it is written down

const timers = new Map();
const began = new WeakMap(); // what the server had put into a form
const sending = new WeakMap(); // what a form held when it was sent
let unkept = false;

const keyOf = (form) => `draft:${form.dataset.keep}`;
const controls = (form) => [...form.elements].filter((one) => one.name && one.name !== "csrf_token" && one.type !== "file" && one.type !== "submit");

function written(form) {
  return Object.fromEntries(controls(form).filter((one) => one.type !== "radio" || one.checked).map((one) => [one.name, one.value]));
}

/** Whether two readings of a form hold the same words; with which version they began does not matter. */
const same = (one, other) => JSON.stringify({ ...one, base: "" }) === JSON.stringify({ ...other, base: "" });

function read(form) {
  try { return JSON.parse(sessionStorage.getItem(keyOf(form))); } catch { return null; }
}

function forget(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
  unkept = false;
  try { sessionStorage.removeItem(keyOf(form)); } catch { /* nothing was kept */ }
}

function keep(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
  if (same(written(form), began.get(form))) return forget(form);
  try {
    sessionStorage.setItem(keyOf(form), JSON.stringify(written(form)));
    unkept = false;
  } catch {
    unkept = true; // storage is full or forbidden: the browser asks before the page is left
  }
}

function putBack(form, kept) {
  for (const one of controls(form)) {
    if (!(one.name in kept)) continue;
    if (one.type === "radio") one.checked = one.value === kept[one.name];
    else one.value = kept[one.name];
  }
  const folded = form.closest("details");
  if (folded) folded.open = true;
  const note = document.querySelector("[data-kept-note]");
  if (note) note.hidden = false;
}

function begin(form) {
  if (began.has(form)) return;
  began.set(form, written(form));
  const kept = read(form);
  if ("typed" in form.dataset) { // the server gives back what was sent: it is the newest there is, and not stored
    began.set(form, {});
    if (!kept || form.dataset.typed !== "document") keep(form); // a document read in does not push aside what was typed
    history.replaceState(history.state, "", form.dataset.keep); // a reload is a new look at the page, not the form again
  } else if (kept && !same(kept, written(form))) putBack(form, kept);
  else forget(form);
}

const beginAll = () => { for (const form of document.querySelectorAll("form[data-keep]")) begin(form); };

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.dataset.keep) return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(keep, PAUSE, form));
});

const keepAll = () => { for (const form of [...timers.keys()]) keep(form); };
window.addEventListener("pagehide", keepAll);
document.addEventListener("visibilitychange", keepAll);
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-kept-note]")) document.querySelectorAll("form[data-keep]").forEach(forget);
  else if (!event.target.matches("[data-sign-out]")) keepAll();
  else for (const form of [...timers.keys()]) forget(form);
}, { capture: true });
window.addEventListener("beforeunload", (event) => { if (unkept) event.preventDefault(); });

const sentForm = (event) => event.detail.ctx?.sourceElement?.closest?.("form[data-keep]");
document.addEventListener("htmx:before:request", (event) => {
  keepAll();
  const form = sentForm(event);
  if (form && form === event.detail.ctx.sourceElement) sending.set(form, written(form));
});
document.addEventListener("htmx:after:request", (event) => {
  const form = sentForm(event);
  if (!form || !sending.has(form)) return;
  const { response } = event.detail.ctx;
  if (response.status < 400 && response.headers.get("X-Bankside") === "1" && same(sending.get(form), written(form))) forget(form);
  sending.delete(form);
});
document.addEventListener("htmx:after:swap", beginAll);
beginAll();
