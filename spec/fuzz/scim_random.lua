-- What the fuzzers of SCIM draw: users, groups, filters as nodes, and damaged texts.
local draw = require "spec.fuzz.source_random"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"

local M = {}

local random, pick = draw.number, draw.pick

M.ENTERPRISE = schema.URN.enterprise

local strings = {
  "",
  "a",
  "A",
  "ann@acme.example",
  "Ann@ACME.example",
  "x y",
  'say "hi"',
  "back\\slash",
  "a)b]c(d[",
  " and ",
  "l\195\169e",
  "L\195\137E",
  "\0",
  "\n",
  "work",
  "home",
  "1",
  "2",
  "3",
}

--- A string that something of the resources has, or not.
function M.string()
  return pick(strings)
end

local function optional(value)
  return random(3) > 1 and value or nil
end

local function elements(make, most)
  local list = {}
  for index = 1, random(most + 1) - 1 do
    list[index] = make()
  end
  return list[1] and list or nil
end

local function email()
  return { value = M.string(), type = optional(pick { "work", "Home" }), primary = optional(false) }
end

local function address()
  return { country = optional(M.string()), type = optional "work", locality = "x" }
end

--- A user in canonical form.
function M.user()
  return (
    assert(schema.normalize(schema.types.User, {
      id = "7",
      userName = "u" .. M.string(),
      active = pick { true, false },
      title = optional(M.string()),
      name = optional { givenName = optional(M.string()), familyName = optional(M.string()) },
      emails = elements(email, 3),
      addresses = elements(address, 2),
      meta = optional { created = pick { "2026-11-30T09:00:00Z", "2026-11-30T09:00:00.5+01:00" } },
      [M.ENTERPRISE] = optional {
        department = optional(M.string()),
        manager = optional { value = M.string(), ["$ref"] = optional(M.string()) },
      },
    }))
  )
end

--- A group in canonical form.
function M.group()
  return (
    assert(schema.normalize(schema.types.Group, {
      id = "9",
      displayName = "g" .. M.string(),
      members = elements(function()
        return { value = tostring(random(6)), type = optional(pick { "User", "Group" }) }
      end, 6),
    }))
  )
end

-- ---- filters ----

local operators = { "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le" }

local paths = {
  { name = "userName" },
  { name = "USERNAME" },
  { name = "active" },
  { name = "title" },
  { name = "foo" },
  { name = "name" },
  { name = "name", sub = "givenName" },
  { name = "name", sub = "foo" },
  { name = "emails" },
  { name = "emails", sub = "type" },
  { name = "addresses", sub = "country" },
  { name = "meta", sub = "created" },
  { name = "id" },
  { name = "and" },
  { name = "not" },
  { name = "$ref" },
  { urn = M.ENTERPRISE, name = "department" },
  { urn = M.ENTERPRISE, name = "manager" },
  { urn = M.ENTERPRISE, name = "manager", sub = "$ref" },
  { urn = "urn:x:1.0:Thing", name = "a", sub = "b" },
}

local inner_paths = {
  { name = "value" },
  { name = "type" },
  { name = "primary" },
  { name = "display" },
  { name = "country" },
  { name = "foo" },
}

local function value()
  local kind = random(8)
  if kind <= 5 then
    return M.string()
  elseif kind == 6 then
    return pick { true, false }
  elseif kind == 7 then
    return pick { json.null, "2026-11-30T09:00:00Z", "2026-11-30T08:00:00.5Z" }
  end
  return pick { 0, 1, -1, 1.5, 200, 2 ^ 53, 1e-7 }
end

local function copy(path)
  return { urn = path.urn, name = path.name, sub = path.sub }
end

local function comparison(is_inside)
  local path = copy(pick(is_inside and inner_paths or paths))
  if not is_inside and random(4) == 1 then
    path = { name = pick { "emails", "addresses", "title" }, filter = M.node(2, true) }
    if random(3) == 1 then
      return { op = "where", path = path }
    end
    path.sub = pick { "value", "type", "country", "foo" }
  end
  if random(4) == 1 then
    return { op = "pr", path = path }
  end
  return { op = pick(operators), path = path, value = value() }
end

--- A filter as `parse` gives it.
---@param depth integer
---@param is_inside boolean? in brackets [ ]
function M.node(depth, is_inside)
  local kind = depth > 0 and random(6) or 6
  if kind <= 3 then
    local list = { op = kind == 1 and "or" or "and" }
    for _ = 1, 1 + random(3) do
      local part = M.node(depth - 1, is_inside)
      if part.op ~= list.op then
        list[#list + 1] = part
      end
    end
    return list[2] and list or list[1] or comparison(is_inside)
  elseif kind == 4 then
    return { op = "not", M.node(depth - 1, is_inside) }
  end
  return comparison(is_inside)
end

local tokens = {
  " ",
  "  ",
  "(",
  ")",
  "[",
  "]",
  '"',
  "\\",
  ".",
  ":",
  "$",
  "and",
  " or ",
  "not(",
  "not",
  " eq ",
  " PR",
  "pr",
  "true",
  "null",
  "1",
  "-",
  "1e3",
  '"a"',
  "emails[",
  "urn:",
  "\0",
  "\255",
  "\195\169",
  "",
}

--- A text with some bytes changed, left out or added.
function M.damaged(text)
  for _ = 1, random(3) do
    local at = random(#text + 1)
    text = text:sub(1, at - 1) .. pick(tokens) .. text:sub(at + random(3) - 1)
  end
  return text
end

return M
