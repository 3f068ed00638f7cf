// The conversation: follows new lines unless the reader has scrolled up, tells the server what was seen, copies answers.

const NEAR = 80; // pixels from the end that still count as the end

const log = document.getElementById("log");
const button = document.querySelector("[data-new-messages]");
const ownScroll = () => getComputedStyle(log).overflowY === "auto";
const scroller = () => (ownScroll() ? log : document.scrollingElement);
const atEnd = () => scroller().scrollHeight - scroller().scrollTop - scroller().clientHeight < NEAR;

let following = true;
let seen = 0;
let seenTimer;

function toEnd() {
  scroller().scrollTop = scroller().scrollHeight;
  following = true;
  button.hidden = true;
}

/** Go to the end; but an answer longer than the window is shown from the question on. */
function follow() {
  const questions = log.querySelectorAll(".question");
  const question = questions[questions.length - 1];
  const view = scroller();
  const end = view.scrollHeight - view.clientHeight;
  if (!question) { view.scrollTop = end; return; }
  const top = question.getBoundingClientRect().top - (ownScroll() ? log.getBoundingClientRect().top : 0) + view.scrollTop - 16;
  view.scrollTop = Math.min(end, Math.max(0, top));
}

function grew() {
  if (following) follow();
  else button.hidden = false;
  tellSeen();
}

/** After midnight the separator that says "Today" says "Yesterday", and makes room for a new one. */
function days() {
  const label = log.querySelector("#day-today time");
  if (!label || new Date(label.dateTime).toDateString() === new Date().toDateString()) return;
  log.querySelector("#day-yesterday")?.removeAttribute("id");
  label.textContent = "Yesterday";
  label.closest(".day").id = "day-yesterday";
}

function tellSeen() {
  if (!log.dataset.seenUrl || document.visibilityState !== "visible" || !atEnd()) return;
  clearTimeout(seenTimer);
  seenTimer = setTimeout(sendSeen, 400);
}

async function sendSeen() {
  seenTimer = undefined;
  const rows = [...log.querySelectorAll(".message[data-seq], .event[data-seq]")].filter((row) => !row.ariaBusy);
  const last = Math.max(0, ...rows.map((row) => Number(row.dataset.seq)));
  if (last <= seen) return;
  try {
    const answer = await fetch(log.dataset.seenUrl, {
      method: "POST",
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content, "HX-Request": "true" },
      body: new URLSearchParams({ seq: last }),
      keepalive: true,
    });
    if (answer.ok) seen = last;
  } catch { /* told with the next message */ }
}

async function copy(control) {
  const holder = document.getElementById(control.dataset.copy);
  const answer = holder?.querySelector(".answer") ?? holder; // a whole message, or the part that may be said
  if (!answer) return;
  const text = answer.cloneNode(true);
  for (const extra of text.querySelectorAll("button")) extra.remove();
  if (answer === holder) for (const source of text.querySelectorAll(".part-source")) source.remove();
  for (const mark of text.querySelectorAll(".cite")) {
    const before = mark.previousSibling;
    if (before?.nodeType === 3) before.data = before.data.trimEnd();
    mark.remove();
  }
  const aside = document.createElement("div");
  aside.className = "visually-hidden";
  aside.append(text);
  document.body.append(aside);
  const plain = text.innerText.replace(/\n{3,}/g, "\n\n").trim();
  aside.remove();
  const word = control.querySelector("[data-copy-word]");
  try {
    await navigator.clipboard.writeText(plain);
    word.textContent = "Copied";
    document.dispatchEvent(new CustomEvent("announce", { detail: "Answer copied." }));
  } catch {
    word.textContent = "Not copied";
    document.dispatchEvent(new CustomEvent("announce", { detail: "The browser did not allow copying. Select the text and copy it." }));
  }
  setTimeout(() => { word.textContent = "Copy"; }, 2000);
}

function scrolled() {
  following = atEnd();
  if (following) {
    button.hidden = true;
    tellSeen();
  }
}

if (log) {
  log.addEventListener("scroll", scrolled, { passive: true });
  document.addEventListener("scroll", scrolled, { passive: true });
  document.addEventListener("visibilitychange", () => { days(); tellSeen(); });
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-sign-out]")) { clearTimeout(seenTimer); seenTimer = undefined; } });
  window.addEventListener("pagehide", () => { if (seenTimer) { clearTimeout(seenTimer); sendSeen(); } });
  document.addEventListener("htmx:before:swap", days);
  document.addEventListener("log-text", () => { if (following) follow(); });
  document.addEventListener("log-grew", () => { following = true; toEnd(); });
  // What was sent from under an answer is swapped for itself, closed: the keyboard stays with what opens it again.
  let sentFrom = "";
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.detail.ctx.sourceElement;
    if (form?.matches?.(".instead form, .why form")) sentFrom = form.closest("details").id;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (!sentFrom || event.detail.ctx.target?.id !== sentFrom.replace("why", "rating")) return;
    const opener = document.querySelector(`#${sentFrom} > summary`);
    if (sentFrom.startsWith("instead")) toEnd();
    opener?.focus({ preventScroll: true });
    sentFrom = "";
  });
  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-copy]");
    if (control) copy(control);
  });
  button.addEventListener("click", () => { toEnd(); log.focus({ preventScroll: true }); });
  new MutationObserver((changes) => {
    const real = changes.some((change) => [...change.addedNodes].some((node) => node.nodeType === 1 && node.id !== "sending"));
    if (real) grew();
  }).observe(log, { childList: true, subtree: true });
  let sized = 0; // the first call tells the size it has, not a change
  new ResizeObserver(() => { if (sized++ && following) follow(); }).observe(log);
  if (!location.hash) toEnd();
  days();
  tellSeen();
}
