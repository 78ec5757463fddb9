--- Faults on demand: rules that say which calls go wrong and how, and what they do to companies and replies.
-- @module lastpass.sandbox.faults
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local base64 = require "lastpass.text.base64"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.company.people"
local schema = require "lastpass.sandbox.schema"
local scim = require "lastpass.sandbox.scim"

local M = {}

-- Seconds after which lastpass.httpd does not even try.
local NEVER = 1e9

local function one_of(...)
  local allowed = { ... }
  return function(value)
    for _, known in ipairs(allowed) do
      if known == value then
        return true
      end
    end
    return nil, "one of " .. table.concat(allowed, ", ")
  end
end

local function at_least(low)
  return function(value)
    return type(value) == "number" and value >= low, "a number from " .. low .. " on"
  end
end

local function whole_from(low)
  return function(value)
    return schema.is_whole(value) and value >= low, "a whole number from " .. low .. " on"
  end
end

local function share(value)
  return type(value) == "number" and value >= 0 and value <= 1, "a number from 0 to 1"
end

local function name_or_list(value)
  return type(value) == "string" or schema.is_strings(value), "a name or a list of names"
end

local function any(value)
  return value ~= nil
end

local function header_value(value)
  local is_text = type(value) == "string" and not value:find "%c"
  return is_text or type(value) == "number", "a string without control characters"
end

local function header_list(value)
  local good = type(value) == "table"
  for name, one in pairs(good and value or {}) do
    good = good and type(name) == "string" and name:find "^[%w_-]+$" and header_value(one)
  end
  return good, "an object of names and strings"
end

--- Which calls a rule is for: `command` (a name or a list), `cid`, `nth` (only the nth of them),
-- `every` (every so many), `probability` with `seed`, `count` (at most so often; with `nth` 1).
local match_keys = {
  command = name_or_list,
  cid = "number",
  nth = whole_from(1),
  every = whole_from(1),
  probability = share,
  seed = whole_from(0),
  count = whole_from(1),
}

--- What happens to them. `status`, unless `commit`, and drop "before" leave the command undone;
-- everything else happens to the reply of a command that was run.
local effect_keys = {
  delay = at_least(0), -- seconds
  drop = one_of("before", "after"), -- the connection closes without a byte
  truncate = whole_from(0), -- bytes of the body that are sent
  content_length = one_of("declared", "lowered"), -- of a truncated body; declared: the full one
  malformed = "boolean", -- a reply that stops being JSON
  status = whole_from(200),
  retry_after = header_value,
  commit = "boolean",
  page_shift = one_of("vanish", "appear"), -- somebody of an earlier page leaves or comes
  hash_rotated = "boolean",
  provhash = "string", -- the new hash; default the old one backwards
  token_changed = "boolean",
  scim_token = "string", -- the new token of SCIM; default one that nobody has
  body = "string",
  body_base64 = "string",
  content_type = header_value,
  headers = header_list,
  big_body = whole_from(1), -- bytes
  hang = "boolean", -- no answer, and the connection stays
  -- of LastPass MFA (mfa §2): another Username (true, or which one), another AuthStatus (of any type) or none, no
  -- Value
  wrong_user = { "boolean", "string" },
  auth_status = any,
  no_status = "boolean",
  no_value = "boolean",
  outer_fails = "boolean", -- Succeeded is false, with the Value
  inner_fails = "boolean",
  wrong_padding = "boolean", -- of the secured answer's payload
  wrong_key = "boolean", -- the secured answer is encrypted for somebody else
}

local known_keys = { name = "string" }
for _, keys in ipairs({ match_keys, effect_keys }) do
  for name, expected in pairs(keys) do
    known_keys[name] = expected
  end
end

local methods = {}
local faults_mt = { __name = "lastpass.sandbox.faults", __index = methods }

--- No faults.
function M.new()
  return setmetatable({ rules = {}, last_id = 0 }, faults_mt)
end

local function has_effect(rule)
  for name in pairs(effect_keys) do
    if rule[name] ~= nil then
      return true
    end
  end
  return false
end

local function refuse_rule(complaint)
  return errors.fail("argument", "bad_fault", complaint)
end

--- Adds a rule.
function methods:add(given)
  local rule, complaint = schema.options("fault", given, known_keys)
  if not rule then
    return refuse_rule(complaint)
  elseif not has_effect(rule) then
    return refuse_rule "a fault needs an effect, such as status or delay"
  elseif rule.body_base64 then
    rule.body = base64.decode(rule.body_base64)
    if not rule.body then
      return refuse_rule "body_base64 is not valid Base64"
    end
  end
  self.last_id = self.last_id + 1
  rule.id, rule.seen, rule.applied = self.last_id, 0, 0
  rule.random = rule.probability and arithmetic.random(rule.seed or 1)
  table.insert(self.rules, rule)
  return rule.id
end

local function is_for(rule, command, cid)
  if rule.cid and rule.cid ~= cid then
    return false
  elseif rule.command == nil or rule.command == command then
    return true
  elseif type(rule.command) ~= "table" then
    return false
  end
  for _, name in ipairs(rule.command) do
    if name == command then
      return true
    end
  end
  return false
end

