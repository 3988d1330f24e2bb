// Copies a text, and says whether that was allowed.
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // an address without TLS has no clipboard
    const area = document.createElement("textarea");
    area.className = "hide";
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
