--- What LastPass MFA remembers in the sandbox: the phones of a company's people, requests to them, and what happened.
-- @module lastpass.sandbox.mfa.state
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local json = require "lastpass.json"
local keys = require "lastpass.sandbox.mfa.keys"

local M = {}

local MICRO = 1000000

--- Seconds that a request waits for the user (mfa §2.1).
M.PATIENCE = 60

--- The most requests of a company that are remembered, and entries of the phones' journal.
M.MOST = 20000

--- What a company has of MFA.
---@param company table
---@return table state
function M.of(company)
  if not company.surfaces.mfa then
    company.surfaces.mfa = {
      phones = {}, -- key of the person -> what is not as the company's own data say
      rings = {}, -- key of the person -> how often the phone rang
      rules = {}, -- what phones do by themselves
      challenges = {}, -- token -> challenge
      order = {}, -- tokens, oldest first
      first = 1,
      last = 0,
      journal = {},
      events = 0,
      login_key = keys.guid("login", company.cid),
      generic_key = keys.guid("generic", company.cid),
    }
  end
  return company.surfaces.mfa
end

--- The company that something is true of.
---@param server table
---@param holds fun(state: table): any
---@return table|nil company
---@return any what `holds` returned
function M.find(server, holds)
  for _, company in ipairs(server.made_list) do
    local found = holds(M.of(company))
    if found then
      return company, found
    end
  end
  return nil
end

--- What a person's phone is stored under: it stays theirs when the address changes.
---@param company table
---@param address string
---@return string key
---@return lastpass.sandbox.Person|nil person
function M.key_of(company, address)
  local person = company:person(address)
  return person and ("%.0f"):format(person.id) or email.fold(address), person
end

--- A number of this server that nothing else has: connections wait for it.
function M.next_number(server)
  server.mfa_numbers = (server.mfa_numbers or 0) + 1
  return server.mfa_numbers
end

-- ---- requests to phones ----

local function forget(state, token)
  state.challenges[token] = nil
end

-- Requests that nobody can ask about any more, and the oldest of too many.
local function make_room(company, state)
  local kept_for = (M.PATIENCE + company.settings.mfa_token_seconds) * MICRO
  local now = company.clock:microseconds()
  while state.first <= state.last do
    local token = state.order[state.first]
    local challenge = state.challenges[token]
    local is_old = not challenge or challenge.since + kept_for <= now
    if not is_old and state.last - state.first + 1 < M.MOST then
      return
    end
    forget(state, token)
    state.order[state.first] = nil
    state.first = state.first + 1
  end
end

--- Begins a request to a phone.
---@param server table
---@param company table
---@param about table email, key, device, ip, browser_id, methods
---@return table challenge with `number`, `token`, `since`, `ends` (microseconds)
function M.begin(server, company, about)
  local state = M.of(company)
  make_room(company, state)
  local challenge = about
  challenge.company, challenge.state = company, state
  challenge.number = M.next_number(server)
  challenge.token = digest
    .to_hex(digest.random(16))
    :gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)", "%1-%2-%3-%4-")
  challenge.since = company.clock:microseconds()
  challenge.ends = challenge.since + M.PATIENCE * MICRO
  state.challenges[challenge.token] = challenge
  state.last = state.last + 1
  state.order[state.last] = challenge.token
  return challenge
end

--- The request of a token, while one may ask about it.
---@param server table
---@param token string
---@return table|nil challenge
function M.challenge(server, token)
  local company, challenge = M.find(server, function(state)
    return state.challenges[token]
  end)
  if not challenge then
    return nil
  end
  local seconds = company.settings.mfa_token_seconds
  local last = challenge.ends + seconds * MICRO
  return company.clock:microseconds() < last and challenge or nil
end

--- Calls a function for each request that is remembered, oldest first.
function M.each(state, call)
  for at = state.first, state.last do
    local challenge = state.challenges[state.order[at]]
    if challenge then
      call(challenge)
    end
  end
end

--- The request of a number.
---@param state table of a company
---@param number integer|nil
---@return table|nil challenge
function M.of_number(state, number)
  local found
  M.each(state, function(challenge)
    found = challenge.number == number and challenge or found
  end)
  return found
end

-- ---- the journal of the phones: who rang, what was pressed; no key and no token ----

--- Notes something.
---@param company table
---@param kind "ring"|"answer"|"timeout"|"refused"|"mail"
---@param about table
function M.note(company, kind, about)
  local state = M.of(company)
  local entry = { kind = kind, time = company.clock:seconds() }
  for name, value in pairs(about) do
    entry[name] = value
  end
  state.events = state.events + 1
  entry.entry = state.events
  state.journal[(state.events - 1) % M.MOST + 1] = entry
end

--- What happened to phones, oldest first.
---@param company table
---@param address? string one person's
function M.journal(company, address)
  local state, list = M.of(company), json.list()
  local key = address and M.key_of(company, address)
  for number = math.max(1, state.events - M.MOST + 1), state.events do
    local entry = state.journal[(number - 1) % M.MOST + 1]
    if not key or M.key_of(company, entry.email) == key then
      list[#list + 1] = entry
    end
  end
  return list
end

return M
