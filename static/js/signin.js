// Signing in: the time zone, the demo people, showing the password, Caps Lock.

const form = document.getElementById("sign-in");
const name = form.elements.namedItem("username");
const password = form.elements.namedItem("password");

for (const field of document.querySelectorAll("[data-time-zone]")) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

for (const person of document.querySelectorAll("[data-demo]")) {
  person.ariaPressed = "false";
  person.addEventListener("click", () => {
    name.value = person.dataset.demo;
    password.value = person.dataset.password;
    for (const other of document.querySelectorAll("[data-demo]")) other.ariaPressed = String(other === person);
    form.querySelector("button[type=submit]").focus();
  });
}

for (const button of document.querySelectorAll("[data-show-password]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.showPassword);
    const show = field.type === "password";
    field.type = show ? "text" : "password";
    button.ariaPressed = String(show);
    button.firstChild.textContent = show ? "Hide" : "Show";
  });
}

const hint = document.getElementById("caps-lock");
password.addEventListener("keyup", (event) => {
  const text = event.getModifierState?.("CapsLock") ? "Caps Lock is on." : "";
  if (hint.textContent !== text) hint.textContent = text;
});
