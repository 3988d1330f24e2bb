// The picture of memory by type: what a tile is, on hover and focus; arrow keys; search as one types.
const figure = document.getElementById("treemap");
const links = figure ? [...figure.querySelectorAll("a")] : [];
const said = figure && figure.querySelector(".said");
const titleOf = (link) => link.querySelector("title").textContent;

function show(event) {
  const link = event.target.closest("a");
  if (link) said.textContent = titleOf(link);
}

function focus(link) {
  if (!link) return;
  for (const other of links) other.setAttribute("tabindex", other === link ? "0" : "-1");
  link.focus();
}

const middle = ({ left, top, width, height }) => ({ x: left + width / 2, y: top + height / 2 });

// the nearest tile that lies that way; what is aside counts twice
function follow(from, key) {
  const across = key === "ArrowLeft" || key === "ArrowRight", back = key === "ArrowLeft" || key === "ArrowUp";
  const here = middle(from.getBoundingClientRect());
  const far = (link) => {
    const there = middle(link.getBoundingClientRect());
    const [along, aside] = across ? [there.x - here.x, there.y - here.y] : [there.y - here.y, there.x - here.x];
    const ahead = back ? -along : along;
    return ahead > 1 ? ahead + 2 * Math.abs(aside) : Infinity;
  };
  const near = links.map((link) => ({ link, far: far(link) })).sort((a, b) => a.far - b.far)[0];
  return near.far < Infinity ? near.link : null;
}

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const link of links) {
    const name = titleOf(link).toLowerCase();
    const found = words.length > 0 && words.every((word) => name.includes(word));
    link.querySelector("rect").classList.toggle("found", found);
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
