// What could not be sent waits here: kept in this tab with its request id, shown in the conversation with its state in
// words, sent in order and once each when the line is back. The request id makes a repeat harmless: the server answers
// a question it has already stored with that question. Emptied when somebody signs out (js/idle.js).

const log = document.getElementById("log");
const composer = () => document.getElementById("composer");
const box = () => document.getElementById("composer-text");
const chat = document.getElementById("catch-up")?.dataset.messages.match(/sess_[0-9a-z]+/)?.[0];
const KEY = `outbox:${chat}`;
const ANSWER_WITHIN = 15000; // milliseconds
const PAUSES = [1000, 2000, 4000, 8000, 15000];
const WORDS = {
  sending: "Sending…",
  waiting: "Not sent yet. It goes out when the connection is back.",
  stored: "Stored.",
};

let items = [];
let flushing = false;
let failures = 0;
let timer;

function load() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    if (Array.isArray(kept)) items = kept.filter((item) => typeof item?.id === "string" && typeof item?.text === "string");
  } catch { /* nothing readable is kept */ }
}

function keep() {
  try {
    const unsent = items.filter((item) => item.state !== "stored").map(({ id, text, refused }) => ({ id, text, refused }));
    if (unsent.length) sessionStorage.setItem(KEY, JSON.stringify(unsent));
    else sessionStorage.removeItem(KEY);
  } catch { /* storage is full or forbidden: this page keeps them as long as it is open */ }
}

/** As the server makes them: 144 random bits, spelled safely. Works without HTTPS, too. */
function newId() {
  const bits = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bits)).replaceAll("+", "-").replaceAll("/", "_");
}

function words(item) {
  if (item.refused) return `Not sent: ${item.refused}`;
  if (item.state === "waiting" && item.tried && navigator.onLine) return "Not sent: the server can't be reached. It will be tried again.";
  return WORDS[item.state] ?? WORDS.waiting;
}

function button(word, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "text-button";
  made.textContent = word;
  made.addEventListener("click", act);
  return made;
}

/** The item's article, made or brought up to date. */
function show(item) {
  let article = document.getElementById(`unsent-${item.id}`);
  if (!article) {
    article = document.createElement("article");
    article.id = `unsent-${item.id}`;
    article.className = "message question is-sending is-unsent";
    const by = document.createElement("header");
    by.className = "message-by";
    const who = document.createElement("h2");
    who.textContent = "You";
    const said = document.createElement("p");
    said.className = "said";
    said.dir = "auto";
    said.textContent = item.text;
    const foot = document.createElement("p");
    foot.className = "unsent-state";
    by.append(who);
    article.append(by, said, foot);
  }
  const foot = article.querySelector(".unsent-state");
  const sentence = words(item);
  if (foot.dataset.said !== sentence) {
    foot.dataset.said = sentence;
    foot.replaceChildren(sentence);
    if (item.state === "waiting") foot.append(" ", button("Try again", () => { item.refused = ""; failures = 0; flush(); }), " ", button("Take the text back", () => takeBack(item)));
  }
  if (!article.isConnected) {
    log.append(article);
    document.dispatchEvent(new CustomEvent("log-grew"));
  }
}

function drop(item) {
  items = items.filter((other) => other !== item);
  keep();
  document.getElementById(`unsent-${item.id}`)?.remove();
}

function takeBack(item) {
  if (item.state === "sending") return;
  if (!box()) { // the session has ended meanwhile: a box that takes the text along comes first
    const carried = () => { // other things are swapped in meanwhile: not the first swap, the first with a box
      if (!box()) return;
      document.removeEventListener("htmx:after:swap", carried);
      if (items.includes(item)) takeBack(item);
    };
    document.addEventListener("htmx:after:swap", carried);
    document.dispatchEvent(new CustomEvent("carry-text"));
    return;
  }
  drop(item);
  box().value = [item.text, box().value].filter((text) => text.trim()).join("\n");
  box().dispatchEvent(new Event("input", { bubbles: true }));
  box().focus();
}

function later() {
  clearTimeout(timer);
  const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
  failures += 1;
  timer = setTimeout(flush, pause);
}

/** Send what waits, one after the other; stops at the first that does not get through. */
async function flush() {
  if (flushing) return;
  flushing = true;
  clearTimeout(timer);
  try {
    for (const item of [...items]) {
      if (item.state === "stored" || item.refused || !items.includes(item)) continue;
      if (!(await send(item))) break;
    }
  } finally {
    flushing = false;
  }
}

