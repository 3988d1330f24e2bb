// How far something is: as the server sends it, or by asking where it cannot spare a connection.
const SILENT_MS = 4000; // the server says something each second: what is silent is held back

// `show(state)` shows a state, and is false when the page has to be loaded anew
export function follow(box, pollMs, show) {
  const { url, events } = box.dataset;
  let source = null, silence = 0;

  const take = (state) => {
    if (show(state)) return true;
    hangUp();
    location.reload();
    return false;
  };

  async function ask() {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) return location.reload();
    if (take(await answer.json())) setTimeout(poll, pollMs);
  }

  const poll = () => ask().catch(() => location.reload());

  function hangUp() {
    clearTimeout(silence);
    source.close();
  }

  function pollInstead() {
    hangUp();
    document.removeEventListener("visibilitychange", heed);
    poll();
  }

  function expect() {
    clearTimeout(silence);
    silence = setTimeout(pollInstead, SILENT_MS);
  }

  function listen() {
    source = new EventSource(events);
    source.onmessage = (event) => take(JSON.parse(event.data)) && expect();
    // each connection is short, and the browser comes again, unless it was told not to
    source.onerror = () => source.readyState === EventSource.CLOSED && pollInstead();
    expect();
  }

  // a page that nobody sees takes no connection
  const heed = () => (document.hidden ? hangUp() : listen());

  document.addEventListener("visibilitychange", heed);
  listen();
}
