// The player: one computation, one step at a time. It reads its steps from the JSON beside it and shows or hides parts
// of the SVG; it asks nothing of the network and keeps to its own element, so that several may stand on one page.
const data = JSON.parse(root.querySelector(".sg-data").textContent);
const find = (name) => root.querySelector(".sg-" + name);
const svg = root.querySelector(".sg-picture svg");
const rows = Array.from(root.querySelectorAll("tbody tr:not(.sg-head)"));
const group = (id) => svg.querySelector('[id="' + data.prefix + id + '"]');
const nodes = new Map();
const edges = new Map();
// a step's kind is the beginning of leaf, forward, seed, backward or sum
const steps = data.steps.map(([kind, node, edge, note = "", question = "", answers = null, slips = []], i) => {
  const [name, verb] = data.names[node];
  const output = edge ? parseInt(edge) : node;
  const other = kind === "ba" ? data.names[output][0] : data.verbs[verb];
  const title = data.titles[kind].replace(/\{([01])\}/g, (_, n) => (n === "0" ? name : other));
  if (!nodes.has(node)) nodes.set(node, group("node-" + node));
  if (edge) edges.set(edge, group("edge-" + edge));
  rows[i].cells[0].textContent = i + 1;
  return { kind, node, edge, output, note, question, answers, slips, title, line: rows[i].cells[1] };
});
// with which steps the gradient of their node is complete: the only edge of a node, or the sum of several
const uses = new Map();
for (const { kind, node } of steps) if (kind === "ba") uses.set(node, (uses.get(node) || 0) + 1);
for (const step of steps) step.grad = ["se", "su"].includes(step.kind) || (step.kind === "ba" && uses.get(step.node) === 1);
const turn = steps.findIndex((step) => step.kind === "se");
const inputs = steps.filter((step) => step.kind === "le").map((step) => step.node);
const { follow, zoom, fit } = zoomable(root, svg);
const typed = new Map(); // what was written for each step, until it is right
let known = data.predict ? 0 : steps.length; // steps before this one have been answered
let shown = -1;

function mark(element, name, on) {
  if (element) element.classList.toggle(name, on);
}

// what is known after step number `last`; the inputs are given, so they always are
function state(last) {
  const values = new Set(inputs);
  const grads = new Set();
  const flows = new Set();
  for (let i = 0; i <= last; i++) {
    const step = steps[i];
    if (step.kind === "fo") values.add(step.node);
    if (step.edge) flows.add(step.edge);
    if (step.grad) grads.add(step.node);
  }
  return { values, grads, flows };
}

// the edges a step is about: the one it crosses, or those whose shares it adds up
function crossed(step) {
  if (step.kind !== "su") return step.edge ? [step.edge] : [];
  return steps.filter((other) => other.edge && other.node === step.node).map((other) => other.edge);
}

const isAsked = (at) => data.predict && at >= known && steps[at].answers !== null;

function show(at) {
  const step = steps[at];
  const asking = isAsked(at);
  const { values, grads, flows } = state(asking ? at - 1 : at);
  const lit = crossed(step);
  for (const [index, element] of nodes) {
    mark(element, "sg-no-value", !values.has(index));
    mark(element, "sg-no-grad", !grads.has(index));
    mark(element, "sg-lit", index === step.node);
  }
  for (const [id, element] of edges) {
    mark(element, "sg-no-flow", !flows.has(id));
    mark(element, "sg-lit", lit.includes(id));
  }
  rows.forEach((row, i) => {
    mark(row, "sg-lit", i === at);
    mark(row, "sg-hidden", data.predict && i >= known);
    if (i === at) row.setAttribute("aria-current", "step");
    else row.removeAttribute("aria-current");
  });
  find("title").textContent = step.title;
  tell(step, asking);
  find("note").textContent = asking ? "" : step.note;
  ask(at, asking);
  if (!asking) find("say").textContent = step.title + ". " + step.line.textContent + ". " + step.note;
  if (shown !== at) {
    follow([nodes.get(step.node), ...lit.map((id) => edges.get(id)), ...(step.edge ? [nodes.get(step.output)] : [])]);
    const list = find("steps");
    const there = rows[at].getBoundingClientRect();
    const seen = list.getBoundingClientRect();
    if (there.top < seen.top + there.height || there.bottom > seen.bottom) {
      list.scrollTop += there.top - seen.top - seen.height / 2;
    }
  }
  shown = at;
  return step.title;
}

// the line of a step: upstream, local and downstream in the drawing's colours, each with its caption where it comes first
function tell(step, asking) {
  const line = find("line");
  if (asking) { line.textContent = step.question; return; }
  line.innerHTML = step.line.innerHTML;
  const captioned = new Set();
  const parts = Array.from(line.querySelectorAll("u, i, b"));
  for (const part of parts) {
    const role = part.tagName;
    if (!captioned.has(role) && step.kind === "ba") part.classList.add("sg-caption");
    captioned.add(role);
    const which = { U: [nodes.get(step.output), ".t-grad"], I: [edges.get(step.edge), ".t-formula"], B: [edges.get(step.edge), ".t-flow"] }[role];
    if (step.kind !== "ba" || !which || !which[0]) continue;
    const twins = [...which[0].querySelectorAll(which[1]), ...parts.filter((other) => other.tagName === role)];
    part.addEventListener("pointerenter", () => twins.forEach((twin) => mark(twin, "sg-linked", true)));
    part.addEventListener("pointerleave", () => twins.forEach((twin) => mark(twin, "sg-linked", false)));
  }
}

