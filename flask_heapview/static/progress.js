// Live progress of a running capture; without JavaScript the page reloads itself instead.
const box = document.getElementById("progress");

async function poll() {
  const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return location.reload();
  const { state, progress } = await answer.json();
  if (state !== "running") return location.reload();
  const bar = box.querySelector("progress");
  bar.max = Math.max(1, progress.total);
  bar.value = progress.done;
  const figures = `${progress.done.toLocaleString("en")} of about ${progress.total.toLocaleString("en")}`;
  box.querySelector("p").textContent = `${progress.phase || "starting"}: ${figures} ${progress.unit}`;
  setTimeout(poll, 150);
}

if (box) poll().catch(() => location.reload());
