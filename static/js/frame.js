/* Small comforts. Every page works without this file. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const writing = (element) => element.matches("input, textarea, select, [contenteditable]");

  /* Menus are <details>: one open at a time; a click elsewhere or Escape closes it. */
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const opened = event.target.closest("details.menu[open], details[data-escape][open]");
      if (opened) { opened.open = false; opened.querySelector("summary").focus(); }
    }
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (document.body.dataset.keys === "off") return;
    if (event.key === "/") {
      const box = document.querySelector("[data-search]");
      if (box && box.checkVisibility()) { event.preventDefault(); box.focus(); }
    } else if (event.key === "?") {
      const help = document.querySelector("[data-shortcuts]");
      if (help) help.click();
    } else {
      /* Other single keys act only while focus is inside their queue. */
      const queue = event.target.closest("[data-queue]");
      const wanted = queue && /^[a-z]$/.test(event.key) && queue.querySelector(`[data-key="${event.key}"]`);
      if (wanted) { event.preventDefault(); wanted.click(); }
    }
  });

  /* What a page, or a piece of one that htmx brought in, needs when it arrives. */
  const arrive = (root) => {
    const summary = root.querySelector(".error-summary") || root.querySelector("[data-focus]");
    if (summary) summary.focus();
    for (const box of all("[data-select-all]", root)) box.hidden = false;
    for (const button of all("[data-copy], [data-print]", root)) button.hidden = false;
  };
  document.addEventListener("DOMContentLoaded", () => arrive(document));
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target;
    arrive(target instanceof Element && target.isConnected ? target : document);
  });

  /* A form is sent once; the pressed button says so. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent && !form.hasAttribute("hx-post")) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) { button.dataset.rest = button.textContent; button.textContent = button.dataset.busy; }
  });
  const rest = () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const button of all("button[aria-busy]")) {
      button.removeAttribute("aria-busy");
      if (button.dataset.rest) button.textContent = button.dataset.rest;
    }
  };
  window.addEventListener("pageshow", (event) => { if (event.persisted) rest(); });
  document.addEventListener("htmx:finally:request", rest);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-print]");
    if (!button) return;
    if (button.hasAttribute("data-print")) { window.print(); return; }
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source ? source.value || source.textContent.trim() : button.dataset.copy);
    const said = document.getElementById("said");
    if (said) said.textContent = "Copied.";
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-select-all]");
    if (!box) return;
    const boxes = all(`input[type=checkbox][name="${box.dataset.selectAll}"]:not(:disabled)`);
    for (const one of boxes) one.checked = box.checked;
    if (boxes[0]) boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* Polling (hx-trigger="every 2s") rests while nobody looks: our CSP forbids
     htmx's own `[condition]` filters, which are evaluated as code. */
  document.addEventListener("htmx:before:request", (event) => {
    const element = event.detail?.ctx?.sourceElement;
    if (document.hidden && element?.hasAttribute("data-poll")) event.preventDefault();
  });
})();
