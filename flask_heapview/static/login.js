// A token in the address's fragment (…/login#token=…) signs in at once: fragments never reach a
// server's log. It is taken out of the address bar before anything else happens.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("token").value = token;
  document.getElementById("login").submit();
}
