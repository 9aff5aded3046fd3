// The player: one computation, one step at a time. It reads its steps from the JSON beside it and shows or hides parts
// of the SVG; it asks nothing of the network and keeps to its own element, so that several may stand on one page.
const data = JSON.parse(root.querySelector(".sg-data").textContent);
const find = (name) => root.querySelector(".sg-" + name);
const svg = root.querySelector("svg");
const rows = Array.from(root.querySelectorAll("tbody tr"));
const group = (id) => svg.querySelector('[id="' + data.prefix + id + '"]');
const nodes = new Map();
const edges = new Map();
const steps = data.steps.map(([kind, node, edge, grad, note = "", question = "", value = null, slips = []], i) => {
  const [name, op] = data.names[node];
  const other = kind === "backward" ? data.names[parseInt(edge)][0] : op;
  const title = data.titles[kind].replace(/\{([01])\}/g, (_, n) => (n === "0" ? name : other));
  if (!nodes.has(node)) nodes.set(node, group("node-" + node));
  if (edge) edges.set(edge, group("edge-" + edge));
  return { kind, node, edge, grad, note, question, value, slips, title, line: rows[i].cells[1].textContent };
});
const follow = zoomable(root, svg);
let known = data.predict ? 0 : steps.length; // steps before this one have been answered

function mark(element, name, on) {
  if (element) element.classList.toggle(name, on);
}

// what is known after step number `last`
function state(last) {
  const values = new Set();
  const grads = new Set();
  const flows = new Set();
  for (let i = 0; i <= last; i++) {
    const step = steps[i];
    if (step.kind === "leaf" || step.kind === "forward") values.add(step.node);
    if (step.edge) flows.add(step.edge);
    if (step.grad) grads.add(step.node);
  }
  return { values, grads, flows };
}

function show(at) {
  const step = steps[at];
  const asking = data.predict && at >= known && step.value !== null;
  const { values, grads, flows } = state(asking ? at - 1 : at);
  for (const [index, element] of nodes) {
    mark(element, "sg-no-value", !values.has(index));
    mark(element, "sg-no-grad", !grads.has(index));
    mark(element, "sg-lit", index === step.node);
  }
  for (const [id, element] of edges) {
    mark(element, "sg-no-flow", !flows.has(id));
    mark(element, "sg-lit", id === step.edge);
  }
  rows.forEach((row, i) => {
    mark(row, "sg-lit", i === at);
    mark(row, "sg-hidden", data.predict && i >= known);
    if (i === at) row.setAttribute("aria-current", "step");
    else row.removeAttribute("aria-current");
  });
  find("title").textContent = step.title;
  find("line").textContent = asking ? step.question : step.line;
  find("note").textContent = asking ? "" : step.note;
  find("ask").hidden = !asking;
  find("verdict").textContent = "";
  find("answer").value = "";
  if (!asking) find("say").textContent = step.title + ". " + step.line + ". " + step.note;
  follow(nodes.get(step.node));
  const list = find("steps");
  const there = rows[at].getBoundingClientRect();
  const seen = list.getBoundingClientRect();
  if (there.top < seen.top + there.height || there.bottom > seen.bottom) {
    list.scrollTop += there.top - seen.top - seen.height / 2;
  }
  return step.title;
}

// in predict mode one goes no further than the first number that is still to be answered
function limit() {
  if (!data.predict) return steps.length - 1;
  while (known < steps.length && steps[known].value === null) known++;
  return Math.min(steps.length - 1, known);
}

// whether a number may be taken for another: of its sign, and as near as by rounding to the digits the steps show
function close(a, b) {
  const size = Math.abs(b);
  const decimals = data.decimals; // a number that those would not show is written as a power of ten
  const plain = size === 0 || (size >= 10 ** -decimals && size < 1e7);
  const last = plain ? -decimals : Math.floor(Math.log10(size)) - Math.max(decimals, 1);
  const near = Math.abs(a - b) <= Math.max(0.6 * 10 ** last, 0.006 * size);
  return near && (size === 0 || Math.sign(a) === Math.sign(b));
}

// the step is answered: show it
function reveal() {
  known = Math.max(known, bar.at() + 1);
  bar.refresh();
}

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const step = steps[bar.at()];
  const written = find("answer").value.trim();
  const given = Number(written.replace(",", ".").replace("−", "-"));
  let verdict = data.words.number;
  if (written !== "" && close(given, step.value)) {
    reveal();
    verdict = data.words.right;
    find("say").textContent = verdict + " " + step.line;
  } else if (written !== "" && !Number.isNaN(given)) {
    const slip = step.slips.find(([value]) => close(given, value));
    verdict = slip ? slip[1] : data.words.wrong;
  }
  find("verdict").textContent = verdict;
});
find("tell").addEventListener("click", reveal);

const bar = controls(root, steps.length, data.words, show, limit);
rows.forEach((row, i) => row.addEventListener("click", () => bar.jump(i)));
root.classList.add("sg-live");
bar.jump(0);
