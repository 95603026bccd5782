// What the pages do beyond being read: keys, the tree of steps, live update, feedback, choosing traces to compare.
// Text of a trace enters the page as text nodes, or as HTML that the server has escaped.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const csrf = one('meta[name="csrf"]').content;
const trace = one("#trace");

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

function say(text) {
  const toast = one("#said");
  toast.textContent = text;
  toast.classList.add("on");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => toast.classList.remove("on"), 3500);
}

async function get(path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || `the viewer answered ${answer.status}`);
  return answer;
}

// The server's own page, again: its parts replace those that are shown.
async function refresh(...selectors) {
  const fresh = new DOMParser().parseFromString(await (await get(location.href)).text(), "text/html");
  for (const selector of selectors) {
    const [old, now] = [one(selector), one(selector, fresh)];
    if (old && now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
  }
}

/* ---- figures, as report/figures.py writes them ---- */

function duration(ns) {
  if (ns === null) return "";
  for (const [size, unit] of [[3.6e12, "h"], [6e10, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "us"]]) {
    if (ns >= size * 0.9995) return `${ns / size < 10 ? (ns / size).toFixed(1) : Math.round(ns / size)} ${unit}`;
  }
  return `${ns} ns`;
}
const score = (value) => (value === null ? "" : value >= 0.995 ? "1.0" : value.toFixed(2).replace(/^0/, ""));
const level = (value) => (value === null ? "" : value >= 0.7 ? "high" : value >= 0.4 ? "middle" : "low");

/* ---- the tree: of however many steps, only the rows in sight are in the page ---- */

const ROW = 28;
const NONE = [];

class Tree {
  constructor(box) {
    this.box = box;
    this.rows = one("#tree-rows");
    this.folded = new Set();
    this.everything = false;
    this.selected = -1;
    this.drawn = new Map(); // lines that are in the page, with their rows
    this.spare = []; // rows that show nothing now
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    box.addEventListener("scrollend", () => this.order());
    this.height = box.clientHeight;
    new ResizeObserver(() => {
      this.height = box.clientHeight;
      this.draw();
    }).observe(box);
    box.addEventListener("click", (event) => {
      const row = event.target.closest(".step-row");
      if (!row) return;
      const step = Number(row.dataset.number);
      if (event.target.classList.contains("fold")) this.fold(step);
      else this.choose(step);
    });
    one("#tree-all").addEventListener("click", () => this.showAll(!this.everything));
  }

  async load() {
    this.take(await (await get(`/traces/${trace.dataset.trace}/outline`)).json());
  }

  // Show these steps: at first those that stand in the page, of a long trace its beginning.
  take({ count, duration, steps, words, rows }) {
    const selected = this.steps?.[this.selected]?.id;
    const folded = [...this.folded].map((number) => this.steps[number].id);
    this.duration = duration || 1;
    this.count = count;
    this.place = new Map();
    this.steps = steps.map(([id, parent, name, kind, status, start, took, plumbing, tokens], number) => {
      this.place.set(id, number);
      return { id, parent, name: words[name], kind: words[kind], status: words[status], start, took, plumbing, tokens, children: NONE, role: "", score: null, mark: "" };
    });
    for (const [id, [role, score, mark]] of Object.entries(rows)) Object.assign(this.steps[this.place.get(id)] ?? {}, { role, score, mark });
    this.steps.forEach(({ parent }, number) => {
      if (parent < 0 || parent === number) return;
      const above = this.steps[parent];
      if (above.children === NONE) above.children = [];
      above.children.push(number);
    });
    this.selected = this.place.get(selected) ?? -1;
    this.folded = new Set(folded.map((id) => this.place.get(id)).filter((number) => number !== undefined));
    if (!this.steps.some((step) => !step.plumbing && step.parent >= 0)) this.everything = true;
    this.layout();
  }

  hidden(step) {
    return step.plumbing && !this.everything && !step.mark && step.parent >= 0;
  }

  // The lines in order, each with its depth; in place of a hidden step stand its children.
  layout() {
    this.lines = [];
    const stack = this.steps.length ? [[0, 0]] : [];
    while (stack.length) {
      const [number, depth] = stack.pop();
      const step = this.steps[number];
      const shown = !this.hidden(step);
      if (shown) {
        step.depth = depth;
        step.line = this.lines.push(number) - 1;
      } else step.line = -1;
      if (shown && this.folded.has(number)) continue;
      for (let i = step.children.length - 1; i >= 0; i--) stack.push([step.children[i], depth + (shown ? 1 : 0)]);
    }
    this.rows.style.height = `${this.lines.length * ROW}px`;
    this.box.style.height = `${Math.max(4, this.lines.length) * ROW + 2}px`;
    const count = this.count;
    one("#tree-count").textContent =
      this.lines.length === count || this.steps.length < count ? `${count.toLocaleString("en")} steps` : `${this.lines.length.toLocaleString("en")} of ${count.toLocaleString("en")} steps shown`;
    const button = one("#tree-all");
    button.hidden = !this.steps.some((step) => step.plumbing && step.parent >= 0);
    button.setAttribute("aria-pressed", String(this.everything));
    this.drawn.forEach((row) => this.spare.push(row));
    this.drawn.clear();
    this.draw();
    this.order();
  }

  // Rows are used again and again: making new ones takes longer than a frame has when somebody scrolls far.
  draw() {
    if (!this.lines) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 4);
    const last = Math.min(this.lines.length, Math.ceil((this.box.scrollTop + this.height) / ROW) + 4);
    this.drawn.forEach((row, line) => {
      if (line >= first && line < last) return;
      this.spare.push(row);
      this.drawn.delete(line);
    });
    for (let line = first; line < last; line++) {
      if (this.drawn.has(line)) continue;
      const row = this.spare.pop() ?? this.newRow();
      this.fill(row, this.lines[line], line);
      this.drawn.set(line, row);
    }
    this.spare.forEach((row) => row.remove());
    this.spare.length = 0;
  }

  // As they are read aloud, too.
  order() {
    const sorted = [...this.drawn].sort(([a], [b]) => a - b).map(([, row]) => row);
    if (sorted.some((row, place) => this.rows.children[place] !== row)) this.rows.append(...sorted);
  }

  newRow() {
    const row = element("div", "step-row");
    row.setAttribute("role", "treeitem");
    const [name, fold, title, role] = ["name", "fold", "title", "role"].map((part) => element("span", part));
    const [points, took, flow, bar] = [element("span"), element("span", "n"), element("span", "flow"), element("i")];
    name.append(fold, title, role);
    flow.append(bar);
    row.append(name, points, took, flow);
    row.parts = { name, fold, title, role, points, took, bar };
    this.rows.append(row);
    return row;
  }

  fill(row, number, line) {
    const step = this.steps[number];
    const { name, fold, title, role, points, took, bar } = row.parts;
    const isParent = step.children.some((child) => !this.hidden(this.steps[child]) || this.steps[child].children.length);
    const ended = step.status === "ok" ? "" : ` ${step.status}`;
    row.className = `step-row${step.plumbing ? " plumbing" : ""}${step.mark === "!" ? " weak" : ""}${step.status === "error" ? " failed" : ""}`;
    row.style.transform = `translateY(${line * ROW}px)`;
    row.dataset.number = number;
    row.id = `row-${number}`;
    row.setAttribute("aria-level", step.depth + 1);
    row.setAttribute("aria-selected", String(number === this.selected));
    if (isParent) row.setAttribute("aria-expanded", String(!this.folded.has(number)));
    else row.removeAttribute("aria-expanded");
    row.title = `${step.name}: ${step.kind}, ${step.status}`;
    name.style.paddingLeft = `${Math.min(step.depth, 18) * 14}px`;
    fold.textContent = isParent ? (this.folded.has(number) ? "▸" : "▾") : "";
    title.textContent = step.name;
    role.textContent = (step.role || step.kind) + ended + (step.mark === "!" ? " · weak link" : "");
    points.className = `score ${level(step.score)}`;
    points.textContent = score(step.score);
    took.textContent = duration(step.took);
    bar.style.left = `${Math.min(99.5, (step.start / this.duration) * 100)}%`;
    bar.style.width = `${Math.min(100, Math.max(0.4, ((step.took ?? this.duration - step.start) / this.duration) * 100))}%`;
  }

  showAll(everything) {
    this.everything = everything;
    this.layout();
    this.reveal(this.selected);
  }

  fold(number, folded = !this.folded.has(number)) {
    if (folded) this.folded.add(number);
    else this.folded.delete(number);
    this.layout();
  }

  // Make a step's line be there and in sight.
  reveal(number) {
    if (number < 0) return;
    let changed = false;
    if (this.hidden(this.steps[number])) this.everything = changed = true;
    for (let above = this.steps[number].parent; above >= 0; above = this.steps[above].parent) changed = this.folded.delete(above) || changed;
    if (changed) this.layout();
    const top = this.steps[number].line * ROW;
    if (top < this.box.scrollTop) this.box.scrollTop = top - ROW;
    else if (top + ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + 2 * ROW - this.box.clientHeight;
    this.draw();
  }

  mark(number) {
    this.selected = number;
    all('[aria-selected="true"]', this.rows).forEach((row) => row.setAttribute("aria-selected", "false"));
    this.reveal(number);
    const row = one(`#row-${number}`);
    if (row) row.setAttribute("aria-selected", "true");
    this.box.setAttribute("aria-activedescendant", `row-${number}`);
  }

  async choose(number, at = "") {
    const step = this.steps[number];
    if (!step) return;
    this.mark(number);
    history.replaceState(history.state, "", `#s${step.id}${at ? `/${at}` : ""}`);
    await showPanel(step.id, at);
  }

  move(by) {
    const line = this.selected < 0 ? 0 : this.steps[this.selected].line + by;
    if (line >= 0 && line < this.lines.length) this.choose(this.lines[line]);
  }
}

let panelWanted = 0;
async function showPanel(id, at) {
  const wanted = ++panelWanted;
  const panel = one("#panel");
  panel.setAttribute("aria-busy", "true");
  try {
    const answer = await get(`/traces/${trace.dataset.trace}/steps/${encodeURIComponent(id)}${at ? `?at=${encodeURIComponent(at)}` : ""}`);
    const parts = new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes;
    if (wanted !== panelWanted) return;
    panel.replaceChildren(...parts);
  } catch (error) {
    if (wanted === panelWanted) panel.replaceChildren(element("p", "empty", error.message));
    return;
  } finally {
    if (wanted === panelWanted) panel.removeAttribute("aria-busy");
  }
  panel.scrollTop = 0;
  const marked = one("mark.at", panel);
  if (marked) {
    marked.scrollIntoView({ block: "center" });
    panel.focus({ preventScroll: true });
  }
}

let tree = null;
async function openTrace() {
  tree = new Tree(one("#tree"));
  tree.take(JSON.parse(tree.box.dataset.outline));
  const [id, at] = location.hash.slice(2).split("/");
  const wanted = id || one("#panel [data-step]")?.dataset.step;
  const isThere = tree.place.has(wanted);
  const show = () => (id ? tree.choose(tree.place.get(id), at) : tree.mark(tree.place.get(wanted) ?? -1));
  if (isThere) show();
  if (tree.steps.length < tree.count) {
    await afterPaint();
    await tree.load();
    if (!isThere && tree.selected < 0) show();
  }
}

const afterPaint = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-step]");
  if (!link || !tree || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const number = tree.place.get(link.dataset.step);
  if (number === undefined) return;
  event.preventDefault();
  tree.choose(number, link.dataset.at || "");
});

