--- Guards against second accounts of one person: an address that looks like another one, and a new person
-- with the name of somebody whom the same plan takes away.
-- @module lastpass.plan.guards.look_alikes
local core = require "lastpass.core"
local draft = require "lastpass.plan.steps.draft"
local holding = require "lastpass.plan.guards.holding"
local key_of = require("lastpass.email").fold
local limits = require "lastpass.plan.limits"
local unicode = require "lastpass.unicode"

local M = {}

local RESEMBLES = "'%s' looks like '%s', %s: correct the address; if they are two people, "
  .. "allow so many with limit { look_alikes = %d }"
local SAME_NAME = "%s, to be created, and %s, who would lose the account (%s), are both named "
  .. "'%s': if they are one person, give them an employee id or aliases; if they are two, "
  .. "allow so many with limit { same_name = %d }"

-- Addresses of the directory that cannot be found by what a reader sees: what is all ASCII, and not the
-- code of something else, can.
local function unusual_addresses(work)
  local by_skeleton = {}
  local function add(address)
    if address:find "[\128-\255]" or address:find "^['\"]" or address:find "[xX][nN]%-%-" then
      by_skeleton[unicode.skeleton(address) or address] = address
    end
  end
  for user = 1, #work.rows do
    add(core.user_value(work.rows, user, core.user_fields.email))
  end
  for _, address in ipairs(work.rows:invited()) do
    add(address)
  end
  return by_skeleton
end

-- The addresses that steps would bring into the directory, with their steps.
local function new_addresses(work)
  local list = {}
  for _, step in ipairs(holding.open_steps(work)) do
    local address = step.kind == "create" and step.subject
      or step.kind == "rename" and step.after.email
    if address then
      list[#list + 1] = { step = step, address = address, skeleton = unicode.skeleton(address) }
    end
  end
  return list
end

-- Who is in the directory or comes into it, and looks like a new address without being it.
local function find_resembled(work, list)
  local unusual, planned, found = nil, {}, {}
  for _, one in ipairs(list) do
    local skeleton = one.skeleton or one.address
    local user = work.snapshot:user(skeleton)
    unusual = unusual or unusual_addresses(work)
    local present = user and user.email or unusual[skeleton]
    if present and key_of(present) ~= key_of(one.step.subject) then
      found[#found + 1] = { one = one, address = present, why = "who is in the directory" }
    end
    local other = planned[skeleton]
    if other and key_of(other.address) ~= key_of(one.address) then
      local why = "whom this plan adds as well"
      found[#found + 1] = { one = one, address = other.address, why = why }
      found[#found + 1] = { one = other, address = one.address, why = why }
    end
    planned[skeleton] = other or one
  end
  return found
end

-- Whoever is looked like loses nothing by the same plan.
local function hold_removals(work, whys, code)
  for _, step in ipairs(holding.open_steps(work)) do
    local why = whys[key_of(step.subject)]
    if why and holding.removes(step) then
      draft.hold(work, step, code, why)
    elseif why and step.kind == "groups" then
      holding.leaves(work, step, code, why)
    end
  end
end

local function allowed(work, name)
  return limits.allowed(limits.read(work.declared.settings.limits[name]), #work.rows, 0)
end

local function check_addresses(work)
  local found = find_resembled(work, new_addresses(work))
  if #found <= allowed(work, "look_alikes") then
    return
  end
  local whys = {}
  for _, pair in ipairs(found) do
    local address = pair.one.address
    local why = RESEMBLES:format(
      unicode.shown(address, pair.address),
      unicode.shown(pair.address, address),
      pair.why,
      #found
    )
    if not pair.one.step.held then
      draft.hold(work, pair.one.step, "look_alike", why)
    end
    whys[key_of(pair.address)] = why
  end
  hold_removals(work, whys, "look_alike")
end

local NOTED = 20 -- leavers; more would hide the plan
local MORE_LEAVERS =
  "%d more who are to lose the account have addresses that only look like somebody's"
local NOBODY_LEAVES = "%s: '%s' is to lose the account, and nobody has this address; "
  .. "it looks like '%s': correct the address"

-- Somebody who has left, under an address that only looks like theirs, would stay without a word.
local function note_leavers(work)
  local declared, notes = work.declared, {}
  for row, extra in pairs(declared.extras) do
    if extra.other_letters then
      local address, _, _, active = declared.wanted:row(row)
      local skeleton = active == false and unicode.skeleton(address)
      local user = skeleton and not work.snapshot:user(address) and work.snapshot:user(skeleton)
      if user then
        local shown = unicode.shown(address, user.email)
        local origin = declared:origin(row) or "the playbook"
        notes[#notes + 1] = NOBODY_LEAVES:format(origin, shown, user.email)
      end
    end
  end
  table.sort(notes)
  for place = 1, math.min(#notes, NOTED) do
    work.warnings[#work.warnings + 1] = notes[place]
  end
  if #notes > NOTED then
    work.warnings[#work.warnings + 1] = MORE_LEAVERS:format(#notes - NOTED)
  end
end

local function name_of(fullname)
  local skeleton = fullname and fullname ~= "" and unicode.skeleton(fullname)
  return skeleton ~= "" and skeleton or nil
end

local function check_names(work)
  local leaving, pairs_of_name = {}, {}
  for _, step in ipairs(holding.open_steps(work)) do
    if holding.removes(step) then
      local name = name_of(work.images[key_of(step.subject)].image.fullname)
      if name then
        leaving[name] = leaving[name] or step
      end
    end
  end
  if next(leaving) == nil then
    return
  end
  for _, step in ipairs(holding.open_steps(work)) do
    local other = step.kind == "create" and leaving[name_of(step.after.fullname) or ""]
    if other then
      pairs_of_name[#pairs_of_name + 1] = { step, other }
    end
  end
  if #pairs_of_name <= allowed(work, "same_name") then
    return
  end
  local whys = {}
  for _, pair in ipairs(pairs_of_name) do
    local step, other = pair[1], pair[2]
    local count = #pairs_of_name
    local why =
      SAME_NAME:format(step.subject, other.subject, other.kind, step.after.fullname, count)
    draft.hold(work, step, "same_name", why)
    whys[key_of(other.subject)] = why
  end
  hold_removals(work, whys, "same_name")
end

--- Holds what would make a second account of somebody, and what would take the first one away.
---@param work table of `steps.compute`
function M.check(work)
  check_addresses(work)
  check_names(work)
  note_leavers(work)
end

return M