local function applies(rule)
  rule.seen = rule.seen + 1
  local most = rule.count or (rule.nth and 1) or math.huge
  if rule.applied >= most then
    return false
  elseif rule.nth and rule.seen < rule.nth then
    return false
  elseif rule.every and rule.seen % rule.every ~= 0 then
    return false
  end
  return not rule.random or rule.random(1000000) < rule.probability * 1000000
end

--- What goes wrong with this call: the effects of every rule that applies, later rules first.
function methods:decide(command, cid)
  local effects
  for _, rule in ipairs(self.rules) do
    if is_for(rule, command, cid) and applies(rule) then
      rule.applied = rule.applied + 1
      effects = effects or { ids = {} }
      table.insert(effects.ids, rule.id)
      for name in pairs(effect_keys) do
        if rule[name] ~= nil then
          effects[name] = rule[name]
        end
      end
    end
  end
  return effects
end

--- The rules, for the control API.
function methods:describe()
  local list = json.list()
  for at, rule in ipairs(self.rules) do
    local shown = {}
    for name in pairs(known_keys) do
      shown[name] = rule[name]
    end
    shown.id, shown.seen, shown.applied = rule.id, rule.seen, rule.applied
    shown.provhash = shown.provhash and "(hidden)" or nil
    shown.scim_token = shown.scim_token and "(hidden)" or nil
    if shown.body then
      shown.body_bytes, shown.body, shown.body_base64 = #shown.body, nil, nil
    end
    list[at] = shown
  end
  return list
end

--- Removes one rule, or all.
function methods:remove(id)
  for at = #self.rules, 1, -1 do
    if id == nil or self.rules[at].id == id then
      table.remove(self.rules, at)
    end
  end
end

-- ---- effects ----

-- Somebody of an earlier page leaves, or comes in before them: the later pages move by one.
local function shift_pages(company, kind, number)
  if kind == "vanish" then
    company:walk(nil, 0, 1, function(index, person)
      company:remove(person or company:person(company.seeded:mail(index)))
    end)
    return
  end
  local mail = ("returned.%d@%s"):format(number, company.seeded.domain)
  local fields = people.new_fields(mail, company:account_time())
  if company.seeded.users > 0 then
    local _, source = next(assert(json.decode("{" .. company.seeded:user_json(0) .. "}")))
    fields = source
    fields.username, fields.duousername, fields.admin = mail, mail, false
  end
  company:add(fields, false, true)
end

--- What happens to the company before the call.
---@param company table
---@param effects table
---@param number integer makes the address of somebody new
function M.change_company(company, effects, number)
  if effects.hash_rotated then
    company.provhash = effects.provhash or company.provhash:reverse()
  end
  if effects.token_changed then
    scim.change_token(company, effects.scim_token)
  end
  if effects.page_shift then
    shift_pages(company, effects.page_shift, number)
  end
end

local function drain(reply)
  local parts = {}
  for piece in reply.chunks do
    parts[#parts + 1] = piece
  end
  reply.chunks = nil
  return table.concat(parts)
end

local function big_body(bytes)
  local block = ("x"):rep(65536)
  local opening = ('{"Users":"'):sub(1, bytes)
  local left = bytes - #opening
  return function()
    if opening then
      local first = opening
      opening = nil
      return first
    end
    if left <= 0 then
      return nil
    end
    local size = math.min(left, #block)
    left = left - size
    return block:sub(1, size)
  end
end

--- Spoils the reply of a command that was run.
function M.spoil_reply(reply, effects)
  if effects.malformed then
    reply.body, reply.chunks, reply.class = '{"status":"OK",', nil, "malformed"
  end
  if effects.body then
    reply.body, reply.chunks, reply.class = effects.body, nil, "replaced"
  end
  if effects.big_body then
    reply.chunks, reply.class = big_body(effects.big_body), "big"
  end
  if effects.truncate then
    reply.class = "truncated"
    if effects.content_length == "lowered" then
      reply.body = (reply.chunks and drain(reply) or reply.body):sub(1, effects.truncate)
    else
      reply.truncate = effects.truncate
    end
  end
  if effects.status then
    reply.status = effects.status
  end
  if effects.drop then
    reply.drop, reply.class = true, "dropped after commit"
  end
end

--- The reply of a call that a fault prevents from being run; nil when none does.
function M.replace_reply(effects)
  if effects.drop == "before" then
    return { drop = true, class = "dropped before commit", is_replaced = true }
  elseif effects.status and not effects.commit then
    local reply =
      { status = effects.status, class = tostring(effects.status), body = "", is_replaced = true }
    M.spoil_reply(reply, { body = effects.body, truncate = effects.truncate })
    reply.class = tostring(effects.status)
    return reply
  end
  return nil
end

--- Seconds until the reply.
function M.delay(effects)
  return effects.hang and NEVER or effects.delay or 0
end

--- The headers of a reply.
---@param base table those of the surface
---@param effects table|nil
function M.headers(base, effects)
  if not effects then
    return base
  end
  local headers = {}
  for name, value in pairs(base) do
    headers[name] = value
  end
  for name, value in pairs(effects.headers or {}) do
    headers[name] = tostring(value)
  end
  headers["Content-Type"] = effects.content_type or headers["Content-Type"]
  local after = effects.retry_after
  if after then
    headers["Retry-After"] = type(after) == "number" and ("%.0f"):format(after) or after
  end
  return headers
end

return M
