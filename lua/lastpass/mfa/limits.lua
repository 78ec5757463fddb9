--- How often a person's phone may ring, over everything that shares a state: so many times in five minutes and in an hour,
-- a rest after a denial, and one request at a time for a user and a browser. Each step is one operation of the state.
-- @module lastpass.mfa.limits
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"
local outcomes = require "lastpass.mfa.outcomes"

local M = {}

local FIVE_MINUTES, HOUR = 300, 3600
local KEPT_LONGER = 300 -- seconds that a request is remembered after its end
local WAIT, PATIENCE = 0.1, 3 -- seconds: for the token of a request that another process sends just now

-- What a user and a browser are called in the state.
local function name_of(...)
  return digest.hex(table.concat({ ... }, "\0"), 40)
end

--- A result for what a limit holds back: nobody was asked.
---@param user string
---@param code string
---@param seconds number
---@return lastpass.mfa.Result
local function held_back(user, code, seconds)
  return outcomes.result("throttled", {
    code = code,
    user = user,
    retry_after = math.max(1, math.ceil(seconds)),
  })
end

-- A state that does not answer allows nothing.
local function broken(user, err)
  return outcomes.result("error", { code = err.code, user = user, err = err })
end

-- Each request takes one of as many keys as there may be requests, and a key ends by itself: so no span of that length
-- ever has more.
local function take_slot(state, prefix, most, seconds, now)
  for slot = 1, most do
    local key = prefix .. slot
    local added, _, err = state:add(key, ("%.0f"):format(now + seconds), seconds)
    if added then
      return key
    elseif added == nil then
      return nil, err
    end
  end
  local soonest = now + seconds
  for slot = 1, most do
    soonest = math.min(soonest, tonumber(state:get(prefix .. slot)) or now)
  end
  return nil, nil, soonest - now
end

--- Whether a person's phone may ring now; it counts when it may.
---@param client lastpass.mfa.Client
---@param user string
---@return string[]|nil slots what was counted, for `give_back`
---@return lastpass.mfa.Result? result why not
function M.take(client, user)
  local state, limits = client:option "state", client:option "limits"
  local now, name = client:now(), name_of(email.fold(user))
  local rests_until, _, err = state:get("mfa:rest:" .. name)
  if err then
    return nil, broken(user, err)
  elseif tonumber(rests_until) then
    return nil, held_back(user, "cooldown", tonumber(rests_until) - now)
  end
  local slots = {}
  for _, one in ipairs {
    { "mfa:hour:", limits.per_hour, HOUR, "per_hour" },
    { "mfa:five:", limits.per_5min, FIVE_MINUTES, "per_5min" },
  } do
    local slot, failure, seconds = take_slot(state, one[1] .. name .. ":", one[2], one[3], now)
    if not slot then
      M.give_back(client, slots)
      return nil, failure and broken(user, failure) or held_back(user, one[4], seconds)
    end
    slots[#slots + 1] = slot
  end
  return slots
end

--- Forgets what `take` counted: nothing was sent.
---@param client lastpass.mfa.Client
---@param slots string[]
function M.give_back(client, slots)
  for _, slot in ipairs(slots) do
    client:option("state"):take(slot)
  end
end

--- Lets a person's phone rest: the user said no.
---@param client lastpass.mfa.Client
---@param user string
function M.rest(client, user)
  local seconds = client:option("limits").cooldown
  if seconds > 0 then
    -- a shorter rest that another program asks for does not end a longer one
    local key, ends = "mfa:rest:" .. name_of(email.fold(user)), math.floor(client:now() + seconds)
    client:option("state"):advance(key, ends, math.ceil(seconds))
  end
end

-- ---- one request at a time for a user and a browser ----

--- A request to a phone, as the state and sealed texts have it.
---@class lastpass.mfa.Record
---@field id string       unlike any other's
---@field user string
---@field ends number     epoch seconds: no answer counts from then on
---@field token? string   what questions name; nil while it is being sent
---@field asked_method? string

local function read_record(text)
  local record = type(text) == "string" and json.decode(text)
  return type(record) == "table" and record or nil
end

-- Of one server alone: what another one says, such as a sandbox that shares the state, is nothing here.
local function key_of(client, user, browser)
  return "mfa:pending:" .. name_of(client:identity(), email.fold(user), browser or "")
end

local function seconds_kept(client, record)
  return math.max(1, record.ends - client:now() + KEPT_LONGER)
end

--- Seconds for which what came of a request is remembered.
M.seconds_kept = seconds_kept

--- The key of what came of a request. It is written once: whoever comes first decides.
---@param id string
---@return string
function M.answer_key(id)
  return "mfa:answer:" .. id
end

local function has_ended(client, state, record)
  return record.ends <= client:now() or state:get(M.answer_key(record.id)) ~= nil
end

-- Of those who find a request that has ended one may put its own in the place.
local function replace(client, state, key, before, record)
  local won = state:add("mfa:replaced:" .. before.id, record.id, 30)
  if not won then
    return false
  end
  return state:put(key, json.encode(record), seconds_kept(client, record)) == true
end

--- Claims the right to send a request, or finds the one that is under way.
---@param client lastpass.mfa.Client
---@param record lastpass.mfa.Record without a token
---@param browser string|nil
---@return lastpass.mfa.Record|nil record the one that was given: it may be sent; or another, which has a token
---@return lastpass.mfa.Result? result why neither
function M.claim(client, record, browser)
  local state, key = client:option "state", key_of(client, record.user, browser)
  local waited, other = 0, nil
  while waited <= PATIENCE do
    local added, _, err = state:add(key, json.encode(record), seconds_kept(client, record))
    if added then
      return record
    elseif added == nil then
      return nil, broken(record.user, err)
    end
    other = read_record(state:get(key)) or other
    if other and has_ended(client, state, other) then
      if replace(client, state, key, other, record) then
        return record
      end
    elseif other and not browser then
      -- it may be another's: who does not say which browser asks is not given somebody's answer
      break
    elseif other and other.token then
      return other
    end
    loop.sleep(WAIT)
    waited = waited + WAIT
  end
  return nil, held_back(record.user, "already_pending", other and other.ends - client:now() or WAIT)
end

--- Takes a claim back: nothing was sent. Nobody else puts a request in its place before it has ended.
---@param client lastpass.mfa.Client
---@param record lastpass.mfa.Record
---@param browser string|nil
function M.release(client, record, browser)
  if record.ends > client:now() then
    client:option("state"):take(key_of(client, record.user, browser))
  end
end

--- Tells who comes after that a request was sent.
---@param client lastpass.mfa.Client
---@param record lastpass.mfa.Record with its token
---@param browser string|nil
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.publish(client, record, browser)
  local key, text = key_of(client, record.user, browser), json.encode(record)
  return client:option("state"):put(key, text, seconds_kept(client, record))
end

--- Reads a record out of a text that was sealed.
---@param text string
---@return lastpass.mfa.Record|nil
function M.read_record(text)
  local record = read_record(text)
  local is_whole = record
    and type(record.id) == "string"
    and type(record.user) == "string"
    and type(record.ends) == "number"
    and type(record.token) == "string"
    and (record.asked_method == nil or type(record.asked_method) == "string")
  return is_whole and record or nil
end

return M
