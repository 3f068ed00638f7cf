// Follows the session: shows the steps and the text of a reply being made, and asks for messages whenever something has
// changed. Events only nudge. What is stored comes from its own address, so a lost or repeated event changes nothing.
// Says in words how the line is: `line` events on the document carry "live", "asking" or "lost".

const stream = document.getElementById("stream");
const catchUp = document.getElementById("catch-up");
const log = document.getElementById("log");
const lineState = document.getElementById("line-state");

const ASK_EVERY = 4000; // while nobody tells us
const CONNECT_AGAIN = 5000; // after a refused or failed first connection; later ones the extension tries by itself
const SILENT = 40000; // without any event for so long the connection is dead, whatever it looks like
const PAGE = 50; // so many messages at once: there may be more
const WORDS = {
  live: "",
  asking: "Live updates are interrupted. This page looks for new messages every few seconds.",
  lost: "The connection is lost. You can go on writing; what you send waits here and goes out when it is back.",
};
const latest = !new URLSearchParams(location.search).has("before"); // a page of earlier messages stays as it is

const making = new Map(); // reply id -> {attempt, step, text}, as told since the page was drawn
const asked = new Map(); // id of a waiting reply -> when it last asked by itself
let line = "live";
let asking;
let polling;
let connecting;
let heardAt = Date.now();
let connectedBefore = false;
let busy = false;
let again = false;

function say(state) {
  if (state === line) return;
  line = state;
  lineState.textContent = WORDS[state];
  document.dispatchEvent(new CustomEvent("line", { detail: state }));
}

const rows = () => [...log.querySelectorAll(".message[data-seq], .event[data-seq]")];
const seqOf = (row) => Number(row.dataset.seq);
const lastSeq = () => Math.max(0, ...rows().map(seqOf));

/** Ask for everything after the last message; a few that can still change are asked for along with it. */
function ask() {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    if (!latest || !catchUp.isConnected) return;
    if (busy) { again = true; return; }
    busy = true;
    again = false;
    const before = lastSeq();
    const open = rows().filter((row) => row.matches("[aria-busy=true], .is-failed, .is-stopped, [data-open]")).slice(-20);
    const address = new URL(catchUp.dataset.messages, location.href);
    address.searchParams.set("after", before);
    if (open.length) address.searchParams.set("also", open.map((row) => row.id.replace("message-", "")).join("-"));
    await window.htmx.ajax("GET", address.pathname + address.search, { source: catchUp, target: "#log", swap: "upsert key:data-seq", timeout: 8000 });
    busy = false;
    if (again || lastSeq() - before >= PAGE) ask();
  }, 50);
}

/** Ask how the session stands: title, customer, status, and whether one can write; `records`: the bank's have changed. */
function askState({ carry = false, records = false } = {}) {
  const writing = document.getElementById("writing");
  const address = new URL(catchUp.dataset.state, location.href);
  address.searchParams.set("writing", writing?.dataset.writing ?? "");
  address.searchParams.set("customer", records ? "-" : writing?.dataset.customer ?? "");
  if (carry || document.getElementById("composer-text")?.value.trim()) address.searchParams.set("typed", "1");
  window.htmx.ajax("GET", address.pathname + address.search, { source: catchUp, target: "#writing", swap: "outerHTML swapEmpty:false", timeout: 8000 });
}

/** Show what is known of the replies being made, again after something was swapped. */
function showMaking() {
  for (const [reply, { attempt, step, text }] of making) {
    const article = document.getElementById(`message-${reply}`);
    if (!article) continue;
    if (!article.ariaBusy || attemptOf(article) > Math.max(1, attempt)) { // finished, or begun anew
      making.delete(reply);
      continue;
    }
    const said = article.querySelector("[data-partial]");
    if (said && text.length > said.textContent.length) said.textContent = text;
    const words = article.querySelector(".waiting-text");
    if (words && step) words.textContent = `${step}…`;
  }
}

const attemptOf = (article) => Number(article?.dataset.version.split(" ")[1] ?? 0);

function told(event, what) {
  const { reply, text } = JSON.parse(event.detail.data);
  const article = document.getElementById(`message-${reply}`);
  const before = making.get(reply) ?? { step: "", text: "" };
  making.set(reply, { ...before, attempt: attemptOf(article), [what]: text });
  const said = article?.querySelector("[data-partial]");
  if (said && what === "text") said.textContent = text;
  showMaking();
  document.dispatchEvent(new CustomEvent("log-text"));
  if (!article) ask();
}

function live() {
  clearInterval(polling);
  clearTimeout(connecting);
  polling = connecting = undefined;
  say("live");
}

function interrupted() {
  if (!polling) polling = setInterval(() => { if (document.visibilityState === "visible") ask(); }, ASK_EVERY);
  say(navigator.onLine && line !== "lost" ? "asking" : "lost");
}

