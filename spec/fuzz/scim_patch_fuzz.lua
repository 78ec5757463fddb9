-- lua5.4 spec/fuzz/scim_patch_fuzz.lua [SECONDS [LEAST [SEED]]]
-- PATCH with operations that are right, odd and damaged: what is applied leaves the resource it was given alone, says
-- whether it changed, comes out in canonical form, twice the same, and is all or nothing; the changes of a group's
-- members taken out by `split_members` come to the same group.
local draw = require "spec.fuzz.source_random"
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local patch = require "lastpass.scim.patch"
local schema = require "lastpass.scim.schema"
local shapes = require "spec.fuzz.scim_random"

local random, pick = draw.number, draw.pick
local seed, types = draw.seed, schema.types
local ENTERPRISE = shapes.ENTERPRISE
local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(("seed %d: %s\ninput: %s\n%s\n"):format(seed, what, current, tostring(detail)))
    os.exit(1)
  end
end

local value

local function object(names, depth)
  local result = {}
  for _ = 1, random(3) do
    result[pick(names)] = value(depth)
  end
  return result
end

local inner =
  { "value", "type", "primary", "display", "$ref", "givenName", "VALUE", "country", "x" }
local outer = {
  "active",
  "Active",
  "userName",
  "title",
  "name",
  "name.givenName",
  "emails",
  'emails[type eq "work"].value',
  "addresses",
  "id",
  "schemas",
  "meta",
  "groups",
  "members",
  "displayName",
  "externalId",
  ENTERPRISE,
  ENTERPRISE .. ":department",
  ENTERPRISE .. ":manager",
  ENTERPRISE .. ":manager.value",
  "password",
  "foo",
}

function value(depth)
  local kind = random(depth > 0 and 12 or 7)
  if kind <= 3 then
    return shapes.string()
  elseif kind == 4 then
    return pick { true, false, "True", "False" }
  elseif kind == 5 then
    return pick { json.null, "7", "9", 7 }
  elseif kind == 6 then
    return { value = tostring(random(6)) }
  elseif kind == 7 then
    return pick { {}, json.list {} }
  elseif kind <= 9 then
    return object(inner, depth - 1)
  elseif kind == 10 then
    local list = {}
    for index = 1, random(4) do
      list[index] = pick { { value = tostring(random(6)) }, value(depth - 1) }
      list[index] = list[index] == json.null and json.null or list[index]
    end
    return list
  end
  return object(outer, depth - 1)
end

local function path()
  local kind = random(8)
  if kind <= 4 then
    return pick(outer)
  elseif kind == 5 then
    return 'members[value eq "' .. random(6) .. '"]'
  elseif kind == 6 then
    local text = pick { "emails", "addresses", "members" }
      .. "["
      .. filter.print(shapes.node(2, true))
      .. "]"
    return text .. pick { "", ".value", ".primary", ".type", ".country", ".display" }
  elseif kind == 7 then
    return (shapes.damaged(pick(outer)):gsub("[\128-\255]", "")) -- a body is JSON, and so UTF-8
  end
  return nil
end

local function operation()
  local op = pick { "add", "replace", "remove", "Add", "Replace", "Remove", "move" }
  local result = { op = op, path = path() }
  if op:lower() ~= "remove" or random(3) == 1 then
    result.value = value(2)
  end
  if random(30) == 1 then
    result[pick { "name", "Path", "from", "OP" }] = "x"
  end
  return result
end

local function id_list()
  local list = {}
  for index = 1, random(4) do
    list[index] = { value = tostring(random(6)), display = random(2) == 1 and "x" or nil }
  end
  return list
end

local function mail()
  local primary = pick { true, false, "True" }
  return { value = shapes.string(), type = pick { "work", "HOME", json.null }, primary = primary }
end

