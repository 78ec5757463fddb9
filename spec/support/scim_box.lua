--- The sandbox's SCIM surface without a socket: requests to spec.sandbox.support's handler.
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"
local support = require "spec.sandbox.support"

local M = {}

M.TOKEN = "a-token.of-the_sandbox"
M.URN = schema.URN
M.null = json.null

local methods = {}
local site_mt = { __index = methods }

--- Opens a company. Options: of spec.sandbox.support, and `settings`: assumptions.
function M.open(options)
  local given = { scim_token = M.TOKEN, users = 50 }
  for name, value in pairs(options or {}) do
    if name == "settings" then
      given.assumptions = value
    else
      given[name] = value
    end
  end
  local box = support.open(given)
  return setmetatable(
    { box = box, base = ("/scimapi/%.0f"):format(box.cid), token = M.TOKEN },
    site_mt
  )
end

--- Changes settings of the company.
function methods:assume(settings)
  local _, status = self.box:control("POST", "state", { settings = settings })
  assert(status == 200)
end

local function unescape(text)
  return (
    text:gsub("%%(%x%x)", function(digits)
      return string.char(tonumber(digits, 16))
    end)
  )
end

--- Sends a request. `target`: path below the base, and query; `body`: text, or what is encoded.
---@return table reply with `json`, the decoded body
function methods:send(method, target, body, headers)
  local all = {
    host = "127.0.0.1:4711",
    authorization = "Bearer " .. self.token,
    ["content-type"] = body and "application/scim+json" or nil,
  }
  for name, value in pairs(headers or {}) do
    all[name] = value or nil
  end
  local reply = self.box:request {
    method = method,
    path = unescape(self.base .. target:match "^[^?]*"),
    target = self.base .. target,
    headers = all,
    body = type(body) == "table" and json.encode(body) or body,
  }
  reply.json = reply.body and reply.body ~= "" and json.decode(reply.body) or nil
  return reply
end

--- A PATCH of one resource.
function methods:patch(target, ...)
  return self:send("PATCH", target, { schemas = { M.URN.patch }, Operations = { ... } })
end

--- The user of an address, by a filter; nil when there is none.
function methods:find(mail)
  local reply = self:send("GET", '/Users?filter=userName eq "' .. mail .. '"')
  assert(reply.status == 200, reply.body)
  assert(reply.json.totalResults <= 1)
  return reply.json.Resources[1]
end

--- The group of a name.
function methods:group(name)
  local target = "/Groups?excludedAttributes=members&filter=displayName eq " .. json.encode(name)
  local reply = self:send("GET", target)
  assert(reply.status == 200, reply.body)
  return reply.json.Resources[1]
end

--- Names of the members of a group.
function methods:members(id)
  local list = {}
  for at, member in ipairs(self:send("GET", "/Groups/" .. id).json.members or {}) do
    list[at] = member.display
  end
  table.sort(list)
  return list
end

--- Makes a user.
function methods:make(mail, more)
  local body = { schemas = { M.URN.user }, userName = mail }
  for name, value in pairs(more or {}) do
    body[name] = value
  end
  return self:send("POST", "/Users", body)
end

return M
