--- Managed companies: created, changed and detached by the REST API (business §2.4), each once. What exists is listed
-- first; what is asked for is noted in the journal's database before it is sent, so that no program asks for it a second
-- time while nobody knows what became of the first; at the end the list is read again.
-- @module lastpass.directory.companies
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local json = require "lastpass.json"
local signature = require "lastpass.signature"
local states = require "lastpass.state"
local time = require "lastpass.time"
local waiting = require "lastpass.transport.scheduler"

local M = {}

local NOTED = 24 * 60 * 60 -- seconds for which a request without an outcome blocks the same one

---@class lastpass.directory.CompanyOutcome
---@field state "done"|"unchanged"|"pending"|"not_confirmed"
---@field company? table as the list has it
---@field before? table  the same, before the change
---@field id? string     of the request, for `rest:job`
---@field url? string

local function collect(rest)
  local rows = {}
  for row in rest:managed_companies() do
    rows[#rows + 1] = row
  end
  return rows
end

-- The companies of that number or, exactly, of that name. A filter would take % for a pattern.
local function find_all(rest, wanted)
  local rows, message, err = waiting.caught(collect, rest)
  if not rows then
    return nil, message, err
  end
  local found, names = {}, {}
  for _, row in ipairs(rows) do
    names[#names + 1] = row.name
    if row.id == wanted or row.name == wanted then
      found[#found + 1] = row
    end
  end
  return found, names
end

--- The managed company of that number, or of exactly that name.
---@param client lastpass.Client
---@param wanted string
---@return table|nil company as the list has it
---@return string? message
---@return lastpass.Error? err codes "no_such_company", "ambiguous", "no_rest"
function M.find(client, wanted)
  local rest, message, err = client:rest()
  if not rest then
    return nil, message, err
  end
  local found, names
  found, names, err = find_all(rest, wanted)
  if not found then
    return nil, names, err
  elseif #found == 0 then
    local text = "there is no managed company '%s'%s"
    return errors.fail(
      "refused",
      "no_such_company",
      text:format(wanted, errors.did_you_mean(wanted, names))
    )
  elseif #found > 1 then
    local text = "%d managed companies are called '%s': name one by its number"
    return errors.fail("refused", "ambiguous", text:format(#found, wanted))
  end
  return found[1]
end

-- ---- what was asked for ----

local function notes_of(client)
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  return states.database(journal), journals.tenant(client)
end

local ASKED = "%s was asked for at %s, and it is not known what became of it: it is not sent again "
  .. "before %s"

-- Whether a request that was asked for before no longer stands in the way: its result is known, or to send it again changes
-- nothing more.
local function is_over(rest, known, is_repeatable)
  if not known.url then
    return is_repeatable
  end
  local job = rest:job { id = tostring(known.id), url = known.url }
  local state = job:poll()
  return state ~= nil and state ~= "pending"
end

-- Notes what is about to be asked for; refuses what was asked for and has no outcome yet.
local function begin(client, what, is_repeatable)
  local notes, tenant, err = notes_of(client)
  if not notes then
    return nil, tenant, err
  end
  local key, now = ("company %s %s"):format(tenant, what), time.now()
  local text = json.encode { at = now }
  local added, message
  added, message, err = notes:add(key, text, NOTED)
  if added == nil then
    return nil, message, err
  elseif added then
    return { notes = notes, key = key }
  end
  local known = json.decode(notes:get(key) or "") or {}
  if is_over(assert(client:rest()), known, is_repeatable) then
    notes:put(key, text, NOTED)
    return { notes = notes, key = key }
  end
  local at = tonumber(known.at) or now
  message = ASKED:format(what, time.iso(at), time.iso(at + NOTED))
  return errors.fail("conflict", "asked_before", message, {
    uncertain = true,
    hint = known.url and ("ask for its result: request %s at %s"):format(known.id, known.url)
      or "list the managed companies by name",
  })
end

-- What was refused, or is done, blocks nothing. Of what may have happened the note stays.
local function finish(note, err)
  if not (err and err.uncertain) then
    note.notes:take(note.key)
  end
end

-- What is accepted first and done later: its handle, or its end when there is time to wait for it.
local function follow(note, job, options)
  local text = json.encode { at = time.now(), id = job.id, url = job.url }
  note.notes:put(note.key, text, NOTED)
  if (options.wait or 0) == 0 then
    return { state = "pending", id = job.id, url = job.url }
  end
  local done, message, err = job:wait { timeout = options.wait }
  if not done then
    err.id, err.url = job.id, job.url
  end
  finish(note, err)
  if not done then
    return nil, message, err
  end
  return { state = "done", id = job.id, url = job.url }
end

-- Sends a request once.
local function send_once(client, what, options, send)
  local note, message, err = begin(client, what, options.is_repeatable)
  if not note then
    return nil, message, err
  end
  local sent
  sent, message, err = send()
  if sent and sent ~= true then
    return follow(note, sent, options)
  end
  finish(note, err)
  if not sent then
    return nil, message, err
  end
  return { state = "done" }
end

local function holds(company, wanted)
  for name, value in pairs(wanted) do
    local present = company[name]
    if type(value) == "table" then
      local set = errors.set_of(present or {})
      for _, one in ipairs(value) do
        if not set[one] then
          return false
        end
      end
      if #value ~= #(present or {}) then
        return false
      end
    elseif tostring(present) ~= tostring(value) then
      return false
    end
  end
  return true
end

-- What the list says at the end; `wanted` nil: nothing of it is to be there any more.
local function read_back(rest, outcome, name, wanted)
  if outcome.state ~= "done" then
    return outcome
  end
  local found, message, err = find_all(rest, name)
  if not found then
    return nil, message, err
  end
  outcome.company = found[1]
  local is_so = not wanted and #found == 0 or wanted and #found == 1 and holds(found[1], wanted)
  outcome.state = is_so and "done" or "not_confirmed"
  return outcome
end

-- ---- changes ----

local known_options = {
  wait = function(value)
    return type(value) == "number" and value >= 0 and value <= 3600,
      "seconds, 3600 at most; 0 for not at all"
  end,
}

--- Creates a managed company, unless there is one of that name.
---@param client lastpass.Client
---@param wanted table as `rest:create_managed_company` takes it
---@param options? table wait: seconds for its result; default 0
---@return lastpass.directory.CompanyOutcome|nil
---@return string? message
---@return lastpass.Error? err code "asked_before"; `uncertain` when it may have been created: list by name
function M.create(client, wanted, options)
  options = errors.check_options("companies.create", options, known_options)
  local rest, message, err = client:rest()
  if not rest then
    return nil, message, err
  end
  local found, outcome
  found, message, err = find_all(rest, wanted.name)
  if not found then
    return nil, message, err
  elseif #found > 0 then
    return { state = "unchanged", company = found[1] }
  end
  outcome, message, err = send_once(
    client,
    ("creating '%s'"):format(wanted.name),
    options,
    function()
      return rest:create_managed_company(wanted)
    end
  )
  if not outcome then
    return nil, message, err
  end
  return read_back(rest, outcome, wanted.name, { license_limit = wanted.license_limit })
end

-- All three fields go, for what is left out may be reset (business §2.4).
local function complete(company, changes)
  local wanted = {}
  for _, name in ipairs { "license_limit", "status", "addons" } do
    local value = changes[name]
    if value == nil then
      value = company[name]
    end
    if value == nil then
      local text =
        "the list does not say the %s of '%s', and a change replaces it: it has to be given"
      return errors.fail("refused", "incomplete", text:format(name:gsub("_", " "), company.name))
    end
    wanted[name] = value
  end
  return wanted
end

--- Changes the limit, the status or the addons of a managed company; what is not named stays as the list has it.
---@param client lastpass.Client
---@param name string its name or number
---@param changes table license_limit, status, addons
---@param options? table wait: seconds for its result; default 0
---@return lastpass.directory.CompanyOutcome|nil
---@return string? message
---@return lastpass.Error? err codes no_such_company, ambiguous, incomplete, asked_before
function M.update(client, name, changes, options)
  options = errors.check_options("companies.update", options, known_options)
  local company, message, err = M.find(client, name)
  if not company then
    return nil, message, err
  elseif holds(company, changes) then
    return { state = "unchanged", company = company, before = company }
  end
  local wanted, outcome
  wanted, message, err = complete(company, changes)
  if not wanted then
    return nil, message, err
  end
  local rest = assert(client:rest())
  -- a PUT, which may be sent again
  local settings = { wait = options.wait, is_repeatable = true }
  outcome, message, err = send_once(client, "changing " .. company.id, settings, function()
    return rest:update_managed_company(company.id, wanted)
  end)
  if not outcome then
    return nil, message, err
  end
  outcome.before = company
  return read_back(rest, outcome, company.id, wanted)
end

--- Ends the relation to a managed company. It lives on; no call brings the relation back.
---@param client lastpass.Client
---@param name string its name or number
---@return lastpass.directory.CompanyOutcome|nil
---@return string? message
---@return lastpass.Error? err codes no_such_company, ambiguous, asked_before
function M.detach(client, name)
  local company, message, err = M.find(client, name)
  if not company then
    return nil, message, err
  end
  local rest, settings = assert(client:rest()), { is_repeatable = true }
  local outcome
  outcome, message, err = send_once(client, "detaching " .. company.id, settings, function()
    return rest:detach_managed_company(company.id)
  end)
  if not outcome then
    return nil, message, err
  end
  outcome.before = company
  return read_back(rest, outcome, company.id)
end

return signature.declare("directory.companies.", M, {
  find = "client: table, wanted: string",
  create = "client: table, wanted: table, options?: table",
  update = "client: table, name: string, changes: table, options?: table",
  detach = "client: table, name: string",
})
