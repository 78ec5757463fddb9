--- Asks the unified directory as a caller would, without a server between.
local json = require "lastpass.json"
local query = require "lastpass.unified.query"
local unified = require "lastpass.unified"

local M = {}

local methods = {}
local caller_mt = { __index = methods }

--- A caller of a tenant.
---@param tenant table
---@param options? table scopes, settings, writer, now
function M.caller(tenant, options)
  options = options or {}
  return setmetatable({
    tenant = tenant,
    now = options.now,
    grant = {
      name = "spec",
      scopes = options.scopes or { read = true, write = true },
      settings = unified.settings(options.settings or { cursor_keys = { ("k"):rep(32) } }),
      writer = options.writer,
    },
  }, caller_mt)
end

--- Sends a request; the path may have a query.
---@return table response with `json`, the decoded body
function methods:send(method, path, body, headers)
  local bare, rest = path:match "^([^?]*)%??(.*)$"
  headers = headers or {}
  headers["content-type"] = headers["content-type"] or "application/json"
  local response = unified.handle({
    method = method,
    path = unified.MODEL .. query.split("x=" .. bare:gsub("+", "%%2B"))[1][2],
    query = query.split(rest),
    headers = headers,
    body = type(body) == "table" and json.encode(body) or body,
    id = "spec-1",
    now = self.now or os.time(),
  }, self.tenant, self.grant)
  if response.body ~= "" then
    response.json = assert(json.decode(response.body))
  end
  return response
end

function methods:get(path, headers)
  return self:send("GET", path, nil, headers)
end

--- Walks a list to its end.
---@return table[] items
---@return integer pages
function methods:walk(path, between)
  local items, pages, cursor = {}, 0, ""
  repeat
    local glue = path:find("?", 1, true) and "&" or "?"
    local response = self:get(path .. glue .. "next_cursor=" .. cursor)
    assert(response.status == 200, response.body)
    for _, item in ipairs(response.json.result) do
      items[#items + 1] = item
    end
    pages = pages + 1
    cursor = response.json.next_cursor
    if between then
      between(pages)
    end
  until cursor == json.null
  return items, pages
end

return M
