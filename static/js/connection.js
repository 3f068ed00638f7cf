// What goes wrong between the page and the server is said in words, and nothing typed is lost.
// Also keeps the CSRF token fresh, keeps focus on the page after a swap, and announces what a fragment wants announced.

const notices = () => document.getElementById("notices");
const status = document.getElementById("status");

/** Say a short sentence to screen readers without showing it. */
function announce(sentence) {
  status.textContent = "";
  requestAnimationFrame(() => { status.textContent = sentence; });
}

function notice(sentence, nextStep) {
  const copy = document.getElementById("notice-template").content.cloneNode(true);
  copy.querySelector("[data-notice-sentence]").textContent = sentence;
  copy.querySelector("[data-notice-step]").textContent = nextStep;
  notices()?.replaceChildren(copy);
}

function keepToken(token) {
  if (!token) return;
  document.querySelector("meta[name=csrf-token]").content = token;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
}

const isPoll = (element) => element?.hasAttribute?.("data-poll");
let pollsFailed = 0;

function failed(element) {
  if (isPoll(element)) {
    pollsFailed += 1;
    if (pollsFailed >= 2) document.dispatchEvent(new CustomEvent("line-lost"));
    return;
  }
  if (!element?.closest?.("#composer")) { // what the composer could not send waits in the outbox and says so there
    notice(navigator.onLine ? "The server can't be reached." : "You are offline.", "Try again when the connection is back.");
  }
}

document.addEventListener("htmx:before:response", (event) => {
  const { response, sourceElement } = event.detail.ctx;
  keepToken(response.headers.get("X-CSRF-Token"));
  if (response.headers.get("X-Bankside") === "1") {
    if (response.status >= 400) return;
    if (!isPoll(sourceElement) || pollsFailed) notices()?.replaceChildren();
    pollsFailed = 0;
    return;
  }
  event.preventDefault();
  if (isPoll(sourceElement) || sourceElement?.id === "composer") {
    failed(sourceElement);
    return;
  }
  notice("The server did not answer properly.", "Your text is kept. Try again.");
});

document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (ctx && !ctx.response) failed(ctx.sourceElement);
  else if (error) notice("This page could not show the answer.", "Your text is kept. Load the page again.");
});

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-notice-close]");
  if (!close) return;
  close.closest(".notice").remove();
  (document.getElementById("composer-text") ?? document.getElementById("main")).focus({ preventScroll: true });
});

// "More" is replaced by what it fetched: the focus goes on to the first row of that.
let rowBeforeMore = null;
let focusBefore = "";
document.addEventListener("htmx:before:swap", (event) => {
  focusBefore = document.activeElement?.closest("[id]")?.id ?? "";
  rowBeforeMore = event.detail.ctx.sourceElement?.closest?.(".more")?.previousElementSibling ?? null;
});

// After a swap the focus must not fall back to the top of the page.
document.addEventListener("htmx:after:swap", (event) => {
  const ctx = event.detail.ctx;
  if (rowBeforeMore) {
    rowBeforeMore.nextElementSibling?.querySelector("a")?.focus();
    rowBeforeMore = null;
    return;
  }
  const unfocused = !document.activeElement || document.activeElement === document.body;
  // What the page asked for by itself may replace the very thing the person is at.
  if (isPoll(ctx.sourceElement) && unfocused && focusBefore) {
    const place = document.getElementById(focusBefore);
    (place?.matches("a, button, summary, input, textarea, select") ? place : place?.querySelector("a, button, summary"))?.focus({ preventScroll: true });
  }
  const id = typeof ctx.target === "string" ? ctx.target.replace("#", "") : ctx.target?.id;
  const swapped = id ? document.getElementById(id) : null;
  if (!swapped) return;
  const wanted = swapped.querySelector("[data-focus-always]");
  if (wanted) wanted.focus();
  else if (unfocused && !isPoll(ctx.sourceElement) && id !== "notices") {
    const next = ["[autofocus]", "[data-focus]", "[tabindex='-1']", "a, button, summary"].map((selector) => swapped.querySelector(selector));
    (next.find(Boolean) ?? document.getElementById("main"))?.focus({ preventScroll: true });
  }
  const sentence = (swapped.matches("[data-announce]") ? swapped : swapped.querySelector("[data-announce]"))?.dataset.announce;
  if (sentence) announce(sentence);
});

document.addEventListener("fresh-token", (event) => keepToken(event.detail));
document.addEventListener("announce", (event) => announce(event.detail));
window.addEventListener("offline", () => announce("You are offline. What you type is kept."));
window.addEventListener("online", () => announce("The connection is back."));

// What was typed into a search before the scripts had come, or was put back by the browser, is searched for, too.
window.addEventListener("load", () => {
  for (const box of document.querySelectorAll("form[role=search] input")) {
    if (box.type !== "hidden" && box.value !== box.defaultValue) box.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// A form that makes something is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  else form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});