-- By type: operations that directories send. Path, value; false: without a path.
local usual = {
  User = {
    function()
      return pick { "active", "Active" }, pick { true, "False", json.null }
    end,
    function()
      return false, { id = "7", active = pick { true, false }, groups = {} }
    end,
    function()
      return false,
        { ["name.givenName"] = shapes.string(), [ENTERPRISE .. ":manager"] = shapes.string() }
    end,
    function()
      return pick { "name.givenName", "title", "externalId" }, pick { shapes.string(), json.null }
    end,
    function()
      return "name", { givenName = pick { shapes.string(), json.null }, middleName = "M" }
    end,
    function()
      return "emails", pick { { mail() }, mail(), {} }
    end,
    function()
      return "emails[" .. filter.print(shapes.node(1, true)) .. "]", mail()
    end,
    function()
      return pick { 'emails[type eq "work"].', 'emails[value co "a"].', "emails." } .. "value",
        shapes.string()
    end,
    function()
      return 'emails[type eq "home"].' .. pick { "primary", "display" }, pick { true, false, "x" }
    end,
    function()
      return 'addresses[type eq "work"].country', shapes.string()
    end,
    function()
      return ENTERPRISE .. pick { ":manager", ":manager.value" }, shapes.string()
    end,
    function()
      return ENTERPRISE, { department = shapes.string(), manager = { value = shapes.string() } }
    end,
  },
  Group = {
    function()
      return "members", pick { id_list(), id_list(), { value = "1" }, {} }
    end,
    function()
      return "members", id_list()
    end,
    function()
      return 'members[value eq "' .. random(6) .. '"]', json.null
    end,
    function()
      return 'members[value eq "1" or value eq "' .. random(6) .. '"]', json.null
    end,
    function()
      return "members[" .. filter.print(shapes.node(1, true)) .. "]",
        { value = tostring(random(6)) }
    end,
    function()
      return false, { id = "9", displayName = "n" .. shapes.string() }
    end,
    function()
      return "displayName", shapes.string()
    end,
  },
}

local function usual_operation(name)
  local where, what = pick(usual[name])()
  local op = pick { "add", "Replace", "remove" }
  local takes_value = op ~= "remove" or (where == "members" and random(2) == 1)
  return { op = op, path = where or nil, value = takes_value and what or nil }
end

local function body(name)
  local list = {}
  for index = 1, random(4) do
    list[index] = random(8) == 1 and operation() or usual_operation(name)
  end
  return { schemas = { schema.URN.patch }, [pick { "Operations", "operations" }] = list }
end

local function check_failure(message, err)
  expect(
    "a failure without status",
    type(err) == "table" and err.status == 400 and err.scim_type,
    message
  )
end

-- Members by id, as a server keeps them.
local function apply_to_set(group, changes)
  local set = {}
  for _, member in ipairs(group.members or {}) do
    set[member.value] = true
  end
  for _, change in ipairs(changes) do
    if change.op == "clear" or change.op == "replace" then
      set = {}
    end
    for _, id in ipairs(change.ids or {}) do
      set[id] = change.op ~= "remove" or nil
    end
  end
  return set
end

local function check_split(group, list, whole)
  local others, changes = patch.split_members(list)
  if not others then
    return
  end
  local rest = assert(patch.apply(group, others, types.Group))
  expect("other attributes", rest.displayName == whole.displayName)
  local set = apply_to_set(group, changes)
  for _, member in ipairs(whole.members or {}) do
    expect("a member too many", set[member.value], json.encode(changes))
    set[member.value] = nil
  end
  expect("a member missing", next(set) == nil, json.encode(changes))
end

local function is_plain_replace(list)
  local only = list[1]
  return #list == 1 and only.op == "replace" and not only.path.filter
end

local applied = 0

local function check(resource, type_of)
  local message_body = body(type_of.name)
  current = json.encode(message_body) .. "\nto " .. json.encode(resource)
  local before = json.encode(resource)
  local options = pick { {}, { strict = true }, { lenient = true } }
  local list, message, err = patch.parse(message_body, type_of, options)
  expect("the body was changed", json.encode(message_body) .. "\nto " .. before == current)
  if not list then
    return check_failure(message, err)
  end
  local listed = json.encode(resource)
  local result, changed, failure = patch.apply(resource, list, type_of)
  expect("the resource was changed", json.encode(resource) == before and listed == before)
  if not result then
    return check_failure(changed, failure)
  end
  applied = applied + 1
  local after = json.encode(result)
  expect("changed", changed == (after ~= before), after)
  expect("not the same twice", json.encode((patch.apply(resource, list, type_of))) == after, after)
  local canonical = schema.normalize(type_of, result)
  expect("not canonical", canonical and json.encode(canonical) == after, after)
  local primaries = 0
  for _, email in ipairs(result.emails or {}) do
    primaries = primaries + (email.primary and 1 or 0)
  end
  expect("primary values", primaries <= 1, after)
  if is_plain_replace(list) then
    local again, is_changed = patch.apply(result, list, type_of)
    expect("replacing again", again and json.encode(again) == after and not is_changed, after)
  end
  if type_of == types.Group then
    check_split(resource, list, result)
  end
end

local deadline, rounds = os.time() + draw.seconds, 0
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 100 do
    rounds = rounds + 1
    if random(3) == 1 then
      check(shapes.group(), types.Group)
    else
      check(shapes.user(), types.User)
    end
  end
end
print(("scim_patch_fuzz: %d rounds, %d applied, seed %d"):format(rounds, applied, seed))
