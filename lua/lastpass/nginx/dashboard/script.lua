--- The script of the dashboard: lists follow what is typed. It asks for the same page that the form
-- would show, and puts the list in place; without it the button does.
-- @module lastpass.nginx.dashboard.script
return [[
"use strict";
(() => {
  const form = document.querySelector("form[data-live]");
  if (!form || !window.AbortController) return;
  const PARTS = ["found", "results"];
  const PAUSE = 180;
  let timer = 0;
  let running = null;
  let shown = address();

  function address() {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value !== "") fields.append(name, value);
    }
    const text = fields.toString();
    return form.action + (text ? "?" + text : "");
  }

  async function refresh() {
    const url = address();
    if (url === shown) return;
    if (running) running.abort();
    const request = new AbortController();
    running = request;
    form.setAttribute("aria-busy", "true");
    try {
      const part = url + (url.includes("?") ? "&" : "?") + "part=results";
      const reply = await fetch(part, { signal: request.signal, redirect: "error" });
      if (!reply.ok) throw new Error(String(reply.status));
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = PARTS.map((id) => page.getElementById(id));
      if (fresh.includes(null)) throw new Error("not a list");
      PARTS.forEach((id, place) => {
        document.getElementById(id).replaceChildren(...fresh[place].childNodes);
      });
      shown = url;
      history.replaceState(null, "", url);
    } catch (failure) {
      if (failure.name === "AbortError") return;
      location.assign(url);
    } finally {
      if (running === request) {
        running = null;
        form.removeAttribute("aria-busy");
      }
    }
  }

  function soon(pause) {
    clearTimeout(timer);
    timer = setTimeout(refresh, pause);
  }

  form.addEventListener("input", (event) => {
    if (!event.isComposing && event.target.type === "search") soon(PAUSE);
  });
  form.addEventListener("change", () => soon(0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon(0);
  });
  form.classList.add("live");
})();
]]
