--- A sandbox without a socket: the handler that `lastpass.httpd` would call, called directly.
local json = require("lastpass.json")
local sandbox = require("lastpass.sandbox")
local server = require("lastpass.sandbox.server")

local M = {}

M.json = json

local methods = {}
local box_mt = { __index = methods }

--- Opens one. Options: those of a company, and `clock`, `faults`, `latency`, `journal_size`,
-- `companies`. The clock stands still by default.
function M.open(options)
  options = options or {}
  local settings = { clock = options.clock or { start = 1781528400, frozen = true } }
  local company = { cid = sandbox.CID, provhash = sandbox.PROVHASH, seed = 1, users = 50 }
  for name, value in pairs(options) do
    if name == "faults" or name == "latency" or name == "journal_size" then
      settings[name] = value
    elseif name ~= "clock" and name ~= "companies" then
      company[name] = value
    end
  end
  settings.companies = { company }
  for _, other in ipairs(options.companies or {}) do
    table.insert(settings.companies, other)
  end
  local box = setmetatable({ cid = company.cid, provhash = company.provhash }, box_mt)
  box.handler = server.open(json.encode(settings))
  return box
end

--- Sends a request to the handler. Returns its reply table; `chunks` are put together.
function methods:request(request)
  request.method = request.method or "POST"
  request.path = request.path or "/enterpriseapi.php"
  request.target = request.target or request.path
  request.query = request.query or {}
  request.headers = request.headers or { ["content-type"] = "application/json" }
  request.body = request.body or ""
  request.peer = request.peer or "127.0.0.1"
  local reply = self.handler(request)
  reply.status = reply.status or 200
  if reply.chunks then
    local parts = {}
    for piece in reply.chunks do
      parts[#parts + 1] = piece
    end
    reply.body = table.concat(parts)
    reply.was_streamed = true
  end
  return reply
end

--- Calls a command. `data`: any value, nil for none. Returns the decoded body, the reply.
function methods:call(cmd, data, more)
  local envelope = { cid = self.cid, provhash = self.provhash, cmd = cmd, data = data }
  for name, value in pairs(more or {}) do
    envelope[name] = value
  end
  local reply = self:request({ body = json.encode(envelope) })
  return reply.body and json.decode(reply.body), reply
end

--- The same, the body as text.
function methods:text(cmd, data)
  local _, reply = self:call(cmd, data)
  return reply.body
end

--- Asks the control API. Returns the decoded answer, the HTTP status.
function methods:control(method, path, body)
  local name, arguments = path:match("^([^?]*)%??(.*)$")
  local query = {}
  for key, value in arguments:gmatch("([^&=]+)=([^&]*)") do
    query[key] = value
  end
  local reply = self:request({
    method = method,
    path = "/_sandbox/" .. name,
    query = query,
    headers = { host = "127.0.0.1:80" },
    body = body and json.encode(body) or "",
  })
  return json.decode(reply.body), reply.status
end

--- One user as getuserdata shows them, or nil; second value: the whole reply.
function methods:user(mail)
  local reply = self:call("getuserdata", { username = mail })
  local _, user = next(reply.Users)
  return user, reply
end

--- Events as a list, newest first.
function methods:events(query)
  local reply = self:call("reporting", query or {})
  local list = {}
  for number = 1, math.huge do
    local event = reply.data["Event" .. number]
    if not event then
      return list, reply
    end
    list[number] = event
  end
end

--- Actions and Data of the newest `count` events that are not about reading, oldest first.
function methods:last_events(count)
  local list = {}
  for _, event in ipairs(self:events()) do
    if event.Data ~= "Initiated by API" and #list < count then
      table.insert(list, 1, event.Action .. ": " .. event.Data)
    end
  end
  return list
end

--- The mails that a person was sent.
function methods:mails(mail)
  return self:control("GET", "state?email=" .. mail).mails
end

--- Addresses of the users, in the order of their ids.
function methods:addresses(data)
  local reply = self:call("getuserdata", data)
  local ids = {}
  for id in pairs(reply.Users) do
    ids[#ids + 1] = tonumber(id)
  end
  table.sort(ids)
  local list = {}
  for at, id in ipairs(ids) do
    list[at] = reply.Users[("%.0f"):format(id)].username
  end
  return list, reply
end

return M
