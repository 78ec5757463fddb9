--- The phones of a company's people, which scripts and people press the buttons of: what state they are in, what LastPass
-- answers at once, and what comes of a request that rings.
-- @module lastpass.sandbox.mfa.phone
local policies = require "lastpass.sandbox.mfa.policy"
local schema = require "lastpass.sandbox.schema"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

--- The states of a phone: of somebody whom LastPass MFA does not know ("absent"), without an active phone, locked.
M.STATES = { "paired", "unpaired", "locked", "absent" }

--- Ways to unlock the app, in the order in which a phone has them.
M.METHODS = { "fingerprint", "face", "pattern" }

--- What can be pressed, and what it is in LastPass's words (mfa §2.1); "ignore" waits for the end of the time.
M.ACTIONS = {
  approve = "Success",
  deny = "Denied",
  alert = "Alert",
  geofence = "Denied by Geofencing",
  policy = "Denied by Policy",
  no_location = "No Location",
  ignore = false,
}

-- What the API calls methods, beside our own words (mfa §2.1).
local ALIASES = { facelive = "face", facevoice = "face" }

-- ---- who has a phone ----

-- What the company's own data say of somebody.
local function state_of_person(company, person)
  if not person or person.invited then
    return "absent"
  elseif company.settings.mfa_enrolled == "everybody" then
    return "paired"
  end
  return person.fields.multifactor == "lastpassauth" and "paired" or "absent"
end

--- Somebody's phone.
---@param company table
---@param address string
---@return table phone key, email (as the directory writes it), state, methods, policy, own (what was set)
function M.find(company, address)
  local key, person = states.key_of(company, address)
  local own = states.of(company).phones[key] or {}
  local fields = person and person.fields
  local state = own.state or state_of_person(company, person)
  local is_locked = own.suspended
    or fields and fields.disabled and company.settings.mfa_disabled == "locked"
  if is_locked and state ~= "absent" then
    state = "locked"
  end
  return {
    key = key,
    email = fields and fields.username or own.email or address,
    state = state,
    methods = own.methods or M.METHODS,
    policy = own.policy,
    rings = states.of(company).rings[key] or 0,
  }
end

-- Whether LastPass MFA knows a user whom nothing has changed since the seed.
local function is_seeded_enrolled(company, index)
  return company.settings.mfa_enrolled == "everybody"
    or company.seeded:factor(index) == "lastpassauth"
end

