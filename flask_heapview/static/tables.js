// Tables: filter as one types, sort at once where all rows are here, copy as Markdown, arrow keys.
import { toClipboard } from "./clipboard.js";

const sections = [...document.querySelectorAll("section.table")].filter((one) => one.querySelector("tbody"));
const typed = document.getElementById("q");
const number = (value) => value.toLocaleString("en");
const plural = (count) => `${number(count)} ${count === 1 ? "row" : "rows"}`;
const rowsOf = (section) => [...section.querySelectorAll("tbody tr")];
const shownRows = (section) => rowsOf(section).filter((row) => !row.hidden);
// the name or figure of a cell: what stands beside it is a note, or links
const nameOf = (cell) => (cell.firstChild ? cell.firstChild.textContent.trim() : "");

const say = (section, text) => (section.querySelector(".count").textContent = text);

// --- filter: the words that the server would look for, in the same cells

const texts = new WeakMap();

function textOf(row) {
  if (!texts.has(row)) {
    const cells = [...row.cells].filter((cell) => !cell.classList.contains("num"));
    texts.set(row, cells.map((cell) => nameOf(cell).toLowerCase()));
  }
  return texts.get(row);
}

function filter(section, words) {
  const rows = rowsOf(section);
  for (const row of rows) {
    const cells = textOf(row);
    row.hidden = !words.every((word) => cells.some((text) => text.includes(word)));
  }
  const left = rows.filter((row) => !row.hidden).length;
  const { pages, total, said } = section.dataset;
  const more = pages === "1" ? "" : ` on this page. Press Enter to search all ${number(+total)}.`;
  say(section, words.length ? `${number(left)} of ${plural(rows.length)}${more}` : said);
}

// --- sort: by the same rules as the server, which does it where there are more pages

const figureOf = (cell) => (cell.dataset.v === undefined ? -Infinity : parseFloat(cell.dataset.v));
const order = new WeakMap(); // as the rows came: it tells equal ones apart
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function sort(event) {
  const link = event.target.closest("thead a");
  const section = event.currentTarget;
  if (!link || section.dataset.pages !== "1" || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const head = link.closest("th");
  if (head.classList.contains("births")) return;
  event.preventDefault();
  const down = !new URL(link.href).searchParams.get("sort").startsWith("-");
  const key = head.classList.contains("num") ? figureOf : (cell) => nameOf(cell).toLowerCase();
  const rows = rowsOf(section).map((row) => ({ row, value: key(row.cells[head.cellIndex]) }));
  const by = (a, b) => (down ? compare(b.value, a.value) : compare(a.value, b.value));
  rows.sort((a, b) => by(a, b) || order.get(a.row) - order.get(b.row));
  section.querySelector("tbody").append(...rows.map(({ row }) => row));
  history.replaceState(null, "", link.href);
  mark(section, head, down);
}

// each heading's link says what a click on it does next
function mark(section, chosen, down) {
  for (const head of section.querySelectorAll("thead th")) {
    const now = head === chosen, link = head.querySelector("a"), next = new URL(link.href);
    const ascending = now ? down : !head.classList.contains("num");
    next.searchParams.set("sort", (ascending ? "-" : "") + head.dataset.sort);
    link.href = next;
    if (now) head.setAttribute("aria-sort", down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}

// --- copy as Markdown: the rows that are shown

function cellText(cell) {
  const picture = cell.querySelector("svg[aria-label]"), note = cell.querySelector(".note");
  const text = (picture ? picture.getAttribute("aria-label") : nameOf(cell)).replace(/\s+/g, " ");
  const code = cell.matches("td.code") && text && !text.includes("`");
  const safe = code ? `\`${text}\`` : text.replace(/[\\`*_<[\]]/g, "\\$&");
  return (safe + (note ? ` (${note.textContent.trim().replace(/[\\`*_<[\]]/g, "\\$&")})` : "")).replaceAll("|", "\\|");
}

function markdown(section) {
  const heads = [...section.querySelectorAll("thead th")];
  const rows = shownRows(section).map((row) => [...row.cells].map(cellText));
  const rule = heads.map((head) => (head.classList.contains("num") ? "---:" : "---"));
  return [heads.map(cellText), rule, ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

async function copy(event) {
  const section = event.target.closest("section");
  const text = markdown(section), done = await toClipboard(text);
  event.target.focus();
  const count = plural(shownRows(section).length);
  say(section, done ? `${count} copied as Markdown.` : "The browser does not allow copying here.");
}

// --- arrow keys: from the search into the rows, from row to row, and back

function move(event) {
  const row = event.target.closest("tbody tr");
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!row || !step || !event.target.matches("a")) return;
  const rows = shownRows(event.currentTarget).filter((one) => one.querySelector("a"));
  const next = rows.indexOf(row) + step;
  event.preventDefault();
  if (next === -1 && typed) return typed.focus();
  const place = [...row.querySelectorAll("a")].indexOf(event.target);
  const links = rows[Math.min(Math.max(next, 0), rows.length - 1)].querySelectorAll("a");
  links[Math.min(place, links.length - 1)].focus();
}

function intoRows(event) {
  if (event.key !== "ArrowDown") return;
  const links = sections.flatMap((section) => shownRows(section).map((row) => row.querySelector("a")));
  const first = links.find(Boolean);
  if (first) event.preventDefault(), first.focus();
}

for (const section of sections) {
  section.dataset.said = section.querySelector(".count").textContent;
  rowsOf(section).forEach((row, place) => order.set(row, place));
  section.addEventListener("click", sort);
  section.addEventListener("keydown", move);
  const button = section.querySelector("button.copy");
  button.addEventListener("click", copy);
  button.hidden = false;
}
if (typed) {
  typed.addEventListener("input", () => {
    const words = typed.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const section of sections) filter(section, words);
  });
  typed.addEventListener("keydown", intoRows);
}