let evidence = -1;
function nextEvidence() {
  const links = all(".evidence a[data-step]");
  if (!links.length) return say("This trace has no evidence to jump to");
  evidence = (evidence + 1) % links.length;
  links[evidence].click();
}

/* ---- feedback ---- */

async function tell(body) {
  const answer = await fetch(`/api/traces/${trace.dataset.trace}/feedback`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-weaklink-csrf": csrf },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || `the viewer answered ${answer.status}`);
}

async function give(control, body) {
  try {
    await tell(body);
    if (control.hasAttribute("aria-pressed")) {
      const group = control.closest(".thumbs, .label-row");
      if (group) all("button", group).forEach((button) => button.setAttribute("aria-pressed", "false"));
      control.setAttribute("aria-pressed", "true");
    }
    say("Saved");
    if (body.name === "corrected_answer") location.reload(); // the diagnosis is made again: the evidence is exact now
  } catch (error) {
    say(`Not saved: ${error.message}`);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-feedback]");
  if (!button) return;
  const { feedback, value, step, document: index } = button.dataset;
  give(button, { name: feedback, value: value ?? true, span_id: step ?? null, document: index === undefined ? null : Number(index) });
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-feedback]")) return;
  event.preventDefault();
  const text = one("textarea", event.target).value.trim();
  if (text) give(event.target, { name: event.target.dataset.feedback, value: text });
});

