--- Says of each check of a response (saml §3) whether it is passed, as a service provider with these settings would
-- check it. What only the running service provider knows (which browser asked, what was used before) is left open.
-- @module lastpass.saml.verify
local base64 = require "lastpass.text.base64"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local inspect = require "lastpass.saml.inspect"
local json = require "lastpass.json"
local response = require "lastpass.saml.response"
local signature = require "lastpass.signature"
local sp = require "lastpass.saml.sp"
local times = require "lastpass.time"

local M = {}

---@class lastpass.saml.CheckResult
---@field section string "saml §3.24"
---@field check string   what is checked
---@field code? string   of a check that failed
---@field state "passed"|"failed"|"not reached"|"not known here"
---@field detail? string
---@field advice? string what to click or change

---@class lastpass.saml.Verification
---@field ok boolean
---@field rows lastpass.saml.CheckResult[]
---@field summary? string  who signed in, when it is accepted
---@field identity? lastpass.saml.Identity
---@field message? string  why it is refused
---@field err? lastpass.Error
---@field notes string[]

-- What is passed by whatever is given here, since a file says nothing of it.
local open_steps = {
  method = "how it came is not in the file",
  content_type = "how it came is not in the file",
  browser = "only the browser's cookie tells who asked",
  request_time = "when it was asked for is not in the file",
  use_request = "whether it was answered before is not in the file",
  replay = "whether it was used before is not in the file",
}

-- ------------------------------------------------------------------ a store that knows the request

local TOKEN = ("0"):rep(40)

-- In place of the service provider's store: it has the request that the response answers, and nothing was used before.
local function stand_in(given, clock)
  local prefix = response.request_key ""
  local store = {}
  function store.get(_, key)
    local id = key:sub(1, #prefix) == prefix and key:sub(#prefix + 1)
    if not id or given.request_id and id ~= given.request_id then
      return nil
    end
    return json.encode {
      entity_id = given.entity_id,
      idp = given.idp.entity_id,
      relay = "/",
      browser = digest.hex(TOKEN),
      at = clock(),
      expires = clock() + 60,
    }
  end
  store.take = store.get
  function store.add()
    return true
  end
  store.put, store.advance = store.add, store.add
  return store
end

-- ------------------------------------------------------------------ the message

-- As the body of a form, which the first checks are about.
local function as_form(text)
  local decoded, message, err = inspect.decode(text)
  if not decoded then
    return nil, message, err
  elseif decoded.form == "form" then
    return (text:gsub("^%s+", ""):gsub("%s+$", ""))
  end
  return { SAMLResponse = base64.encode(decoded.xml) }, nil, decoded.form == "redirect"
end

-- ------------------------------------------------------------------ the report

local function new_row(step, state, detail)
  return {
    section = ("saml §3.%d"):format(step.check),
    check = (step.name:gsub("_", " ")),
    state = state,
    detail = detail,
  }
end

local function add_rest(rows)
  for position = #rows + 1, #response.steps do
    rows[position] = new_row(response.steps[position], "not reached")
  end
end

local known = {
  text = "string",
  idp = "table",
  entity_id = "string",
  acs_url = "string",
  key = { "userdata", "table" },
  cert = "string",
  at = "number",
  skew = "number",
  want = "string",
  request_id = "string",
  allow_unsolicited = "boolean",
  allow_sha1 = "boolean",
  allow_cbc = "boolean",
}

local function summary_of(identity)
  return ("%s signed in by %s (%s signed%s)"):format(
    identity.name_id,
    identity.issuer,
    identity.signed == "both" and "response and assertion" or identity.signed,
    identity.encrypted and ", assertion encrypted" or ""
  )
end

-- What was right, and yet should be changed.
local function notes_of(given, seen, clock)
  local notes = {}
  for _, warning in ipairs(require("lastpass.saml.metadata").warnings(given.idp, nil, clock())) do
    notes[#notes + 1] = warning.text
  end
  for _, sha256 in ipairs(seen) do
    notes[#notes + 1] = ("the key of the certificate with sha256 %s signed"):format(sha256)
  end
  return notes
end

local function provider_of(given, clock, seen, notes)
  return sp.new {
    entity_id = given.entity_id,
    acs_url = given.acs_url,
    idp = given.idp,
    key = given.key,
    cert = given.cert,
    store = stand_in(given, clock),
    clock = clock,
    skew = given.skew,
    want = given.want,
    allow_unsolicited = given.allow_unsolicited,
    allow_sha1 = given.allow_sha1,
    allow_cbc = given.allow_cbc,
    on_event = function(event)
      notes[#notes + 1] = event.message
    end,
    watch = {
      saw = function(_, _, sha256, use)
        seen[#seen + 1] = use == "signing" and sha256 or nil
        return true
      end,
    },
  }
end

local function observer(rows)
  return function(step, ok, err)
    local state = ok and (open_steps[step.name] and "not known here" or "passed") or "failed"
    local row = new_row(step, state, ok and open_steps[step.name] or nil)
    if err then
      row.code, row.detail, row.advice = err.code, err.message, err.hint
    end
    rows[#rows + 1] = row
  end
end

--- Judges a response.
---@param given table text (XML, Base64 or the body of the form), idp (its metadata), entity_id and acs_url (ours); key
-- and cert (to decrypt), at (epoch seconds; default now), skew, want, request_id (of the request that it must answer),
-- allow_unsolicited, allow_sha1, allow_cbc
---@return lastpass.saml.Verification|nil nil when there is nothing to check, or the settings are wrong
---@return string? message
---@return lastpass.Error? err
function M.run(given)
  errors.check_options("saml.verify.run", given, known)
  for _, name in ipairs { "text", "idp", "entity_id", "acs_url" } do
    if given[name] == nil then
      errors.raise(2, "saml.verify.run: option '%s' is missing", name)
    end
  end
  local form, message, err = as_form(given.text)
  if not form then
    return nil, message, err
  end
  local came_by_get = err
  local rows, seen, notes = {}, {}, {}
  local function clock()
    return given.at or times.now()
  end
  local provider
  provider, message, err = provider_of(given, clock, seen, notes)
  if not provider then
    return nil, message, err
  end
  local identity
  identity, message, err = provider:consume(form, {
    browser = TOKEN,
    method = came_by_get and "GET" or "POST",
    observe = observer(rows),
  })
  add_rest(rows)
  for _, note in ipairs(notes_of(given, seen, clock)) do
    notes[#notes + 1] = note
  end
  return {
    ok = identity ~= nil,
    rows = rows,
    identity = identity,
    summary = identity and summary_of(identity),
    message = message,
    err = err,
    notes = notes,
  }
end

signature.declare("saml.verify.", M, { run = "given: table" })

return M