/** The extension reconnects by itself once a first connection stood; a refused first one is tried again here. */
function connectAgain() {
  interrupted();
  clearTimeout(connecting);
  connecting = setTimeout(() => {
    if (!stream.isConnected || stream._htmx?.sse) return;
    window.htmx.ajax("GET", stream.getAttribute("hx-sse:connect"), { source: stream, timeout: 10000 });
  }, CONNECT_AGAIN);
}

/** Drop a connection that may be dead and connect at once. */
function reconnect() {
  const connection = stream._htmx?.sse;
  if (connection?.reader) connection.reader.cancel();
  else connection?.delayCanceller?.();
}

const about = (ctx) => (ctx?.sourceElement === stream ? "stream" : ctx?.sourceElement === catchUp ? "messages" : "");

/** Leave out of a swap what the page shows already: it would only lose the focus, a selection or an opened list. */
function leaveOutKnown(tasks) {
  for (const { fragment, swapSpec, target } of tasks) {
    if (!fragment?.children) continue;
    const box = document.getElementById("composer-text");
    const freshBox = fragment.querySelector("#composer-text");
    if (box && freshBox && !freshBox.value) freshBox.value = box.value; // typed since the page asked how things stand
    if (box?.value.trim() && fragment.querySelector("#writing[data-writing=closed]")) {
      // It was asked for before anything was typed: asked again, for a box that takes the text along.
      swapSpec.style = "none";
      askState({ carry: true });
      continue;
    }
    for (const fresh of [...fragment.children]) {
      const shown = fresh.id && document.getElementById(fresh.id);
      if (!shown) continue;
      const said = (article) => article.querySelector("[data-partial]")?.textContent.length ?? 0;
      const same = fresh.dataset.version !== undefined && fresh.dataset.version === shown.dataset.version;
      if ((same && said(fresh) <= said(shown)) || fresh.matches(".day") || shown.hasAttribute("data-editing")) fresh.remove();
    }
    if (!fragment.children.length && target && swapSpec && swapSpec.style !== "upsert") swapSpec.style = "none";
  }
}

if (stream && log) {
  for (const kind of ["step", "partial", "changed", "session", "reload", "gone", "alive"]) {
    stream.addEventListener(kind, () => { heardAt = Date.now(); });
  }
  stream.addEventListener("changed", ask);
  stream.addEventListener("step", (event) => told(event, "step"));
  stream.addEventListener("partial", (event) => told(event, "text"));
  stream.addEventListener("session", (event) => askState({ records: Boolean(JSON.parse(event.detail.data).records) }));
  stream.addEventListener("gone", () => askState());
  stream.addEventListener("reload", () => { ask(); askState(); });

  stream.addEventListener("htmx:sse:after:connection", () => {
    heardAt = Date.now();
    live();
    ask();
    if (connectedBefore) askState(); // what another process changed meanwhile, no event has told
    connectedBefore = true;
  });
  stream.addEventListener("htmx:sse:error", (event) => {
    interrupted();
    if (event.detail.status === 401) ask(); // its answer leads to the sign-in page
    if (event.detail.status === 404) { stream.remove(); askState(); }
  });
  stream.addEventListener("htmx:sse:close", (event) => {
    if (event.detail.reason === "ended") connectAgain();
    if (event.detail.reason === "message") stream.remove();
  });
  document.addEventListener("htmx:response:error", (event) => {
    if (about(event.detail.ctx) === "stream") connectAgain();
    if (about(event.detail.ctx) === "messages" && event.detail.ctx.response.status === 404) askState();
  });
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    if (ctx?.response) return;
    if (about(ctx) === "stream") connectAgain();
    if (about(ctx) === "messages") { interrupted(); say("lost"); }
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    const ours = ctx.response.headers.get("X-Bankside") === "1";
    if (ours && line === "lost") say(polling ? "asking" : "live");
    if (!ours && about(ctx) === "messages") { interrupted(); say("lost"); }
  });
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.detail.ctx.sourceElement?.hasAttribute?.("data-poll")) leaveOutKnown(event.detail.tasks);
  });
  document.addEventListener("htmx:after:swap", showMaking);
  // While the stream tells, a reply being made need not ask as often; one that waits for its turn is told by nobody.
  document.addEventListener("htmx:before:request", (event) => {
    const article = event.detail.ctx.sourceElement;
    if (!article?.matches?.(".message.is-running[data-poll]") || polling) return;
    if (Date.now() - (asked.get(article.id) ?? 0) < 3 * ASK_EVERY) event.preventDefault();
    else asked.set(article.id, Date.now());
  });

  window.addEventListener("offline", () => { interrupted(); say("lost"); });
  window.addEventListener("online", () => { reconnect(); ask(); });
  document.addEventListener("line-lost", () => { interrupted(); say("lost"); });
  document.addEventListener("ask-messages", ask);
  document.addEventListener("ask-state", () => askState());
  document.addEventListener("carry-text", () => askState({ carry: true }));
  document.addEventListener("visibilitychange", () => { heardAt = Date.now(); });
  setInterval(() => {
    if (document.visibilityState !== "visible" || Date.now() - heardAt < SILENT || polling) return;
    interrupted();
    reconnect();
  }, 5000);
}
