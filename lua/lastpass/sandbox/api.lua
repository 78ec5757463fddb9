--- POST /enterpriseapi.php: the envelope, the credentials, the faults, the journal
-- (enterprise-api §1, §2).
-- @module lastpass.sandbox.api
local commands = require "lastpass.sandbox.commands"
local faults = require "lastpass.sandbox.effects"
local json = require "lastpass.json"
local replies = require "lastpass.sandbox.commands.replies"

local M = {}

-- The recorded 76 bytes: the same for a wrong cid and a wrong hash.
local REFUSAL = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="Authorization Error"/>\n'

-- LastPass declares XML also when the body is JSON.
local HEADERS = {
  ["Content-Type"] = "text/xml;charset=UTF-8",
  ["Cache-Control"] = "no-cache,private,no-store,must-revalidate",
  ["Server"] = "LastPass",
  -- The bot manager's cookies; nobody has to send them back.
  ["Set-Cookie"] = {
    "_abck=0~-1~-1; Domain=.lastpass.com; Path=/; Secure",
    "bm_sz=0~0; Domain=.lastpass.com; Path=/; HttpOnly",
  },
  ["Vary"] = "origin, Accept-Encoding",
}

local ENVELOPE =
  { cid = true, provhash = true, cmd = true, data = true, apiuser = true, user = true }
ENVELOPE.next = true

local function refusal()
  return { class = "refused", body = REFUSAL }
end

local function unescape(text)
  text = text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end)
  return text
end

-- cid=…&provhash=…&cmd=…: what two clients send (§1.1).
local function read_form(body)
  local envelope = {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do
    envelope[unescape(name)] = unescape(value)
  end
  return envelope
end

-- The request as a table and how it came: "json", "form" or "query"; nil when it is none.
local function read_envelope(request)
  if request.body == "" then
    return request.query, "query"
  elseif request.method ~= "POST" then
    return nil
  end
  local kind = request.headers["content-type"] or ""
  if kind:find("^application/x%-www%-form%-urlencoded") and not request.body:find("^%s*{") then
    return read_form(request.body), "form"
  end
  local envelope = json.decode(request.body)
  if type(envelope) ~= "table" or #envelope > 0 then
    return nil
  end
  return envelope, "json"
end

-- The number may come as a string of digits (§1.2).
local function read_cid(value)
  if type(value) == "string" and value:find("^%d+$") then
    value = tonumber(value)
  end
  return type(value) == "number" and value or nil
end

local function unknown_key(envelope)
  for name in pairs(envelope) do
    if not ENVELOPE[name] then
      return name
    end
  end
  return nil
end

-- ---- one request ----

local function carry_out(tenant, envelope, encoding, request)
  local cmd, data = envelope.cmd, envelope.data
  if data == json.null then
    data = nil
  end
  local context = tenant:context(request.peer)
  if encoding ~= "json" and not tenant.settings.form_encoding then
    return refusal()
  elseif encoding == "query" then
    -- Only events are known to have been read that way; nested data was lost.
    context.in_xml, data = true, nil
    if cmd ~= "reporting" then
      return refusal()
    end
    return commands.run(context, cmd, data)
  end
  local name = unknown_key(envelope)
  if name and tenant.settings.strict then
    return replies.fail("Unknown key: " .. name)
  end
  return commands.run(context, cmd, data)
end

-- Answers a request whose envelope could be read.
local function answer(server, envelope, encoding, request, entry)
  local cid = read_cid(envelope.cid)
  local tenant = cid and server.tenants[cid]
  local cmd = type(envelope.cmd) == "string" and envelope.cmd or ""
  entry.cid, entry.command = cid, commands.list[cmd] and cmd or "(unknown)"
  entry.rows = commands.rows(envelope.data ~= json.null and envelope.data or nil)
  local effects = server.faults:decide(cmd, cid)
  entry.faults = effects and effects.ids
  if effects and effects.hash_rotated and tenant then
    faults.rotate_hash(tenant, effects)
  end
  if effects and effects.page_shift and tenant then
    faults.shift_pages(tenant, effects.page_shift, server.journal.count)
  end
  local reply = effects and faults.instead(effects)
  if not reply then
    if not tenant or envelope.provhash ~= tenant.provhash then
      reply = refusal()
    else
      reply = carry_out(tenant, envelope, encoding, request)
    end
    if effects then
      faults.spoil(reply, effects)
    end
  end
  return reply, effects
end

local function headers_of(effects)
  if not effects then
    return HEADERS
  end
  local headers = {}
  for name, value in pairs(HEADERS) do
    headers[name] = value
  end
  for name, value in pairs(effects.headers or {}) do
    headers[name] = tostring(value)
  end
  headers["Content-Type"] = effects.content_type or headers["Content-Type"]
  if effects.retry_after then
    local after = effects.retry_after
    headers["Retry-After"] = type(after) == "number" and ("%.0f"):format(after) or after
  end
  return headers
end

--- Answers one request.
---@param server table of lastpass.sandbox.server
---@param request table
---@return table reply as `lastpass.httpd` takes it
function M.handle(server, request)
  local entry = { time = server.clock:seconds(), command = "(none)", rows = 0, peer = request.peer }
  local envelope, encoding = read_envelope(request)
  local reply, effects
  if envelope then
    reply, effects = answer(server, envelope, encoding, request, entry)
  else
    reply = refusal()
  end
  entry.class, entry.status = reply.class, not reply.drop and (reply.status or 200) or nil
  server.journal:add(entry)
  reply.headers = headers_of(effects)
  local delay = server.latency + (effects and effects.delay or 0)
  reply.delay = delay > 0 and delay or nil
  return reply
end

return M
