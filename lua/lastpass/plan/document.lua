--- The plan file: JSON that a person can read and nobody can change. Its name is the SHA-256 of its
-- canonical form (sorted keys, no white space); the file is laid out one step a line, and a file
-- whose bytes are not exactly what saving it again would write is refused.
-- @module lastpass.plan.document
local changes = require "lastpass.directory.changes"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

-- Of the files this version writes and reads.
local VERSION = 1

local FORMAT = "lastpass.plan"

-- Keys whose values are lists; an empty one must be written as [] and come back as one.
local LISTS = { "steps", "held", "problems", "warnings", "refusals", "sources", "guards" }

---@class lastpass.plan.Piece
---@field key string      as JSON
---@field text? string    the value as JSON
---@field items? string[] a list's entries as JSON, where it has any

-- Encoding is expensive: both forms are made of these strings.
local function pieces_of(body)
  local pieces = {}
  for index, key in ipairs(errors.names_of(body)) do
    local value, piece = body[key], { key = json.encode(key) }
    if json.is_list(value) and #value > 0 then
      piece.items = {}
      for position, item in ipairs(value) do
        piece.items[position] = json.encode(item)
      end
    else
      piece.text = json.encode(value)
    end
    pieces[index] = piece
  end
  return pieces
end

-- The bytes `json.encode(body)` gives.
local function canonical(pieces)
  local members = {}
  for index, piece in ipairs(pieces) do
    members[index] = piece.key
      .. ":"
      .. (piece.text or "[" .. table.concat(piece.items, ",") .. "]")
  end
  return "{" .. table.concat(members, ",") .. "}"
end

local function layout(pieces)
  local members = {}
  for index, piece in ipairs(pieces) do
    local value = piece.text or "[\n      " .. table.concat(piece.items, ",\n      ") .. "\n    ]"
    members[index] = ("    %s: %s"):format(piece.key, value)
  end
  return table.concat(members, ",\n")
end

--- The SHA-256 of the canonical form.
---@param body table what the plan consists of
---@return string hex 64 digits
function M.name(body)
  return digest.hex(canonical(pieces_of(body)))
end

--- The bytes of a plan file: each list one entry a line.
---@param body table
---@return string text
function M.render(body)
  local pieces = pieces_of(body)
  return ('{\n  "name": "%s",\n  "plan": {\n%s\n  }\n}\n'):format(
    digest.hex(canonical(pieces)),
    layout(pieces)
  )
end

-- Lists inside steps, whose empty form JSON text does not distinguish from an empty object in Lua.
local function mark_lists(body)
  for _, key in ipairs(LISTS) do
    json.list(body[key])
  end
  if body.upcoming then
    json.list(body.upcoming)
  end
  for _, state in pairs(body.objects) do
    if state.groups then
      json.list(state.groups)
    end
  end
  for _, list in ipairs { body.steps, body.held } do
    for _, step in ipairs(list) do
      for _, part in ipairs { step.before or {}, step.after or {} } do
        for _, name in ipairs { "groups", "join", "leave" } do
          if part[name] then
            json.list(part[name])
          end
        end
      end
    end
  end
end

--- The failure of a file that is not what was saved; for other documents of plans.
---@param label string of the file
---@param what string what is wrong with it
---@return nil
---@return string message
---@return lastpass.Error err code "plan_changed"
function M.damaged(label, what)
  return errors.fail("conflict", "plan_changed", ("%s: %s"):format(label, what), {
    hint = "make the plan again; a plan file is not for editing",
  })
end

local damaged = M.damaged

--- Whether a value is a list without gaps, of one type; for other documents of plans.
---@param list any
---@param expected string type of its entries
---@return boolean
function M.is_list_of(list, expected)
  if type(list) ~= "table" then
    return false
  end
  local count = 0
  for _, entry in pairs(list) do
    count = count + 1
    if type(entry) ~= expected then
      return false
    end
  end
  return count == #list
end

local is_list_of = M.is_list_of

local function has_form(step)
  local after = step.after
  if step.kind == "name" then
    local count = 0
    for name in pairs(changes.by_name.name.fields) do
      local value = type(after) == "table" and after[name] or nil
      if value ~= nil and type(value) ~= "string" then
        return false
      end
      count = count + (value and 1 or 0)
    end
    return count > 0
  end
  for name, expected in pairs(changes.by_name[step.kind].needs or {}) do
    if type(after) ~= "table" or type(after[name]) ~= expected then
      return false
    elseif expected == "table" and not is_list_of(after[name], "string") then
      return false
    end
  end
  return true
end

-- A plan for SCIM, or with the REST API, says of each step what carries it, and where that is; other plans do not.
local function has_surface(body)
  local is_scim = body.via == "scim" and type(body.scim) == "string"
  local is_rest = type(body.rest) == "table" and type(body.rest.url) == "string"
  if body.via ~= nil and not is_scim or body.rest ~= nil and not is_rest then
    return false
  end
  local known = { scim = is_scim, rest = is_rest, enterprise = is_scim or is_rest }
  for _, step in ipairs(body.steps) do
    local via = step.via
    if via == nil and (is_scim or is_rest) or via ~= nil and not known[via] then
      return false
    elseif (via == "rest") ~= (changes.by_name[step.kind].rest ~= nil) then
      return false
    end
  end
  return true