async function send(item) {
  item.state = "sending";
  show(item);
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), ANSWER_WITHIN);
  let answer = null;
  let said = "";
  try {
    answer = await fetch(log.dataset.sendUrl, {
      method: "POST",
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content, "HX-Request": "true" },
      body: new URLSearchParams({ chat_id: chat, request_id: item.id, text: item.text }),
      signal: stop.signal,
    });
    said = await answer.text();
  } catch { answer = null; }
  clearTimeout(clock);
  return settled(item, answer, said);
}

/** What an answer means for the item; true when the next one may go. */
function settled(item, answer, said) {
  item.tried = true;
  const ours = answer?.headers.get("X-Bankside") === "1";
  const token = answer?.headers.get("X-CSRF-Token");
  if (ours && answer.ok) {
    failures = 0;
    item.state = "stored";
    item.becomes = new DOMParser().parseFromString(said, "text/html").querySelector(".question")?.id;
    show(item);
    keep();
    replaced();
    document.dispatchEvent(new CustomEvent("request-made"));
    document.dispatchEvent(new CustomEvent("ask-messages"));
    return true;
  }
  item.state = "waiting";
  if (ours && answer.status === 401) document.dispatchEvent(new CustomEvent("sign-in-ended")); // what waits is kept in this tab
  else if (ours && answer.status === 400 && token && !item.renewed) {
    item.renewed = true;
    document.dispatchEvent(new CustomEvent("fresh-token", { detail: token }));
    later();
  } else if (ours && answer.status < 500 && answer.status !== 429) {
    item.refused = reason(said);
    document.dispatchEvent(new CustomEvent("ask-state")); // the session may have ended, or be gone
  }
  else later();
  keep();
  show(item);
  return Boolean(item.refused);
}

function reason(said) {
  const page = new DOMParser().parseFromString(said, "text/html");
  const found = page.querySelector("#composer-problem, [data-notice-sentence]");
  return found?.textContent.replace(/\s+/g, " ").trim() || "the server refused it.";
}

/** A stored one gives way to the message it became. */
function replaced() {
  for (const item of items.filter((other) => other.state === "stored")) {
    if (!item.becomes || document.getElementById(item.becomes)) drop(item);
  }
}

/** Put a text into the outbox. `id`: the request id it was tried with, so that a text that arrived is not sent twice. */
function put(text, id) {
  const item = { id: id || newId(), text, state: "waiting" };
  items.push(item);
  keep();
  show(item);
  return item;
}

if (log && chat && log.dataset.sendUrl) {
  let sent = null; // the one the composer is sending by itself
  let line = "live";
  load();
  for (const item of items) { item.state = "waiting"; show(item); }
  if (items.some((item) => item.text === box()?.value)) {
    box().value = "";
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (items.length) flush();

  // While others wait, or nothing gets through, a text goes to the end of the queue at once; the box is free again.
  document.addEventListener("submit", (event) => {
    if (event.target !== composer() || composer().dataset.ended || event.defaultPrevented) return;
    const queued = items.some((item) => item.state !== "stored" && !item.refused);
    if (!queued && line !== "lost" && navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const field = composer().elements.request_id;
    put(box().value, field.value);
    field.value = newId();
    document.dispatchEvent(new CustomEvent("composer-emptied"));
    flush();
  }, { capture: true });

  // What the composer sends is written down before it leaves: a tab that dies meanwhile sends it again, with the same id.
  document.addEventListener("htmx:before:request", (event) => {
    if (event.detail.ctx.sourceElement?.id !== "composer" || composer().dataset.ended) return;
    sent = { id: composer().elements.request_id.value, text: box().value };
    try { sessionStorage.setItem(KEY, JSON.stringify([...items.filter((item) => item.state !== "stored").map(({ id, text, refused }) => ({ id, text, refused })), sent])); } catch { /* as above */ }
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    if (!sent || ctx.sourceElement?.id !== "composer") return;
    if (ctx.response.headers.get("X-Bankside") !== "1") return; // a proxy's answer: the question may be stored or not
    sent = null;
    keep();
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (!sent || event.detail.ctx.sourceElement?.id !== "composer") return;
    const { id, text } = sent;
    sent = null;
    put(text, id).tried = true;
    if (composer()) {
      composer().elements.request_id.value = newId();
      document.dispatchEvent(new CustomEvent("composer-emptied"));
    }
    document.dispatchEvent(new CustomEvent("line-lost"));
    later();
  });

  document.addEventListener("htmx:after:swap", replaced);
  document.addEventListener("line", (event) => {
    const was = line;
    line = event.detail;
    if (was === "lost" && line !== "lost") { failures = 0; flush(); }
  });
  window.addEventListener("online", () => { failures = 0; flush(); });
}
