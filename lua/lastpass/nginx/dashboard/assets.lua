--- The style, the script and the icon. Their names have their digest in them: browsers may keep them
-- for ever, and never show one of another version.
-- @module lastpass.nginx.dashboard.assets
local digests = require "lastpass.unified.digests"

local M = {}

--- Three bars, as the charts have them.
M.ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
  .. '<rect x="1" y="2" width="18" height="4" rx="1.5" fill="#2f74c0"/>'
  .. '<rect x="1" y="8" width="12" height="4" rx="1.5" fill="#2f74c0"/>'
  .. '<rect x="1" y="14" width="6" height="4" rx="1.5" fill="#2f74c0"/></svg>'

local kinds = {
  style = { "css", "text/css; charset=utf-8" },
  script = { "js", "text/javascript; charset=utf-8" },
  icon = { "svg", "image/svg+xml" },
}

local function texts()
  return {
    style = require "lastpass.report.render.style" .. require "lastpass.nginx.dashboard.look",
    script = require "lastpass.nginx.dashboard.script",
    icon = M.ICON,
  }
end

local names, by_name

local function load()
  names, by_name = {}, {}
  for what, text in pairs(texts()) do
    local kind = kinds[what]
    local name = ("%s-%s.%s"):format(what, digests.sha256_hex(text, 16), kind[1])
    names[what] = name
    by_name[name] = { text = text, kind = kind[2] }
  end
end

--- The name under which something is served.
---@param what "style"|"script"|"icon"
---@return string
function M.name(what)
  if not names then
    load()
  end
  return names[what]
end

--- Answers with one of them.
---@param name string
---@return table|nil response nil when there is none of that name
function M.respond(name)
  if not names then
    load()
  end
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
    body = asset.text,
  }
end

return M
