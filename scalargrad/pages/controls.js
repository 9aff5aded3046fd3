// Go through `count` states by buttons, slider and keys. `show(at)` shows one and gives its title, `limit()` is the
// last that may be gone to, `words` are those of the play button, `turn` is the first state of the second stretch, and
// `more` are further keys. The object returned goes to one and says where it is.
function controls(root, count, words, show, limit = () => count - 1, turn = 0, more = {}) {
  const find = (name) => root.querySelector(".sg-" + name);
  const slider = find("slider");
  const speed = find("speed");
  let at = 0;
  let timer = null;

  function refresh() {
    const title = show(at);
    find("count").textContent = at + 1 + " / " + count;
    slider.value = at;
    slider.setAttribute("aria-valuetext", title);
    // not `disabled`: the button would lose the focus, and with it the keys
    for (const name of ["first", "back"]) find(name).setAttribute("aria-disabled", at === 0);
    for (const name of ["next", "last"]) find(name).setAttribute("aria-disabled", at === count - 1);
  }

  function go(index) {
    at = Math.max(0, Math.min(limit(), index));
    refresh();
  }

  function tick() {
    const before = at;
    go(at + 1);
    if (at === count - 1) play(false);
    else if (at === before) timer = setTimeout(tick, 400); // it waits for an answer
    else timer = setTimeout(tick, 1600 / Number(speed.value));
  }

  function play(on) {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (on) {
      if (at === count - 1) go(0);
      timer = setTimeout(tick, 1600 / Number(speed.value));
    }
    find("play").textContent = on ? words.play[1] : words.play[0];
    find("play").setAttribute("aria-pressed", on ? "true" : "false");
  }

  const jump = (index) => { play(false); go(index); };
  find("first").addEventListener("click", () => jump(0));
  find("back").addEventListener("click", () => jump(at - 1));
  find("next").addEventListener("click", () => jump(at + 1));
  find("last").addEventListener("click", () => jump(count - 1));
  find("turn").addEventListener("click", () => jump(turn));
  find("turn").hidden = !turn;
  find("play").addEventListener("click", () => play(timer === null));
  slider.addEventListener("input", () => jump(Number(slider.value)));
  slider.style.setProperty("--turn", turn ? 100 * turn / (count - 1) + "%" : "100%");

  const keys = Object.assign({
    ArrowRight: () => jump(at + 1), ArrowLeft: () => jump(at - 1), ArrowDown: () => jump(at + 1),
    ArrowUp: () => jump(at - 1), Home: () => jump(0), End: () => jump(count - 1), " ": () => play(timer === null),
  }, more);
  // alone in its document (a page, a frame) it takes the keys wherever the focus is
  const ears = root.parentNode.parentNode === document.body ? document : root;
  ears.addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT"].includes(event.target.tagName) && event.target.type !== "checkbox";
    if (event.ctrlKey || event.metaKey || event.altKey || typing && event.target !== slider) return;
    if (event.key === " " && ["BUTTON", "INPUT"].includes(event.target.tagName)) return;
    const action = keys[event.key];
    if (!action) return;
    action();
    event.preventDefault();
    event.stopPropagation();
  });
  return { jump, refresh, at: () => at };
}
