// The box to write in: Enter sends, the draft is kept, the counter warns, focus stays.

const DRAFT_PAUSE = 600; // milliseconds of silence before the draft goes to the server
const COUNT_FROM = 3500; // characters

const form = () => document.getElementById("composer");
const box = () => document.getElementById("composer-text");
const length = (text) => [...text].length;
const draftKey = () => `draft:${form()?.dataset.chat}`;
const token = () => document.querySelector("meta[name=csrf-token]").content;

let timer;
let savingDraft = false;
let keptWhileSuggesting = null;
let beforeSending = null;

function remember(text) {
  try {
    if (text) sessionStorage.setItem(draftKey(), text);
    else sessionStorage.removeItem(draftKey());
  } catch { /* storage is full or forbidden: the server's draft remains */ }
}

async function saveDraft() {
  const url = form()?.dataset.draftUrl;
  if (!url || !box()) return;
  const text = box().value;
  savingDraft = true;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": token(), "HX-Request": "true" },
      body: new URLSearchParams({ text }),
      keepalive: true,
    });
    const stored = answer.ok && answer.headers.get("X-Bankside") === "1" && !answer.redirected;
    if (stored) {
      document.dispatchEvent(new CustomEvent("request-made"));
      if (box()?.value === text) remember("");
    }
  } catch { /* offline: the text is in sessionStorage and goes out with the next change */ }
  savingDraft = false;
}

function grow() {
  if (!box() || CSS.supports("field-sizing", "content")) return;
  box().style.height = "auto";
  box().style.height = `${box().scrollHeight}px`;
}

function count() {
  const field = form()?.querySelector("[data-count]");
  if (!field) return;
  const limit = Number(box().dataset.limit);
  const used = length(box().value);
  const number = (value) => value.toLocaleString("en-GB");
  const wasOver = field.classList.contains("is-over");
  field.hidden = used < COUNT_FROM;
  field.classList.toggle("is-over", used > limit);
  field.textContent = used > limit ? `${number(used - limit)} too many of ${number(limit)}` : `${number(used)} of ${number(limit)}`;
  if (used > limit !== wasOver) say(used > limit ? `Too long: ${number(limit)} characters at most.` : "Short enough to send.");
}

function say(sentence) {
  document.dispatchEvent(new CustomEvent("announce", { detail: sentence }));
}

/** Whether what stands in the box can be sent; says why not. */
function sendable() {
  const text = box().value;
  if (!text.trim()) {
    say("Write something first.");
    box().focus();
    return false;
  }
  if (length(text) > Number(box().dataset.limit)) {
    say(`Too long: ${box().dataset.limit} characters at most. Your text is kept.`);
    box().focus();
    return false;
  }
  return true;
}

document.addEventListener("input", (event) => {
  if (event.target !== box()) return;
  grow();
  count();
  if (form().dataset.ended) return;
  remember(box().value);
  clearTimeout(timer);
  timer = setTimeout(saveDraft, DRAFT_PAUSE);
});

document.addEventListener("keydown", (event) => {
  if (event.target !== box() || form().dataset.ended) return;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  if (!form().classList.contains("htmx-request")) form().requestSubmit(form().querySelector(".send"));
});

document.addEventListener("submit", (event) => {
  if (event.target === form() && !form().dataset.ended && !sendable()) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, { capture: true });

// A suggestion is sent by itself; what was being typed comes back afterwards.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-suggest]");
  if (!chip || !form() || form().dataset.ended) return;
  event.preventDefault();
  if (form().classList.contains("htmx-request")) return;
  keptWhileSuggesting = box().value;
  box().value = chip.value;
  form().requestSubmit(form().querySelector(".send"));
});