/* ---- comparing ---- */

const chosen = {
  get: () => JSON.parse(sessionStorage.getItem("compare") || "[]"),
  set(ids) {
    sessionStorage.setItem("compare", JSON.stringify(ids.slice(-2)));
    showChosen();
  },
  toggle(id) {
    const ids = chosen.get();
    chosen.set(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]);
  },
};

function compare() {
  const ids = chosen.get();
  if (trace && ids.length && ids.at(-1) !== trace.dataset.trace) location.href = `/diff?a=${ids.at(-1)}&b=${trace.dataset.trace}`;
  else if (ids.length === 2) location.href = `/diff?a=${ids[0]}&b=${ids[1]}`;
  else if (trace) {
    chosen.set([trace.dataset.trace]);
    location.href = one("#compare").href;
  } else say("Choose two traces first: x on each of them");
}

function showChosen() {
  const ids = chosen.get();
  all(".pick-box").forEach((box) => (box.checked = ids.includes(box.value)));
  one(".compare-bar")?.remove();
  if (!one("#rows") || !ids.length) return;
  const bar = element("div", "compare-bar");
  bar.append(element("span", "", ids.length === 1 ? "1 trace chosen: choose another one" : "2 traces chosen"));
  const clear = element("button", "", "Clear");
  clear.addEventListener("click", () => chosen.set([]));
  if (ids.length === 2) {
    const go = element("button", "", "Compare (d)");
    go.addEventListener("click", compare);
    bar.append(go);
  }
  bar.append(clear);
  document.body.append(bar);
}
document.addEventListener("change", (event) => {
  if (event.target.matches(".pick-box")) chosen.toggle(event.target.value);
});
one("#compare")?.addEventListener("click", (event) => {
  event.preventDefault();
  compare();
});

