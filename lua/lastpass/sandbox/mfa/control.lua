--- The phones for the control API: set up, listed, answered, scripted; and keys of LastPass MFA.
-- @module lastpass.sandbox.mfa.control
local json = require "lastpass.json"
local key_pairs = require "lastpass.sandbox.mfa.key_pairs"
local phones = require "lastpass.sandbox.mfa.phone"
local policies = require "lastpass.sandbox.mfa.policy"
local schema = require "lastpass.sandbox.schema"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

-- The options of a request, `cid` aside, which names the company.
local function read(what, data, known)
  local all = { cid = "number" }
  for name, check in pairs(known) do
    all[name] = check
  end
  local options, message = schema.options(what, data, all)
  if options then
    options.cid = nil
  end
  return options, message
end

local function describe_phone(company, address)
  local phone = phones.find(company, address)
  phone.key = nil
  phone.methods = json.list(phone.methods)
  return phone
end

--- A phone, or those of everybody who was set up by hand.
function M.show(company, address)
  if address then
    return describe_phone(company, address)
  end
  local list = json.list()
  for _, own in pairs(states.of(company).phones) do
    list[#list + 1] = describe_phone(company, own.email)
  end
  table.sort(list, function(a, b)
    return a.email < b.email
  end)
  return { phones = list }
end

--- Sets up a phone: state, methods, policy. With an address alone nothing is changed.
function M.set(company, data)
  local options, message = read("mfa_phones", data, phones.known)
  if options and not options.email then
    return nil, "a phone needs an email"
  elseif options and options.policy then
    local policy
    policy, message = schema.options("policy", options.policy, policies.known)
    if not policy then
      return nil, message
    end
    options.policy = next(policy) and policy or false
  end
  if not options then
    return nil, message
  end
  local address = options.email
  options.email = nil
  if next(options) then
    phones.set(company, address, options)
  end
  return describe_phone(company, address)
end

local function describe(challenge)
  return {
    token = challenge.token,
    number = challenge.number,
    email = challenge.email,
    device = challenge.device,
    ip = challenge.ip,
    browser_id = challenge.browser_id,
    methods = challenge.methods and json.list(challenge.methods),
    callback_url = challenge.callback_url,
    since = math.floor(challenge.since / 1000000),
    ends = math.floor(challenge.ends / 1000000),
  }
end

local function pending_of(company, address)
  local list, key = json.list(), address and states.key_of(company, address)
  states.each(states.of(company), function(challenge)
    if not phones.outcome(challenge) and (not key or challenge.key == key) then
      list[#list + 1] = challenge
    end
  end)
  return list
end

--- Phones that ring, the oldest first.
function M.pending(company, address)
  local list = json.list()
  for at, challenge in ipairs(pending_of(company, address)) do
    list[at] = describe(challenge)
  end
  return { pending = list }
end

-- The request that is meant: by its token or number, or the newest of a person.
local function find(company, options)
  if options.token then
    return states.of(company).challenges[options.token]
  elseif options.number then
    return states.of_number(states.of(company), options.number)
  end
  local list = pending_of(company, options.email)
  return list[#list]
end

local function check_press(press)
  if (press.action == nil) == (press.status == nil) then
    return nil, "give action, or status (any word that LastPass might answer)"
  end
  return true
end

--- Presses a button of a phone that rings: `token`, `number` or `email` says of which.
function M.answer(server, company, data)
  local options, message = read("mfa_answer", data, phones.known_answer)
  local ok
  if options then
    ok, message = check_press(options)
  end
  if not ok then
    return nil, message
  end
  local challenge = find(company, options)
  if not challenge then
    return nil, "no phone rings for that"
  elseif phones.outcome(challenge) then
    return nil, "that request is over: " .. challenge.status
  end
  phones.press(challenge, options)
  server:wake(challenge.number)
  local status = phones.outcome(challenge)
  return { number = challenge.number, email = challenge.email, status = status }
end

local function list_rules(company)
  local list = json.list()
  for at, rule in ipairs(states.of(company).rules) do
    local shown = {}
    for name in pairs(phones.known_rule) do
      shown[name] = rule[name]
    end
    list[at] = shown
  end
  return { rules = list }
end

--- What phones do by themselves when they ring: one rule for everybody, and one for each person.
function M.auto(company, data)
  if not data then
    return list_rules(company)
  end
  local rule, message = read("mfa_auto", data, phones.known_rule)
  local ok
  if rule then
    ok, message = check_press(rule)
  end
  if not ok then
    return nil, message
  end
  rule.key = rule.email and states.key_of(company, rule.email)
  local rules = states.of(company).rules
  for at = #rules, 1, -1 do
    if rules[at].key == rule.key then
      table.remove(rules, at)
    end
  end
  rules[#rules + 1] = rule
  return list_rules(company)
end

--- Takes the rules away: phones ring until somebody answers.
function M.clear_auto(company)
  states.of(company).rules = {}
  return list_rules(company)
end

--- The keys of a company (mfa §2), as the portal shows them. POST makes a pair as the portal does: its private key is
-- shown once.
function M.keys(server, company)
  local state, pair = states.of(company), key_pairs.find(server, company.cid)
  return {
    login_key = state.login_key,
    key = state.generic_key,
    public_key = pair and pair.pem,
  }
end

--- Endpoints: by name, then by method; see lastpass.sandbox.control.
M.endpoints = {
  mfa_phones = {
    of_company = true,
    GET = function(_, query, _, company)
      return M.show(company, query.email)
    end,
    POST = function(_, _, data, company)
      return M.set(company, data)
    end,
  },
  mfa_pending = {
    of_company = true,
    GET = function(_, query, _, company)
      return M.pending(company, query.email)
    end,
  },
  mfa_answer = {
    of_company = true,
    POST = function(server, _, data, company)
      return M.answer(server, company, data)
    end,
  },
  mfa_auto = {
    of_company = true,
    GET = function(_, _, _, company)
      return M.auto(company)
    end,
    POST = function(_, _, data, company)
      return M.auto(company, data)
    end,
    DELETE = function(_, _, _, company)
      return M.clear_auto(company)
    end,
  },
  mfa_journal = {
    of_company = true,
    GET = function(_, query, _, company)
      return { entries = states.journal(company, query.email) }
    end,
  },
  mfa_keys = {
    of_company = true,
    GET = function(server, _, _, company)
      return M.keys(server, company)
    end,
    POST = function(server, _, data, company)
      local ok, message = read("mfa_keys", data, {})
      if not ok then
        return nil, message
      end
      local private
      private, message = key_pairs.make(server, company.cid)
      if not private then
        return nil, message
      end
      local shown = M.keys(server, company)
      shown.private_key = private
      return shown
    end,
    DELETE = function(server, _, _, company)
      key_pairs.set(server, company.cid, nil)
      return M.keys(server, company)
    end,
  },
}

return M
