// Copies the ticket. Without JavaScript it is selected and copied by hand.
const button = document.getElementById("copy");
const text = document.getElementById("ticket");
const said = document.getElementById("copied");

async function copy() {
  text.select();
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    // over plain HTTP there is no clipboard object
    if (!document.execCommand("copy")) {
      said.textContent = "Your browser does not allow it. The text is selected: press Ctrl+C.";
      return;
    }
  }
  said.textContent = "Copied.";
}

button.hidden = false;
button.addEventListener("click", copy);