local function list_people(company)
  local list, phones, listed = {}, states.of(company).phones, {}
  company:walk(nil, 0, math.huge, function(index, person)
    local id = person and person.id or company.seeded:id(index)
    local key = ("%.0f"):format(id)
    if phones[key] or person then
      local address = person and person.fields.username or company.seeded:mail(index)
      listed[key] = true
      list[#list + 1] = M.find(company, address).state ~= "absent" and address or nil
    elseif is_seeded_enrolled(company, index) then
      list[#list + 1] = index
    end
  end)
  local others = {}
  for key, own in pairs(phones) do
    if not listed[key] and M.find(company, own.email).state ~= "absent" then
      others[#others + 1] = own.email
    end
  end
  table.sort(others)
  for _, address in ipairs(others) do
    list[#list + 1] = address
  end
  return list
end

--- The people whom LastPass MFA knows.
---@param company table
---@return table list of addresses, or seeded numbers of those whom nothing has changed; see `address`
function M.people(company)
  return company:cache("mfa " .. company.settings.mfa_enrolled, list_people)
end

--- The address of one of `people`.
function M.address(company, one)
  return type(one) == "number" and company.seeded:mail(one) or one
end

--- Changes what a phone is.
---@param company table
---@param address string
---@param change table fields to set
---@return table own what is set of this phone
function M.set(company, address, change)
  local key = states.key_of(company, address)
  local phones = states.of(company).phones
  phones[key] = phones[key] or { email = address }
  for name, value in pairs(change) do
    phones[key][name] = value
  end
  company:touch() -- what the directory lists is computed again
  return phones[key]
end

-- ---- what is decided before a phone rings ----

local AT_ONCE = { absent = "DoesNotExist", unpaired = "UnpairedUser", locked = "LockedUser" }

--- What LastPass answers without asking the phone.
---@return string|nil status a value of AuthStatus; nil: the phone rings
function M.refusal(company, phone, address)
  return AT_ONCE[phone.state] or policies.refusal(company, phone.policy, address)
end

-- ---- what is pressed ----

local function allows(asked, method)
  for _, name in ipairs(asked or {}) do
    local lower = name:lower()
    if lower == "default" or (ALIASES[lower] or lower) == method then
      return true
    end
  end
  return asked == nil or #asked == 0
end

-- The way that the user takes: the phone's first that the request allows.
local function method_of(phone, asked)
  for _, method in ipairs(phone.methods) do
    if allows(asked, method) then
      return method
    end
  end
  return phone.methods[1]
end

--- Presses a button, now or later.
---@param challenge table that nobody has answered
---@param press table `action` or `status` (any word), `method`, `after_ms`
function M.press(challenge, press)
  local phone = M.find(challenge.company, challenge.email)
  local method = press.method or method_of(phone, challenge.methods)
  local status = press.status or M.ACTIONS[press.action]
  if status == "Success" and not allows(challenge.methods, method) then
    status = "Denied" -- what is asked for is enforced by the app: an assumption
  end
  challenge.answer = status
    and {
      status = status,
      action = press.action or "status",
      method = method,
      due = challenge.company.clock:microseconds() + (press.after_ms or 0) * 1000,
    }
end

local function rule_for(state, key)
  local general
  for at, rule in ipairs(state.rules) do
    if rule.key == key then
      return rule, at
    elseif not rule.key then
      general = at
    end
  end
  return state.rules[general], general
end

--- Makes a phone ring; what it does by itself is scripted by rules.
---@param server table
---@param company table
---@param about table key, email, device, ip, browser_id, methods
---@return table challenge
function M.ring(server, company, about)
  local challenge = states.begin(server, company, about)
  local state = challenge.state
  state.rings[challenge.key] = (state.rings[challenge.key] or 0) + 1
  states.note(company, "ring", {
    email = challenge.email,
    number = challenge.number,
    device = challenge.device,
    ip = challenge.ip,
    asked_methods = challenge.methods,
  })
  local rule, at = rule_for(state, challenge.key)
  if rule then
    M.press(challenge, rule)
    if rule.count then
      rule.count = rule.count - 1
      if rule.count == 0 then
        table.remove(state.rules, at)
      end
    end
  end
  return challenge
end

-- ---- what became of it ----

local function finish(challenge, status, kind, answer)
  challenge.status = status
  states.note(challenge.company, kind, {
    email = challenge.email,
    number = challenge.number,
    action = answer and answer.action,
    method = answer and answer.method,
    status = status,
  })
end

--- What a request has come to.
---@param challenge table
---@return string|nil status a value of AuthStatus; nil: the phone still rings
function M.outcome(challenge)
  if challenge.status then
    return challenge.status
  end
  local now, answer = challenge.company.clock:microseconds(), challenge.answer
  if answer and answer.due <= now and answer.due < challenge.ends then
    finish(challenge, answer.status, "answer", answer)
  elseif now >= challenge.ends then
    finish(challenge, challenge.company.settings.mfa_timeout, "timeout")
  end
  return challenge.status
end

--- Seconds until something happens by itself; nil when the clock stands.
function M.next_due(challenge)
  local clock = challenge.company.clock
  if clock.frozen then
    return nil
  end
  local due = challenge.answer and math.min(challenge.answer.due, challenge.ends) or challenge.ends
  return math.max(0.001, (due - clock:microseconds()) / 1000000)
end

--- Whether a company still has a request: a reset forgets it.
function M.is_known(server, challenge)
  local company = challenge.company
  return server:company(company.cid) == company and company.surfaces.mfa == challenge.state
end

-- ---- for the control API ----

local function is_method(value)
  return value == "fingerprint" or value == "face" or value == "pattern"
end

local function is_methods(value)
  local is_good = schema.is_strings(value) and #value > 0
  for _, method in ipairs(is_good and value or {}) do
    is_good = is_good and is_method(method)
  end
  return is_good, "a list of fingerprint, face, pattern"
end

local function is_one_of(list)
  return function(value)
    for _, known in ipairs(list) do
      if value == known then
        return true
      end
    end
    return nil, "one of " .. table.concat(list, ", ")
  end
end

local function is_action(value)
  return type(value) == "string" and M.ACTIONS[value] ~= nil,
    "one of approve, deny, alert, ignore, geofence, policy, no_location"
end

local function is_delay(value)
  return type(value) == "number" and value >= 0 and value <= 86400000, "milliseconds, up to a day"
end

local function is_status(value)
  return type(value) == "string" and #value <= 100, "a string of up to 100 bytes"
end

local function is_count(value)
  return schema.is_whole(value) and value >= 1, "a whole number from 1 on"
end

local function is_address(value)
  return type(value) == "string" and value ~= "" and #value <= 254, "an address"
end

--- What can be set of a phone, and what can be pressed.
M.known =
  { email = is_address, state = is_one_of(M.STATES), methods = is_methods, policy = "table" }
M.known_press = {
  action = is_action,
  status = is_status,
  method = is_one_of(M.METHODS),
  after_ms = is_delay,
}
M.known_rule = { email = is_address, count = is_count }
M.known_answer = { email = is_address, token = "string", number = is_count }
for name, check in pairs(M.known_press) do
  M.known_rule[name], M.known_answer[name] = check, check
end

return M
