// The sign-in ends after a while without a request. Two minutes before, the page says so; one key keeps it.
// Also clears drafts from this tab when somebody signs out, or when somebody else has signed in.

const WARNING = 120; // seconds before the end
const COARSE = 60; // seconds by which the server may count a visit late, so that its clock ends first

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

function look() {
  const over = (Date.now() - last) / 1000 - idleSeconds;
  const rest = -over - Math.min(COARSE, idleSeconds / 10);
  if (over > 2) {
    location.reload(); // the server answers with the sign-in page; drafts stay in this tab
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
    else location.reload();
  } catch {
    document.dispatchEvent(new CustomEvent("announce", { detail: "The server can't be reached. Try again." }));
  }
}

warning.querySelector("[data-idle-stay]").addEventListener("click", stay);
warning.addEventListener("cancel", (event) => { event.preventDefault(); stay(); }); // Escape keeps the sign-in, too
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (!sourceElement?.hasAttribute?.("data-poll") && response?.headers.get("X-Bankside") === "1" && response.status !== 401) touched();
});
document.addEventListener("request-made", touched);
window.addEventListener("storage", (event) => {
  if (event.key !== KEY || !event.newValue) return;
  last = Math.max(last, Number(event.newValue));
  if (warning.open) warning.close();
});
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });
document.addEventListener("submit", (event) => { if (event.target.matches("[data-sign-out]")) clearDrafts(); });

const staff = document.body.dataset.staff;
if (sessionStorage.getItem("staff") && sessionStorage.getItem("staff") !== staff) clearDrafts();
sessionStorage.setItem("staff", staff);
touched();
setInterval(look, 1000);
