// The sign-in ends after a while without a request. Two minutes before, the page says so; one key keeps it.
// Also clears drafts from this tab when somebody signs out, or when somebody else has signed in.

const WARNING = 120; // seconds before the end
const COARSE = 60; // seconds by which the server may count a visit late, so that its clock ends first
const AGAIN = 10; // seconds after which a page that is still here may be left once more

const idleSeconds = Number(document.body.dataset.idleSeconds);
const warning = document.getElementById("idle-warning");
const left = warning.querySelector("[data-idle-left]");
const KEY = "bankside:last-request"; // shared by the tabs of one browser

function clearDrafts() {
  for (const key of Object.keys(sessionStorage)) if (/^(draft|outbox):/.test(key)) sessionStorage.removeItem(key);
}

let last = Date.now();
function touched() {
  last = Date.now();
  try { localStorage.setItem(KEY, String(last)); } catch { /* this tab alone then */ }
  if (warning.open) warning.close();
}

const words = (seconds) => (seconds > 90 ? "2 minutes" : seconds > 30 ? "1 minute" : `${Math.max(1, Math.ceil(seconds / 10) * 10)} seconds`);

// Every poll, the clock and the outbox may learn of the end in the same second. Each navigation would abort the one
// before it, and on a slow line the person would never arrive.
let leftAt = -Infinity;
function mayLeave() {
  if (performance.now() - leftAt < AGAIN * 1000) return false;
  leftAt = performance.now();
  return true;
}

/** To the sign-in page, which the server answers with; drafts and what waits stay in this tab. */
function leave() {
  if (mayLeave()) location.reload();
}

function look() {
  const over = (Date.now() - last) / 1000 - idleSeconds;
  const rest = -over - Math.min(COARSE, idleSeconds / 10);
  if (over > 2) {
    leave();
  } else if (rest <= Math.min(WARNING, idleSeconds / 2)) {
    const text = words(rest);
    if (left.textContent !== text) left.textContent = text;
    if (!warning.open) warning.showModal();
  }
}

async function stay() {
  try {
    const answer = await fetch(document.body.dataset.stayUrl, {
      method: "POST",
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content, "HX-Request": "true" },
    });
    if (answer.status === 204) touched();
    else leave();
  } catch {
    document.dispatchEvent(new CustomEvent("announce", { detail: "The server can't be reached. Try again." }));
  }
}

warning.querySelector("[data-idle-stay]").addEventListener("click", stay);
warning.addEventListener("cancel", (event) => { event.preventDefault(); stay(); }); // Escape keeps the sign-in, too
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response, hx } = event.detail.ctx;
  const ours = response?.headers.get("X-Bankside") === "1";
  if (ours && response.status === 401) {
    if (hx.redirect && !mayLeave()) Object.assign(hx, { redirect: "", reswap: "none" }); // htmx would begin anew
  } else if (ours && !sourceElement?.hasAttribute?.("data-poll")) touched();
});
document.addEventListener("sign-in-ended", leave);
document.addEventListener("request-made", touched);
window.addEventListener("storage", (event) => {
  if (event.key !== KEY || !event.newValue) return;
  last = Math.max(last, Number(event.newValue));
  if (warning.open) warning.close();
});
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  clearDrafts();
  leftAt = performance.now(); // a poll that is refused meanwhile would lead the next person back to this page
});

const staff = document.body.dataset.staff;
if (sessionStorage.getItem("staff") && sessionStorage.getItem("staff") !== staff) clearDrafts();
sessionStorage.setItem("staff", staff);
touched();
setInterval(look, 1000);
