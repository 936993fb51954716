// Shows the trace that stands in the page. All text goes in as text nodes: nothing that somebody wrote is ever read as markup.
const trace = JSON.parse(document.getElementById("trace").textContent);
const page = document.getElementById("page");
const state = { step: 0, isRevealed: false };

/** Children that are shown before somebody asks for more. */
const SHOWN_AT_ONCE = 50;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

const figure = (value) => (value === undefined || value === null ? "none" : value.toFixed(2));
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const verdict = (value) => (value >= 0 ? "good" : "bad");

/** Red through yellow to green; lines of three styles say the same to who sees no colours. */
function underline(value) {
  if (value === undefined || value === null) return "border-bottom: 3px dotted gray";
  const style = value > 0.3 ? "solid" : value > -0.3 ? "dashed" : "double";
  return `border-bottom: 3px ${style} hsl(${Math.round((value + 1) * 60)} 75% 42%)`;
}

function header() {
  const { answer, mode, model, principle, seed, turns } = trace;
  const facts = [
    ["Model", model],
    ["Mode", mode],
    ["Principle", `${principle.name}: ${principle.question} ${principle.good} / ${principle.bad}`],
    ["Seed", String(seed)],
    ...(answer === undefined
      ? [["Answer", "there is none: it failed"]]
      : [
          ["Rewinds", String(answer.rewinds)],
          ["Value", figure(answer.value)],
          ["Ended", answer.finishReason],
          [
            "Cost per token",
            `${figure(answer.cost.fpe)} forward tokens, ${figure(answer.cost.spe)} calls, ${figure(answer.cost.epe)} verdicts`,
          ],
          ["Discarded", plural(answer.discarded, "token")],
        ]),
  ];
  return element(
    "header",
    {},
    element("h1", {}, "How an answer came about"),
    ...turns.map(({ role, text }) => element("p", {}, element("strong", {}, `${role}: `), element("bdi", {}, text))),
    element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, element("bdi", {}, value))])),
  );
}

const steps = trace.steps.map((step, index) =>
  element(
    "button",
    {
      type: "button",
      class: "step",
      style: underline(step.value),
      title: `Step ${index + 1}, value ${figure(step.value)}`,
      "aria-label": `Step ${index + 1} of ${trace.steps.length}, value ${figure(step.value)}, ${plural(step.rewinds, "rewind")}: ${step.text || "no text"}`,
      onclick: () => select(index),
    },
    step.text === "" ? "\u2423" : step.text,
  ),
);
const details = element("section", { "aria-live": "polite" });
const reveal = element("button", { type: "button", "aria-pressed": "false", onclick: () => setRevealed(!state.isRevealed) });

