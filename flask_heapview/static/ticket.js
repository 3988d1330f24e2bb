// Copies the ticket. Without JavaScript it is selected and copied by hand.
import { toClipboard } from "./clipboard.js";

const button = document.getElementById("copy");
const text = document.getElementById("ticket");
const said = document.getElementById("copied");

async function copy() {
  const done = await toClipboard(text.value);
  text.select();
  said.textContent = done ? "Copied." : "Your browser does not allow it. The text is selected: press Ctrl+C.";
}

button.hidden = false;
button.addEventListener("click", copy);
