// A picture whose parts are links: what each is, on hover and focus; arrow keys; search as one types.
const titleOf = (link) => link.querySelector("title").textContent;

function focus(links, link) {
  if (!link) return;
  for (const other of links) other.setAttribute("tabindex", other === link ? "0" : "-1");
  link.focus();
}

function search(links, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const link of links) {
    const name = titleOf(link).toLowerCase();
    const found = words.length > 0 && words.every((word) => name.includes(word));
    link.querySelector("rect").classList.toggle("found", found);
  }
}

// `follow(links, from, key)` gives the link that an arrow key leads to, or nothing
export function explore(id, follow) {
  const figure = document.getElementById(id);
  if (!figure) return;
  const links = [...figure.querySelectorAll("a")], said = figure.querySelector(".said");
  const show = (event) => {
    const link = event.target.closest("a");
    if (link) said.textContent = titleOf(link);
  };
  figure.addEventListener("mouseover", show);
  figure.addEventListener("focusin", show);
  figure.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow") || !links.includes(document.activeElement)) return;
    event.preventDefault();
    focus(links, follow(links, document.activeElement, event.key));
  });
  const typed = document.getElementById("q");
  if (typed) typed.addEventListener("input", () => search(links, typed.value));
}
