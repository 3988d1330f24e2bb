// How far a watch is; the page is loaded anew when a snapshot was taken, or when it has ended.
const box = document.getElementById("watch");

async function poll() {
  const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return location.reload();
  const { state, snapshots, requests } = await answer.json();
  if (state !== "running" || snapshots.length !== Number(box.dataset.taken)) return location.reload();
  const now = box.querySelector(".now");
  if (now) now.textContent = requests.toLocaleString("en");
  setTimeout(poll, 500);
}

if (box) poll().catch(() => location.reload());
