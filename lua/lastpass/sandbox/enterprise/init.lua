--- The Enterprise API, POST /enterpriseapi.php: the envelope, the credentials, and the engine that runs its
-- 17 commands (enterprise-api §1, §2).
--
-- A command is a row of a table:
--
--     form      of its data: "object" (of `fields`), "objects", "strings", or none
--     fields    name -> {type, required}, see lastpass.sandbox.schema
--     optional  data may be missing
--     check     fun(data): complaint|nil, beyond the form
--     user      the command is about the user whom the field `username` names; `unknown(call, mail)` is the
--               answer when there is none, default replies.fail_list
--     run       fun(call, data, person): reply|nil; nil is the reply OK
--     event     kind of the audit event that follows a success: about the user, or of a read
-- @module lastpass.sandbox.enterprise
local json = require "lastpass.json"
local replies = require "lastpass.sandbox.enterprise.replies"
local schema = require "lastpass.sandbox.schema"

local M = { commands = {} }

for _, concern in ipairs { "users", "batches", "directory", "folders", "reports" } do
  for name, command in pairs(require("lastpass.sandbox.enterprise." .. concern)) do
    M.commands[name] = command
  end
end

-- ---- the engine ----

local function complaint_about(command, data, strict)
  if data == nil then
    return not command.optional and "Missing data." or nil
  end
  local complaint
  if command.form == "strings" then
    complaint = schema.strings(data)
  elseif command.form then
    complaint = schema[command.form](command.fields, data, strict)
  end
  return complaint or command.check and command.check(data, strict)
end

local function unknown_user(_, mail)
  return replies.fail_list("user not found: " .. mail)
end

local call_mt = { __index = {} }

-- Writes an audit event.
function call_mt.__index.audit(call, kind, data)
  call.company:audit(kind, data, call.peer)
end

local reads = {
  getuserdata = true,
  getsfdata = true,
  getdetailedsfdata = true,
  reporting = true,
  expiredmasterpwlist = true,
}

-- What was asked for and executed, whether or not it changed anything.
local function count_writes(call, name, data, person)
  if reads[name] then
    return
  end
  for _, row in ipairs(type(data) == "table" and #data > 0 and data or { data or {} }) do
    local subject = person and person.fields.username or type(row) == "table" and row.username
    call.company:count_write(name, subject or "")
  end
end

local function audit_success(call, command, person)
  if command.user then
    call:audit(command.event, person.fields.username)
  elseif call.company.settings.audit_reads then
    call:audit(command.event, "Initiated by API")
  end
end

--- Checks the data of a command and runs it.
---@param call table company, peer, in_xml
---@param name any
---@param data any nil when there is none
function M.run(call, name, data)
  local command = type(name) == "string" and M.commands[name]
  if not command then
    local kind = type(name)
    local text = (kind == "string" or kind == "number") and ": " .. name or "."
    return replies.fail("Unknown command" .. text)
  end
  local complaint = complaint_about(command, data, call.company.settings.strict)
  if complaint then
    return replies.fail(complaint)
  end
  if data == nil and command.form then
    data = {}
  end
  local person
  if command.user then
    person = call.company:user(data.username)
    if not person then
      return (command.unknown or unknown_user)(call, data.username)
    end
  end
  local reply = command.run(setmetatable(call, call_mt), data, person) or replies.ok()
  if not replies.is_failure(reply) then
    count_writes(call, name, data, person)
    if command.event then
      audit_success(call, command, person)
    end
  end
  return reply
end

-- ---- the envelope ----

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
  { cid = true, provhash = true, cmd = true, data = true, apiuser = true, user = true, next = true }

local function refuse()
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
  for pair in body:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]+)=(.*)$"
    if name then
      envelope[unescape(name)] = unescape(value)
    end
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
  if kind:find "^application/x%-www%-form%-urlencoded" and not request.body:find "^%s*{" then
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
  if type(value) == "string" and value:find "^%d+$" then
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

local function run_envelope(company, envelope, encoding, data, peer)
  local cmd, settings = envelope.cmd, company.settings
  if encoding ~= "json" and not settings.form_encoding then
    return refuse()
  elseif encoding == "query" then
    -- Only events are known to have been read that way; nested data was lost.
    if cmd ~= "reporting" then
      return refuse()
    end
    return M.run({ company = company, peer = peer, in_xml = true }, cmd, nil)
  end
  local name = settings.strict and unknown_key(envelope)
  if name then
    return replies.fail("Unknown key: " .. name)
  end
  return M.run({ company = company, peer = peer }, cmd, data)
end

local function count_rows(data)
  return type(data) == "table" and #data > 0 and #data or (data ~= nil and 1 or 0)
end

local function handle(server, request)
  local envelope, encoding = read_envelope(request)
  if not envelope then
    return server:answer(request, { headers = HEADERS, run = refuse })
  end
  local cid = read_cid(envelope.cid)
  local company = cid and server:company(cid)
  local cmd = type(envelope.cmd) == "string" and envelope.cmd or ""
  local data = envelope.data
  if data == json.null then
    data = nil
  end
  return server:answer(request, {
    headers = HEADERS,
    cid = cid,
    company = company,
    command = cmd,
    label = M.commands[cmd] and cmd or "(unknown)",
    rows = count_rows(data),
    run = function()
      if not company or envelope.provhash ~= company.provhash then
        return refuse()
      end
      return run_envelope(company, envelope, encoding, data, request.peer)
    end,
  })
end

--- Adds the API's route to a server.
---@param server table of lastpass.sandbox.server
function M.register(server)
  server:route("/enterpriseapi%.php", handle)
end

return M
