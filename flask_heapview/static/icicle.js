// The picture of a tree: what a part is, on hover and focus; arrow keys; and search as one types.
const figure = document.getElementById("icicle");
const links = figure ? [...figure.querySelectorAll("a")] : [];
const said = figure && figure.querySelector(".said");
const box = (link) => {
  const { x, y, width } = link.firstElementChild;
  return { left: x.baseVal.value, top: y.baseVal.value, wide: width.baseVal.value };
};

function show(event) {
  const link = event.target.closest("a");
  if (link) said.textContent = link.querySelector("title").textContent;
}

function focus(link) {
  if (!link) return;
  for (const other of links) other.setAttribute("tabindex", other === link ? "0" : "-1");
  link.focus();
}

// up to what it hangs on, down to the widest of what hangs on it, and to its neighbours
function follow(from, key) {
  const here = box(from), boxes = links.map((link) => ({ link, ...box(link) }));
  const middle = here.left + here.wide / 2;
  const near = {
    ArrowUp: (b) => b.top === here.top - 20 && b.left <= middle && middle <= b.left + b.wide,
    ArrowDown: (b) => b.top === here.top + 20 && b.left >= here.left - 0.5 && b.left < here.left + here.wide,
    ArrowRight: (b) => b.top === here.top && b.left > here.left,
    ArrowLeft: (b) => b.top === here.top && b.left < here.left,
  }[key];
  const found = boxes.filter(near);
  const order = { ArrowDown: (a, b) => b.wide - a.wide, ArrowLeft: (a, b) => b.left - a.left }[key];
  return (found.sort(order || ((a, b) => a.left - b.left))[0] || {}).link;
}

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const link of links) {
    const name = link.querySelector("title").textContent.toLowerCase();
    const found = words.length && words.every((word) => name.includes(word));
    link.querySelector("rect").classList.toggle("found", Boolean(found));
  }
}

if (figure) {
  figure.addEventListener("mouseover", show);
  figure.addEventListener("focusin", show);
  figure.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow") || !links.includes(document.activeElement)) return;
    event.preventDefault();
    focus(follow(document.activeElement, event.key));
  });
  const typed = document.getElementById("q");
  if (typed) typed.addEventListener("input", () => search(typed.value));
}