// in predict mode one goes no further than the first number that is still to be answered
function limit() {
  if (!data.predict) return steps.length - 1;
  while (known < steps.length && steps[known].answers === null) known++;
  return Math.min(steps.length - 1, known);
}

// --- answers -----------------------------------------------------------------------------------------------------------
const fields = ["up", "local", "answer"].map(find);
const asked = () => fields.filter((field) => !field.closest("[hidden]") && !field.hidden);

function ask(at, asking) {
  const hadFocus = find("ask").contains(document.activeElement);
  find("ask").hidden = !asking;
  if (at === shown && asking) return;
  find("verdict").textContent = "";
  if (!asking) {
    if (hadFocus) find("next").focus();
    return;
  }
  const three = steps[at].answers.length === 3 && !find("only").checked;
  for (const part of root.querySelectorAll(".sg-part")) part.hidden = !three;
  find("choice").hidden = steps[at].answers.length < 3;
  find("asked").textContent = three ? data.words.downstream : data.words.answer;
  const written = typed.get(at) || ["", "", ""];
  fields.forEach((field, i) => { field.value = written[i]; field.removeAttribute("aria-invalid"); });
  if (hadFocus || document.activeElement === find("next")) asked()[0].focus();
}

// a number as it is written, 12/2 and −0,2 too; and how large its last digit is
function read(text) {
  const plain = text.replace(/\s/g, "").replace(/,/g, ".").replace(/[−–]/g, "-").replace(/[·×]10\^?/, "e").replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (c) => "-0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c)]);
  const parts = plain.split("/");
  if (plain === "" || parts.length > 2 || parts.some((part) => !/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part))) return null;
  if (parts.length === 2) return { number: Number(parts[0]) / Number(parts[1]), digit: 0 };
  const [mantissa, exponent = "0"] = parts[0].toLowerCase().split("e");
  const decimals = (mantissa.split(".")[1] || "").length;
  return { number: Number(parts[0]), digit: 10 ** (Number(exponent) - decimals) };
}

const near = (given, [right, room]) =>
  Math.abs(given - right) <= room && (right === 0 || Math.sign(given) === Math.sign(right));

// the verdict on what is written for a step, in words, with the fields that are wrong
function judge(step, written) {
  const right = step.answers.length === 3 && written.length === 1 ? step.answers.slice(2) : step.answers;
  const wrong = [];
  let verdict = data.words.right;
  written.forEach((text, i) => {
    const given = read(text);
    if (given !== null && near(given.number, right[i])) return;
    wrong.push(i);
    if (wrong.length > 1) return;
    const [number] = right[i];
    if (given === null) verdict = data.words.number;
    else if (given.number !== 0 && Math.abs(given.number - number) <= 0.5 * given.digit * (1 + 1e-9)) verdict = data.words.digits;
    else if (i < written.length - 1) verdict = near(-given.number, right[i]) ? data.words.sign : data.words[i ? "local" : "upstream"];
    else {
      const slip = step.slips.find(([value, room]) => near(given.number, [value, room]));
      verdict = slip ? slip[2] : data.words.wrong;
    }
  });
  return { verdict, wrong };
}

// the step is answered: show it
function reveal() {
  known = Math.max(known, bar.at() + 1);
  typed.delete(bar.at());
  shown = -1;
  bar.refresh();
}

find("ask").addEventListener("input", () => typed.set(bar.at(), fields.map((field) => field.value)));
find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const step = steps[bar.at()];
  const given = asked();
  const { verdict, wrong } = judge(step, given.map((field) => field.value));
  given.forEach((field, i) => field.setAttribute("aria-invalid", wrong.includes(i)));
  if (!wrong.length) {
    reveal();
    find("say").textContent = verdict + " " + step.line.textContent;
  } else given[wrong[0]].focus();
  find("verdict").textContent = verdict;
});
find("only").addEventListener("change", () => { shown = -1; bar.refresh(); });
find("tell").addEventListener("click", reveal);

// --- going through -------------------------------------------------------------------------------------------------------
const keys = { "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), "0": fit };
const bar = controls(root, steps.length, data.words, show, limit, turn, keys);
rows.forEach((row, i) => row.addEventListener("click", () => bar.jump(i)));
// a node leads to the step that computes it or, in the backward pass, to the one its gradient is complete with
for (const [index, element] of nodes) {
  if (!element) continue;
  element.addEventListener("click", () => {
    const back = bar.at() >= turn && steps.findIndex((step) => step.node === index && step.grad);
    bar.jump(back > 0 ? back : steps.findIndex((step) => step.node === index));
  });
}
for (const [id, element] of edges) {
  if (element) element.addEventListener("click", () => bar.jump(steps.findIndex((step) => step.edge === id)));
}
mark(root, "sg-predict", data.predict);
root.classList.add("sg-live");
bar.jump(0);
