-- lua5.4 spec/fuzz/scim_filter_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Filters: nodes come back from what `print` writes of them, however it is spaced; damaged texts are read or refused
-- at a character of theirs; what is compiled holds or does not, as logic has it, and never raises.
local draw = require "spec.fuzz.source_random"
local filter = require "lastpass.scim.filter"
local json = require "lastpass.json"
local schema = require "lastpass.scim.schema"
local shapes = require "spec.fuzz.scim_random"

local random, pick = draw.number, draw.pick
local seed = draw.seed
local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(("seed %d: %s\ninput: %q\n%s\n"):format(seed, what, current, tostring(detail)))
    os.exit(1)
  end
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

-- More space where there is some, operators in capitals; strings as they are.
local function respaced(text)
  return ((text .. '""'):gsub('([^"]*)("[^"\\]*")', function(outside, quoted)
    outside = outside:gsub(" ", (" "):rep(random(3)))
    outside = outside:gsub(" (%l%l) ", function(word)
      return " " .. (word == "id" and word or word:upper()) .. " "
    end)
    return outside:gsub("not %(", "NOT(") .. quoted
  end)):sub(1, -3)
end

local function holds(node, user)
  local test, message, err = filter.compile(node, schema.types.User, { unknown = "absent" })
  if not test then
    expect("a failure of compile", err.scim_type == "invalidFilter" and err.status == 400, message)
    return nil
  end
  local result = test(user)
  expect("a test that gives no boolean", type(result) == "boolean")
  return result
end

local function check_logic(node, user)
  local result = holds(node, user)
  if result == nil then
    return
  end
  expect("not", holds(filter.negate(node), user) == not result)
  expect("and", holds(filter.all { node, { op = "pr", path = { name = "id" } } }, user) == result)
  expect(
    "or",
    holds(filter.any { { op = "eq", path = { name = "id" }, value = "8" }, node }, user) == result
  )
  local equality = filter.equality(node, schema.types.User)
  if result and equality then
    local alone = filter.eq(equality.attribute, equality.value)
    expect("an equality that a match has not", holds(alone, user), json.encode(equality))
  end
end

local function check_node(node)
  current = filter.print(node)
  local parsed, message = filter.parse(current)
  expect("what is printed is not read", parsed, message)
  expect("other nodes", same(node, parsed), filter.print(parsed))
  if not current:find("\\", 1, true) then
    local spaced = respaced(current)
    parsed, message = filter.parse(spaced)
    expect("more space is not read", parsed, spaced .. "\n" .. tostring(message))
    expect("other nodes with more space", same(node, parsed), spaced)
  end
end

local function check_text(text, user)
  current = text
  local lenient = pick { true, false }
  local node, message, err = filter.parse(text, { lenient = lenient })
  if node then
    local again = filter.print(node)
    local parsed = filter.parse(again)
    expect("print of what was read", parsed and same(node, parsed), again)
    check_logic(node, user)
  else
    expect(
      "no scim_type",
      err.scim_type == "invalidFilter" and err.code == "invalid_filter",
      message
    )
    local is_inside = err.position == nil or (err.position >= 1 and err.position <= #text + 1)
    expect("a character outside", is_inside, err.position)
  end
  local path, reason, failure = filter.path(text, { lenient = lenient })
  if path then
    expect("print of a path", same(path, (filter.path(filter.print_path(path)))))
  else
    local is_known = failure.scim_type == "invalidPath" or failure.scim_type == "invalidFilter"
    expect("no scim_type of a path", is_known, reason)
  end
end

local deadline, rounds = os.time() + draw.seconds, 0
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 100 do
    rounds = rounds + 1
    local user = shapes.user()
    local node = shapes.node(random(4))
    check_node(node)
    check_logic(node, user)
    check_text(shapes.damaged(filter.print(node)), user)
  end
end
print(("scim_filter_fuzz: %d rounds, seed %d"):format(rounds, seed))
