--- The style, the script and the icon. Their names have their digest in them: browsers may keep them
-- for ever, and never show one of another version.
-- @module lastpass.nginx.dashboard.assets
local digest = require "lastpass.digest"

local M = {}

-- Lists follow what is typed: it asks for the same page that the form would show, and replaces the
-- list; without it the button does.
local SCRIPT = [[
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
      const parts = PARTS.map((id) => page.getElementById(id));
      if (parts.includes(null)) throw new Error("not a list");
      PARTS.forEach((id, position) => {
        document.getElementById(id).replaceChildren(...parts[position].childNodes);
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

-- Three bars, as the charts have them.
local ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
  .. '<rect x="1" y="2" width="18" height="4" rx="1.5" fill="#2f74c0"/>'
  .. '<rect x="1" y="8" width="12" height="4" rx="1.5" fill="#2f74c0"/>'
  .. '<rect x="1" y="14" width="6" height="4" rx="1.5" fill="#2f74c0"/></svg>'

local by_name, names = {}, {}

local function add(what, ending, kind, body)
  local name = ("%s-%s.%s"):format(what, digest.hex(body, 16), ending)
  names[what], by_name[name] = name, { body = body, kind = kind }
end

local function load_once()
  if not next(names) then
    add("style", "css", "text/css; charset=utf-8", require "lastpass.html.style")
    add("script", "js", "text/javascript; charset=utf-8", SCRIPT)
    add("icon", "svg", "image/svg+xml", ICON)
  end
end

--- The name under which something is served.
---@param what "style"|"script"|"icon"
---@return string
function M.name(what)
  load_once()
  return names[what]
end

--- Answers with one of them.
---@param name string
---@return table|nil response nil when there is none of that name
function M.respond(name)
  load_once()
  local asset = by_name[name]
  if not asset then
    return nil
  end
  return {
    status = 200,
    headers = {
      ["content-type"] = asset.kind,
      ["cache-control"] = "public, max-age=31536000, immutable",
      ["x-content-type-options"] = "nosniff",
      ["content-security-policy"] = "default-src 'none'",
      ["cross-origin-resource-policy"] = "same-origin",
    },
    body = asset.body,
  }
end

return M
