// Live progress of a running capture; without JavaScript the page reloads itself instead.
import { follow } from "./live.js";

const box = document.getElementById("progress");

function show({ state, progress }) {
  if (state !== "running") return false;
  const bar = box.querySelector("progress");
  bar.max = Math.max(1, progress.total);
  bar.value = progress.done;
  const figures = `${progress.done.toLocaleString("en")} of about ${progress.total.toLocaleString("en")}`;
  box.querySelector("p").textContent = `${progress.phase || "starting"}: ${figures} ${progress.unit}`;
  return true;
}

if (box) follow(box, 150, show);
