/* The formula editor: suggestions under the caret, help to insert, fixes to apply.
   In a plan's file it does the same wherever a formula stands. Every formula and every
   file can be written, checked and saved without this script. */
(() => {
  "use strict";
  const SHOWN = 8;
  const source = document.getElementById("formula-names");
  const list = document.getElementById("formula-suggestions");
  if (!source || !list) return;
  const read = (element) => JSON.parse(element.textContent).map((one) => ({ ...one, low: one.shows.toLowerCase() }));
  let names = read(source);
  const said = document.getElementById("formula-said");
  const say = (words) => { if (said) said.textContent = words; };
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const isFile = (area) => area.hasAttribute("data-plan-file");
  let field = null; /* the formula that is being written, or was last */
  let found = [];
  let active = -1;

  /* In a plan's file the key tells what is a formula, in components and measures. */
  const KEY = /(?:^|[\s{,-])([A-Za-z_]\w*):(?=\s|$)/g;
  const FORMULAS = /^(sum|value|where|by|amount|base|when|while|cap|floor|payable_when|keeps|times)$/;
  const indent = (line) => line.search(/[^\s-]/);
  const above = (lines, than) => {
    for (let at = lines.length - 1; at >= 0; at -= 1) {
      const own = indent(lines[at]);
      if (own >= 0 && own < than) return at;
    }
    return -1;
  };
  const holdsFormula = (lines, line, key, at) =>
    FORMULAS.test(key) || /\bsteps:\s*\{[^}]*$/.test(line.slice(0, at + 1)) ||
    /^\s*(-\s+)?steps:\s*$/.test(lines[above(lines, indent(line))] || "");
  const inFile = (before) => {
    const lines = before.split("\n");
    const section = lines.findLast((line) => /^[A-Za-z_]/.test(line)) || "";
    if (!/^(components|measures):/.test(section)) return null;
    const line = lines.pop();
    const key = [...line.matchAll(KEY)].pop();
    if (key) return holdsFormula(lines, line, key[1], key.index) ? line.slice(key.index + key[0].length) : null;
    /* Without a key it goes on from the line that has it. */
    const from = above(lines, indent(line) < 0 ? line.length + 1 : indent(line));
    if (from < 0) return null;
    const parent = lines[from];
    const owner = [...parent.matchAll(KEY)].pop();
    return owner && holdsFormula(lines.slice(0, from), parent, owner[1], owner.index) ? line : null;
  };
  const formulaBefore = (area) => {
    const before = area.value.slice(0, area.selectionStart);
    if (!isFile(area)) return before;
    const found = inFile(before);
    return found === null ? null : found.replace(/^\s*["']/, ""); /* YAML's own quote */
  };

  /* Where suggestions come from: the word that ends at the caret; null where none does,
     undefined where no formula can stand. */
  const wordBefore = (area) => {
    const before = formulaBefore(area);
    if (before === null) return undefined;
    const line = before.replace(/"[^"\n]*"|'[^'\n]*'/g, "");
    if (/["']/.test(line) || (isFile(area) && /(^|\s)#/.test(line))) return undefined; /* inside a text */
    const match = /[A-Za-z_][A-Za-z0-9_.]*$/.exec(before);
    return match ? match[0] : null;
  };
  const rank = (one, word) => {
    if (one.low.startsWith(word)) return 0;
    if (one.low.split("(")[0].split(/[._]/).some((part) => part.startsWith(word))) return 1;
    return word.length > 1 && one.low.split("(")[0].includes(word) ? 2 : 3;
  };
  const matching = (word) => {
    const low = word.toLowerCase();
    const ranked = names.map((one) => [rank(one, low), one]).filter(([place, one]) => place < 3 && one.insert !== word);
    ranked.sort((a, b) => a[0] - b[0]);
    return ranked.map(([, one]) => one);
  };

  /* A twin of the field tells where the caret is. */
  const caretPlace = (area) => {
    const twin = document.createElement("div");
    const style = getComputedStyle(area);
    for (const key of ["font", "letterSpacing", "padding", "borderWidth", "borderStyle", "lineHeight", "boxSizing", "tabSize"]) twin.style[key] = style[key];
    const wraps = style.whiteSpace === "pre" ? "pre" : "pre-wrap";
    Object.assign(twin.style, { position: "absolute", visibility: "hidden", whiteSpace: wraps, overflowWrap: "break-word", inlineSize: `${area.offsetWidth}px` });
    twin.textContent = area.value.slice(0, area.selectionStart);
    const mark = document.createElement("span");
    mark.textContent = "\u200b";
    twin.append(mark);
    document.body.append(twin);
    const place = { left: mark.offsetLeft - area.scrollLeft, top: mark.offsetTop + mark.offsetHeight - area.scrollTop };
    twin.remove();
    return place;
  };

  const close = () => {
    list.hidden = true;
    found = [];
    active = -1;
    if (field) field.removeAttribute("aria-activedescendant");
  };
  const mark = (place) => {
    active = place;
    all('[role="option"]', list).forEach((option, at) => {
      option.setAttribute("aria-selected", at === active ? "true" : "false");
      if (at === active) option.scrollIntoView({ block: "nearest" });
    });
    field.setAttribute("aria-activedescendant", `formula-option-${active}`);
  };
  const option = (one, at) => {
    const part = document.createElement("div");
    part.id = `formula-option-${at}`;
    part.setAttribute("role", "option");
    part.setAttribute("aria-selected", "false");
    const name = document.createElement("code");
    name.textContent = one.shows;
    const words = document.createElement("span");
    words.textContent = one.says;
    part.append(name, words);
    part.addEventListener("mousedown", (event) => { event.preventDefault(); take(at); });
    return part;
  };
  const open = (asked) => {
    const word = wordBefore(field);
    const every = word ? matching(word) : word === null && asked ? names : [];
    if (!every.length || field.selectionStart !== field.selectionEnd) {
      const was = !list.hidden;
      close();
      if (was || asked) say("No suggestions.");
      return;
    }
    found = every.slice(0, SHOWN);
    active = -1;
    list.replaceChildren(...found.map(option));
    field.removeAttribute("aria-activedescendant");
    list.hidden = false;
    const place = caretPlace(field);
    const area = field.getBoundingClientRect();
    const left = Math.min(area.left + place.left, document.documentElement.clientWidth - list.offsetWidth - 8);
    list.style.left = `${Math.max(8, left) + scrollX}px`;
    list.style.top = `${area.top + place.top + 4 + scrollY}px`;
    const more = every.length > SHOWN ? `, the first ${SHOWN} are shown` : "";
    say(`${every.length} suggestion${every.length === 1 ? "" : "s"}${more}. Down arrow to choose.`);
  };

  /* setRangeText keeps the field; the event tells the check that the text is another. */
  const replace = (area, start, end, text, caret) => {
    area.focus();
    area.setRangeText(text, start, end, "end");
    if (caret !== undefined) area.setSelectionRange(caret, caret);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const put = (area, start, end, insert) => {
    const calls = insert.endsWith("(");
    const bracket = calls && area.value[end] !== "(" ? "()" : "";
    const text = calls ? insert.slice(0, -1) + bracket : insert;
    const caret = start + insert.length;
    replace(area, start, end, text, caret);
  };
  const take = (at) => {
    const one = found[at];
    const caret = field.selectionStart;
    const word = wordBefore(field) || "";
    close();
    put(field, caret - word.length, caret, one.insert);
    close();
    say(`${one.shows} inserted.`);
  };

  const ready = (area) => {
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-haspopup", "listbox");
    area.setAttribute("aria-controls", list.id);
  };
  const isFormula = (element) => element instanceof HTMLTextAreaElement && element.matches("[data-formula], [data-plan-file]");

  document.addEventListener("focusin", (event) => { if (isFormula(event.target)) field = event.target; });
  document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
  document.addEventListener("input", (event) => {
    if (!isFormula(event.target)) return;
    field = event.target;
    open(false);
  });
  document.addEventListener("keydown", (event) => {
    if (!isFormula(event.target)) return;
    field = event.target;
    const { key } = event;
    if (event.ctrlKey && key === " ") { event.preventDefault(); open(true); return; }
    if (list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "ArrowDown") { event.preventDefault(); mark((active + 1) % found.length); }
    else if (key === "ArrowUp") { event.preventDefault(); mark((active <= 0 ? found.length : active) - 1); }
    else if (key === "Enter" && active >= 0) { event.preventDefault(); take(active); }
    else if (key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); say("Suggestions closed."); }
    else if (["ArrowLeft", "ArrowRight", "Home", "End", "Tab"].includes(key)) close(); /* Tab goes on */
  }, true);
  addEventListener("resize", close);
  document.addEventListener("scroll", (event) => { if (event.target !== list) close(); }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-edit], [data-show], [data-insert]");
    if (!button) return;
    const { edit, show, insert, start, end, text } = button.dataset;
    if (insert !== undefined) {
      const area = field || document.querySelector("textarea[data-formula], textarea[data-plan-file]");
      if (!area) return;
      const opened = area.closest("details");
      if (opened) opened.open = true;
      put(area, area.selectionStart, area.selectionEnd, insert);
      close();
      say(`${insert.replace("(", "")} inserted.`);
      return;
    }
    const area = document.getElementById(edit || show);
    if (!area) return;
    /* The server counts characters; a script counts half characters of some. */
    const units = (count) => [...area.value.slice(0)].slice(0, count).join("").length;
    if (edit) {
      replace(area, units(Number(start)), units(Number(end)), text);
      close();
      say("The formula was changed.");
    } else {
      area.focus();
      area.setSelectionRange(units(Number(start)), units(Number(end)));
    }
  });

  /* What the check answers is also said by the field itself. */
  const judged = (root) => {
    for (const says of all(".formula-says", root)) {
      const area = document.getElementById(says.id.replace(/-says$/, ""));
      if (!area) continue;
      if (says.textContent.trim()) area.setAttribute("aria-invalid", "true");
      else area.removeAttribute("aria-invalid");
    }
  };
  document.addEventListener("htmx:after:swap", () => {
    judged(document);
    /* The check read the plan as it is typed: its names are those of now. */
    const now = document.getElementById("formula-names-now");
    if (now) names = read(now);
  });

  const search = document.querySelector("[data-formula-search]");
  if (search) {
    search.hidden = false;
    search.querySelector("input").addEventListener("input", (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      let count = 0;
      for (const group of all("[data-formula-group]")) {
        let some = 0;
        for (const entry of all("[data-formula-entry]", group)) {
          entry.hidden = Boolean(wanted) && !entry.dataset.formulaEntry.toLowerCase().includes(wanted);
          if (!entry.hidden) some += 1;
        }
        group.hidden = !some;
        group.open = Boolean(wanted) && some > 0;
        count += some;
      }
      say(wanted ? `${count} found.` : "");
    });
  }
  for (const part of all("[data-insert], [data-formula-script]")) part.hidden = false;
  for (const area of all("textarea")) if (isFormula(area)) ready(area);
})();