function select(index) {
  if (steps.length === 0) return;
  state.step = Math.max(0, Math.min(steps.length - 1, index));
  for (const [position, button] of steps.entries()) {
    if (position === state.step) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
  steps[state.step].scrollIntoView({ block: "nearest" });
  showDetails();
}

function setRevealed(isRevealed) {
  state.isRevealed = isRevealed;
  reveal.setAttribute("aria-pressed", String(isRevealed));
  reveal.textContent = isRevealed ? "Hide discarded text" : "Show discarded text";
  showDetails();
}

function showDetails() {
  const step = trace.steps[state.step];
  const index = step === undefined ? trace.trees.length - 1 : step.tree;
  const tree = index === undefined || index === null ? undefined : trace.trees[index];
  const children = [];
  if (step !== undefined) {
    children.push(
      element("h2", {}, `Step ${state.step + 1} of ${trace.steps.length}`),
      element(
        "dl",
        {},
        element("dt", {}, "Value"),
        element("dd", { class: step.value === undefined ? "" : verdict(step.value) }, figure(step.value)),
        element("dt", {}, "Visits"),
        element("dd", {}, String(step.visits)),
        element("dt", {}, "Rewinds before it"),
        element("dd", {}, String(step.rewinds)),
        element("dt", {}, "Tokens"),
        element("dd", {}, String(step.tokens)),
        ...(tree === undefined ? [] : [element("dt", {}, "Computed until then"), element("dd", {}, plural(tree.forward, "forward token"))]),
      ),
    );
  }
  children.push(element("h2", { id: "tried" }, "What was tried here"));
  if (tree === undefined) children.push(element("p", {}, "Nothing: nobody searched."));
  else children.push(element("ul", { role: "tree", "aria-labelledby": "tried", onkeydown: treeKeys }, branch(tree.root, 1, true)));
  details.replaceChildren(...children);
  const first = details.querySelector('[role="treeitem"]');
  if (first !== null) first.tabIndex = 0;
}

/** One node, its children only once it is opened: a large tree costs what one looks at. */
function branch(node, level, isOpen) {
  const item = element("li", {
    role: "treeitem",
    class: node.isTaken ? "taken" : "left",
    tabindex: "-1",
    "aria-level": String(level),
    "aria-expanded": node.children.length === 0 ? undefined : String(isOpen),
  });
  item.append(row(node, level));
  const open = (isNowOpen) => {
    item.querySelector(":scope > [role=group]")?.remove();
    if (isNowOpen) item.append(group(node, level));
    item.setAttribute("aria-expanded", String(isNowOpen));
  };
  if (node.children.length > 0) {
    item.toggle = open;
    item.firstChild.addEventListener("click", () => open(item.getAttribute("aria-expanded") !== "true"));
    if (isOpen) open(true);
  }
  return item;
}

function group(node, level) {
  const list = element("ul", { role: "group" });
  const sorted = [...node.children].sort((one, other) => other.isTaken - one.isTaken || other.weight - one.weight);
  const add = (from) => {
    const next = sorted.slice(from, from + SHOWN_AT_ONCE);
    list.append(...next.map((child) => branch(child, level + 1, child.isTaken)));
    const left = sorted.length - from - next.length;
    if (left === 0) return;
    const more = element("button", { type: "button", class: "more" }, `${left} more`);
    const line = element("li", { role: "none" }, more);
    more.addEventListener("click", () => {
      line.remove();
      add(from + SHOWN_AT_ONCE);
    });
    list.append(line);
  };
  add(0);
  return list;
}

/** What the judge thought in both orders of the options, as it was asked: a value from -1 to 1 is the difference of two probabilities. */
function chances({ byOrder }) {
  const { good, bad } = trace.principle;
  const places = ["offered first", "offered second"];
  const found = byOrder.map((value, order) => `${figure((1 + value) / 2)} ${places[order]}`);
  return `probability of \u201C${good}\u201D rather than \u201C${bad}\u201D: ${found.join(", ")}`;
}

function row(node, level) {
  const figures = [
    level === 1 ? undefined : `prior ${figure(node.prior)}`,
    plural(node.visits, "visit"),
    `weight ${figure(node.weight)}`,
    `value ${figure(node.value)}`,
    node.judged === undefined ? "never judged as it is" : `judged ${figure(node.judged.value)} (${chances(node.judged)})`,
  ].filter((one) => one !== undefined);
  const line = element("div", { class: "row" }, words(node, level));
  const simulated = node.simulated;
  if (simulated !== undefined && state.isRevealed)
    line.append(element("span", { class: "hidden-text" }, "simulated: ", element("bdi", {}, simulated)));
  line.append(element("span", { class: `figures ${verdict(node.value)}` }, figures.join(", ")));
  return line;
}

function words(node, level) {
  if (level === 1) return element("span", { class: "text" }, "The answer until here");
  const isShown = node.isTaken || state.isRevealed;
  if (isShown && node.text !== undefined) return element("bdi", { class: "text" }, node.text === "" ? "(the end)" : node.text);
  return element(
    "span",
    { class: "hidden-text" },
    node.text === undefined ? "discarded, and not in this file" : `discarded, ${plural(node.tokens, "token")}`,
  );
}

/** As trees are used by keyboard everywhere: up and down, open and close, first and last. */
function treeKeys(event) {
  const current = event.target.closest('[role="treeitem"]');
  if (current === null) return;
  const visible = [...details.querySelectorAll('[role="treeitem"]')];
  const index = visible.indexOf(current);
  const isOpen = current.getAttribute("aria-expanded") === "true";
  const moves = {
    ArrowDown: () => visible[index + 1],
    ArrowUp: () => visible[index - 1],
    Home: () => visible[0],
    End: () => visible.at(-1),
    ArrowRight: () => (current.toggle === undefined ? undefined : isOpen ? visible[index + 1] : void current.toggle(true)),
    ArrowLeft: () => (isOpen ? void current.toggle(false) : current.parentElement.closest('[role="treeitem"]')),
    Enter: () => void current.toggle?.(!isOpen),
  };
  if (moves[event.key] === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const next = moves[event.key]();
  if (!(next instanceof HTMLElement)) return;
  for (const item of visible) item.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowRight: () => select(state.step + 1),
    ArrowLeft: () => select(state.step - 1),
    Home: () => select(0),
    End: () => select(steps.length - 1),
    d: () => setRevealed(!state.isRevealed),
  };
  if (keys[event.key] === undefined) return;
  event.preventDefault();
  keys[event.key]();
});

page.replaceChildren(
  header(),
  element("h2", { id: "answer" }, "The answer, step by step"),
  element(
    "div",
    { class: "answer", role: "group", "aria-labelledby": "answer" },
    ...(steps.length === 0 ? ["(nothing was committed)"] : steps),
  ),
  element(
    "div",
    { class: "controls" },
    element("button", { type: "button", onclick: () => select(state.step - 1) }, "Previous step"),
    element("button", { type: "button", onclick: () => select(state.step + 1) }, "Next step"),
    reveal,
  ),
  element(
    "p",
    { class: "help" },
    "Arrow keys left and right step through the answer, d shows what was discarded. In the tree, arrow keys move, open and close. A solid line marks a good value, a dashed one a doubtful, a double one a bad.",
  ),
  details,
);
setRevealed(false);
select(0);