/* ---- the list ---- */

const lines = () => all("#rows tr");
let at = -1;
function moveInList(by) {
  const rows = lines();
  if (!rows.length) return;
  at = Math.min(rows.length - 1, Math.max(0, at + by));
  rows.forEach((row, number) => row.classList.toggle("at", number === at));
  one(".open", rows[at]).focus();
}

/* ---- live: what the store has new appears by itself ---- */

let version = one('meta[name="version"]')?.content ?? null;
async function follow() {
  if (!document.hidden) {
    try {
      const now = (await (await get("/version")).json()).version;
      if (version !== null && now !== version) await update();
      version = now;
    } catch {
      /* the server is restarting, or gone; the next round tells */
    }
  }
  setTimeout(follow, 1000);
}

async function update() {
  if (one("#list") && !location.search.includes("before=")) {
    const known = new Set(lines().map((row) => row.dataset.id));
    const focused = document.activeElement?.closest?.("#rows tr")?.dataset.id;
    await refresh("#list", "#facets");
    if (known.size) lines().forEach((row) => known.has(row.dataset.id) || row.classList.add("new"));
    showChosen();
    if (focused) one(`#rows tr[data-id="${focused}"] .open`)?.focus();
  } else if (trace && one("#waiting")) {
    await refresh("#top", "#trace");
    await tree.load();
    if (!one("#waiting")) {
      const weak = tree.steps.findIndex((step) => step.mark === "!");
      await tree.choose(weak >= 0 ? weak : Math.max(0, tree.selected));
    } else tree.mark(tree.selected);
  }
}

/* ---- keys ---- */

const go = (selector) => one(selector)?.click();
const keys = {
  j: () => (tree ? tree.move(1) : moveInList(1)),
  k: () => (tree ? tree.move(-1) : moveInList(-1)),
  "[": () => go("#newer"),
  "]": () => go("#older"),
  e: nextEvidence,
  d: compare,
  a: () => tree?.showAll(!tree.everything),
  x: () => (trace ? chosen.toggle(trace.dataset.trace) : at >= 0 && chosen.toggle(lines()[at].dataset.id)),
  "/": () => one("#q").select(),
  "?": () => one("#keys").showModal(),
  Escape: () => document.activeElement?.blur(),
};
const inTree = {
  ArrowDown: () => tree.move(1),
  ArrowUp: () => tree.move(-1),
  ArrowLeft: () => {
    const step = tree.steps[tree.selected];
    if (step.children.length && !tree.folded.has(tree.selected)) tree.fold(tree.selected, true);
    else if (step.parent >= 0) tree.choose(step.parent);
  },
  ArrowRight: () => tree.fold(tree.selected, false),
  Enter: () => tree.fold(tree.selected),
  Home: () => tree.choose(tree.lines[0]),
  End: () => tree.choose(tree.lines.at(-1)),
};
let goingTo = false;
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape" && typing) return typing.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
  if (goingTo) {
    goingTo = false;
    const target = { t: "/", d: "/dashboard" }[event.key];
    if (target) location.href = target;
    return;
  }
  if (event.key === "g") {
    goingTo = true;
    setTimeout(() => (goingTo = false), 1000);
    return;
  }
  const action = (tree && document.activeElement === tree.box && inTree[event.key]) || keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
one("#help").addEventListener("click", keys["?"]);

if (trace) openTrace().catch((error) => say(error.message));
showChosen();
follow();
