// Follows the session: shows the steps of a reply being made, and asks for messages whenever something has changed.
// Events only nudge. What is shown comes from the messages' own address, so a lost or repeated event changes nothing.

const stream = document.getElementById("stream");
const log = document.getElementById("log");
const line = document.getElementById("line-state");

const ASK_EVERY = 4000; // while nobody tells us
const FIRST_TRY_AGAIN = 5000;

let asking;
let polling;

/** The number before the first message that can still change, else the last one's. */
function known() {
  const rows = [...log.querySelectorAll(".message[data-seq]")];
  const open = rows.filter((row) => row.matches("[aria-busy=true], .is-failed, .is-stopped"));
  const seqs = (open.length ? open : rows).map((row) => Number(row.dataset.seq));
  if (!seqs.length) return 0;
  return open.length ? Math.min(...seqs) - 1 : Math.max(...seqs);
}

function ask() {
  clearTimeout(asking);
  asking = setTimeout(() => {
    const address = `${stream.dataset.messages}?after=${known()}`;
    window.htmx.ajax("GET", address, { source: stream, target: "#log", swap: "upsert key:data-seq" });
  }, 60);
}

function live() {
  clearInterval(polling);
  polling = undefined;
  if (line) line.textContent = "";
}

function interrupted() {
  if (polling) return;
  polling = setInterval(() => { if (document.visibilityState === "visible") ask(); }, ASK_EVERY);
  if (line) line.textContent = "Live updates are interrupted. This page looks for new messages every few seconds.";
}

function step(event) {
  const { reply, text } = JSON.parse(event.detail.data);
  const waiting = document.querySelector(`#message-${reply} .waiting-text`);
  if (waiting) waiting.textContent = `${text}…`;
}

/** The extension reconnects by itself once a first connection stood; a refused first one is tried again here. */
function tryAgain() {
  setTimeout(() => {
    if (!stream.isConnected || stream._htmx?.sse) return;
    window.htmx.ajax("GET", stream.getAttribute("hx-sse:connect"), { source: stream });
  }, FIRST_TRY_AGAIN);
}

if (stream && log) {
  stream.addEventListener("changed", ask);
  stream.addEventListener("step", step);
  stream.addEventListener("session", () => document.dispatchEvent(new CustomEvent("session-changed")));
  stream.addEventListener("gone", ask);
  stream.addEventListener("htmx:sse:after:connection", () => { live(); ask(); });
  stream.addEventListener("htmx:sse:error", interrupted);
  stream.addEventListener("htmx:sse:close", (event) => { if (event.detail.reason === "ended") { interrupted(); tryAgain(); } });
  stream.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.request.action.includes("/events")) { interrupted(); tryAgain(); }
  });
  stream.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx?.request.action.includes("/events")) { interrupted(); tryAgain(); }
  });
}