/** Show the question at once, before the server has it. Screen readers hear the stored one. */
function showSending(text) {
  const log = document.getElementById("log");
  if (!log) return;
  const article = document.createElement("div");
  article.className = "message question is-sending";
  article.id = "sending";
  article.ariaHidden = "true";
  const by = document.createElement("p");
  by.className = "message-by";
  by.textContent = "Sending…";
  const said = document.createElement("p");
  said.className = "said";
  said.dir = "auto";
  said.textContent = text;
  article.append(by, said);
  log.append(article);
  document.dispatchEvent(new CustomEvent("log-grew"));
}

const fromComposer = (event) => event.detail.ctx?.sourceElement?.id === "composer";

document.addEventListener("htmx:before:request", (event) => {
  if (!fromComposer(event)) return;
  clearTimeout(timer);
  beforeSending = box().value;
  box().readOnly = true;
  form().ariaBusy = "true";
  form().querySelector("[data-send-word]").textContent = "Sending…";
  showSending(beforeSending);
});

document.addEventListener("htmx:before:swap", (event) => {
  if (!fromComposer(event)) return;
  document.getElementById("sending")?.remove();
  box()?.removeAttribute("style"); // htmx carries style attributes over, which the content policy forbids
});

document.addEventListener("htmx:finally:request", (event) => {
  if (beforeSending === null || event.detail.ctx?.request?.method !== "POST") return;
  document.getElementById("sending")?.remove();
  if (!box()) return;
  box().readOnly = false;
  form().removeAttribute("aria-busy");
  const word = form().querySelector("[data-send-word]");
  if (word) word.textContent = "Send";
  const sent = event.detail.ctx.response?.ok ?? event.detail.ctx.response?.raw?.ok;
  if (sent && !box().value) remember("");
  if (sent && savingDraft) saveDraft(); // a draft that was on its way must not come back as one
  if (keptWhileSuggesting !== null) {
    if (sent || keptWhileSuggesting) box().value = keptWhileSuggesting;
    remember(box().value);
    keptWhileSuggesting = null;
  }
  beforeSending = null;
  grow();
  count();
  box().focus({ preventScroll: true });
});

// The outbox has taken the text: the box is free for the next one, or for what a suggestion had pushed aside.
document.addEventListener("composer-emptied", () => {
  clearTimeout(timer);
  box().value = keptWhileSuggesting ?? "";
  keptWhileSuggesting = null;
  remember(box().value);
  grow();
  count();
  box().focus({ preventScroll: true });
});

// Another place to write is swapped in, because the session has ended or was reopened: what was typed moves along.
let moving = "";
document.addEventListener("htmx:before:swap", (event) => {
  moving = event.detail.tasks.some((task) => (task.target?.id ?? task.target) === "writing" && task.swapSpec.style !== "none") ? (box()?.value ?? "") : "";
});
document.addEventListener("htmx:after:swap", () => {
  if (!moving || !box()) return;
  if (!box().value) box().value = moving;
  moving = "";
  grow();
  count();
});

// The question before an answer goes back into the box, to be asked in other words.
document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-reask]");
  if (!control || !box()) return;
  const seq = Number(control.closest(".message").dataset.seq);
  const question = document.querySelector(`.question[data-seq="${seq - 1}"] .said`);
  if (!question) return;
  box().value = [question.textContent, box().value].filter((text) => text.trim()).join("\n");
  box().dispatchEvent(new Event("input", { bubbles: true }));
  box().focus();
  box().setSelectionRange(question.textContent.length, question.textContent.length);
});

function begin() {
  if (!box()) return;
  let kept = "";
  try { kept = sessionStorage.getItem(draftKey()) ?? ""; } catch { /* no storage */ }
  if (kept && kept !== box().value) {
    box().value = kept;
    saveDraft();
  }
  grow();
  count();
  const narrow = matchMedia("(width < 48rem)").matches;
  if (!location.hash && !narrow && document.activeElement === document.body) {
    box().focus({ preventScroll: true });
    box().setSelectionRange(box().value.length, box().value.length);
  }
}

window.addEventListener("pagehide", () => { clearTimeout(timer); });
begin();
