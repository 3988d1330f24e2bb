// How far a watch is; the page is loaded anew when a snapshot was taken, or when it has ended.
import { follow } from "./live.js";

const box = document.getElementById("watch");

function show({ state, snapshots, requests }) {
  if (state !== "running" || snapshots.length !== Number(box.dataset.taken)) return false;
  const now = box.querySelector(".now");
  if (now) now.textContent = requests.toLocaleString("en");
  return true;
}

if (box) follow(box, 500, show);