end

-- What apply relies on. Whoever can write the right SHA-256 could write anything, so this is about
-- files of other programs, not about forgery.
local function check_form(body, label)
  if body.format ~= FORMAT then
    return damaged(label, "is not a plan")
  elseif body.version ~= VERSION then
    return errors.fail(
      "conflict",
      "plan_version",
      ("%s: has the version %s, this program reads %d"):format(
        label,
        tostring(body.version),
        VERSION
      ),
      { hint = "make the plan again with this version" }
    )
  end
  for _, key in ipairs(LISTS) do
    if not is_list_of(body[key], key == "warnings" and "string" or "table") then
      return damaged(label, ("has no list '%s'"):format(key))
    end
  end
  if
    not is_list_of(body.held_beyond or {}, "table") or not is_list_of(body.upcoming or {}, "table")
  then
    return damaged(label, "has a wrong 'held_beyond' or 'upcoming'")
  elseif type(body.objects) ~= "table" or type(body.tenant) ~= "string" then
    return damaged(label, "has no tenant or no objects")
  end
  for _, more in ipairs(body.held_beyond or {}) do
    if
      not changes.by_name[more.kind]
      or type(more.count) ~= "number"
      or type(more.reason) ~= "string"
    then
      return damaged(label, "counts steps that are held in a form that is not known")
    end
  end
  for number, step in ipairs(body.steps) do
    if
      not changes.by_name[step.kind]
      or step.number ~= number
      or type(step.subject) ~= "string"
      or type(body.objects[step.subject]) ~= "table"
      or not has_form(step)
    then
      return damaged(label, ("step %d is not of a form that is known"):format(number))
    end
  end
  if not has_surface(body) then
    return damaged(label, "does not say what carries its steps in a form that is known")
  end
  return true
end

--- Checks the body of a plan that was read from JSON, and marks its lists; that nobody has changed it is for the caller to
-- prove.
---@param body table
---@param label string what the file is called, for messages
---@return table|nil body
---@return string? message
---@return lastpass.Error? err kind "conflict"; code "plan_changed" or "plan_version"
function M.check(body, label)
  local ok, message, err = check_form(body, label)
  if not ok then
    return nil, message, err
  elseif not pcall(mark_lists, body) then
    return damaged(label, "has been changed since it was saved")
  end
  return body
end

--- Reads the bytes of a plan file.
---@param text string
---@param label string what the file is called, for messages
---@return table|nil body
---@return string? message
---@return lastpass.Error? err kind "conflict"; code "plan_changed" or "plan_version"
function M.parse(text, label)
  local outer, message = json.decode(text)
  if type(outer) ~= "table" or type(outer.plan) ~= "table" then
    return damaged(label, "is not a plan file" .. (message and " (" .. message .. ")" or ""))
  end
  local body = outer.plan
  local err
  body, message, err = M.check(body, label)
  if not body then
    return nil, message, err
  end
  -- a file of another program may hold what cannot be written at all
  local is_whole, rendered = pcall(M.render, body)
  if not is_whole or rendered ~= text then
    return damaged(label, "has been changed since it was saved")
  end
  return body
end

--- The name that a plan file says. `parse` proves it.
---@param text string
---@return string|nil hex
function M.name_in(text)
  return text:match '"name": "(%x+)"'
end

--- How many steps a plan holds back, those included that it only counts.
---@param body table
---@return integer
function M.held_count(body)
  local count = #body.held
  for _, more in ipairs(body.held_beyond or {}) do
    count = count + more.count
  end
  return count
end

--- How many steps can never be undone. It goes by their kinds, not by what the plan says of them.
---@param body table
---@return integer
function M.final_count(body)
  local count = 0
  for _, step in ipairs(body.steps) do
    count = count + (changes.by_name[step.kind].reversal == "final" and 1 or 0)
  end
  return count
end

--- The steps by the user they are about.
---@param steps lastpass.plan.Step[]
---@return lastpass.plan.Step[][] users in the order in which the plan first names them
---@return table<string, lastpass.plan.Step[]> by_key the same by the key of the address
function M.by_subject(steps)
  local users, by_key = {}, {}
  for _, step in ipairs(steps) do
    local key = email.fold(step.subject)
    if not by_key[key] then
      by_key[key] = {}
      users[#users + 1] = by_key[key]
    end
    table.insert(by_key[key], step)
  end
  return users, by_key
end

--- The beginning of a new plan's body.
---@return table body
function M.new()
  local body = { format = FORMAT, version = VERSION, objects = {} }
  for _, key in ipairs(LISTS) do
    body[key] = json.list {}
  end
  return body
end

return M
