-- lua5.4 spec/fuzz/scim_client_fuzz.lua [SECONDS [LEAST [SEED]]]
-- A server that answers anything: damaged JSON, other shapes, wrong statuses, no end of pages. The client gives a value
-- or a failure of the contract, in a bounded number of requests, and never repeats the token.
local core = require "lastpass.core"
local draw = require "spec.fuzz.source_random"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local loop = require "lastpass.transport.scheduler"

local random, pick = draw.number, draw.pick
local seed = draw.seed
local current = ""

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(("seed %d: %s\ninput: %q\n%s\n"):format(seed, what, current, tostring(detail)))
    os.exit(1)
  end
end

loop.sleep = function() end -- nobody waits here

local MOST_REQUESTS = 3000

local scalars = { "1", "-1", "1e300", '"x"', '""', "null", "true", '"' .. fake.TOKEN .. '"' }
local names = { "id", "ID", "userName", "displayName", "active", "members", "groups", "meta" }
for name in ("Resources totalResults nextCursor status scimType schemas value"):gmatch "%a+" do
  names[#names + 1] = name
end

local function value(depth)
  local kind = random(depth > 3 and 2 or 5)
  if kind <= 2 then
    return pick(scalars)
  elseif kind == 3 then
    local parts = {}
    for index = 1, random(4) - 1 do
      parts[index] = value(depth + 1)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local parts = {}
  for index = 1, random(5) - 1 do
    parts[index] = ('"%s":%s'):format(pick(names), value(depth + 1))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function page()
  local users = {}
  for index = 1, random(4) - 1 do
    users[index] = random(3) == 1 and value(2)
      or ('{"id":"%d","userName":"u%d@x.example","active":%s}'):format(
        random(30),
        random(30),
        pick { "true", '"False"', "null" }
      )
  end
  local cursor = random(4) == 1 and ',"nextCursor":"c' .. random(9) .. '"' or ""
  return ('{"totalResults":%s,"Resources":[%s]%s}'):format(
    pick { "0", "3", "10", '"7"', "null", "1e9" },
    table.concat(users, ","),
    cursor
  )
end

local function damaged(text)
  local at = random(#text + 1)
  local way = random(3)
  if way == 1 then
    return text:sub(1, at - 1)
  elseif way == 2 then
    return text:sub(1, at - 1) .. pick { '"', "{", "]", "\0", "\255", "," } .. text:sub(at)
  end
  return text:sub(1, at - 1) .. text:sub(at + random(5))
end

local function body()
  local text = random(2) == 1 and page() or value(0)
  return random(4) == 1 and damaged(text) or text
end

local statuses =
  { 200, 200, 200, 201, 204, 304, 302, 400, 401, 403, 404, 409, 412, 413, 429, 500, 503 }
local count = 0

local transport = {
  send = function()
    count = count + 1
    expect("requests without end", count < MOST_REQUESTS)
    if random(20) == 1 then
      local sent = { sent = random(2) == 1 or nil }
      return require("lastpass.error").fail("transport", "connection_lost", "lost", sent)
    end
    local text = body()
    current = text
    local headers = { ["retry-after"] = random(5) == 1 and pick { "1", "999", "x" } or nil }
    return { status = pick(statuses), headers = headers, body = text }
  end,
}

local function list_all(iterator)
  local ids = {}
  for one in iterator do
    expect("an id", type(one.id) == "string" and one.id ~= "", one.id)
    expect("twice", not ids[one.id], one.id)
    ids[one.id] = true
  end
  return true
end

local ann = { userName = "u1@x.example", active = true, externalId = "e" }
local active = { { op = "replace", path = "active", value = false } }
local acts = {
  function(scim)
    return scim:get("User", "1")
  end,
  function(scim)
    return list_all(scim:list(pick { "User", "Group" }))
  end,
  function(scim)
    return list_all(scim:list("User", { attributes = { "userName", "active", "meta" } }))
  end,
  function(scim)
    return list_all(scim:search("User", { filter = "active eq true" }))
  end,
  function(scim)
    return scim:find("User", "userName", "u1@x.example")
  end,
  function(scim)
    return scim:link(ann)
  end,
  function(scim)
    return scim:create("Group", { displayName = "A" })
  end,
  function(scim)
    return scim:replace("User", "1", ann, { recreate = true })
  end,
  function(scim)
    return scim:patch("User", "1", active, { named = { "userName", "u1@x.example" } })
  end,
  function(scim)
    return scim:set_active("1", false)
  end,
  function(scim)
    return scim:delete("User", "1")
  end,
  function(scim)
    return scim:add_members("1", { "1", "2", "3" })
  end,
  function(scim)
    return scim:bulk { { method = "POST", type = "User", resource = ann } }
  end,
  function(scim)
    return scim:snapshot()
  end,
  function(scim)
    return scim:user "u1@x.example"
  end,
  function(scim)
    return lastpass.scim.doctor(scim, { write = random(2) == 1 })
  end,
}

local function shows_token(shown, depth)
  if type(shown) == "string" then
    return shown:find(fake.TOKEN, 1, true) ~= nil
  end
  for key, item in pairs(type(shown) == "table" and depth < 6 and shown or {}) do
    if shows_token(key, depth + 1) or shows_token(item, depth + 1) then
      return true
    end
  end
  return false
end

local function round()
  count = 0
  local scim = fake.client(transport, {
    dialect = pick { "lastpass", "rfc", { base = "rfc", paging = "cursor" } },
    page_size = pick { 1, 3, 100 },
    in_flight = pick { 1, 4 },
    retries = pick { 0, 2 },
  })
  local number = random(#acts)
  local ok, given, message, err = pcall(acts[number], scim)
  if not ok then
    given, err = nil, given
    expect("an error that is not one of the contract", type(err) == "table" and err.kind, err)
    message = err.message
  end
  if given == nil then
    expect(
      "a failure of act " .. number,
      type(message) == "string" and type(err) == "table",
      message
    )
    expect("its kind and code", type(err.kind) == "string" and type(err.code) == "string", message)
    expect("its message", err.message == message, message)
    expect("the token in a failure", not shows_token(err, 0), message)
  elseif type(given) == "table" and not getmetatable(given) then
    expect("the token in a value", not shows_token(given, 0))
  end
end

-- What is picked out of a page is what decoding it gives.
local function compare_pick()
  local text = body()
  current = text
  local _, items = core.pick(text, "Resources", { "id", "active", "userName" })
  local whole = items and json.decode(text)
  for index, item in ipairs(whole and items or {}) do
    for _, name in ipairs { "id", "active", "userName" } do
      local expected = whole.Resources and whole.Resources[index][name]
      local is_nested = type(item[name]) == "string" and expected ~= item[name]
      if not is_nested and expected ~= nil and expected ~= json.null then
        expect("another value of " .. name, item[name] == expected, tostring(item[name]))
      end
    end
  end
end

local rounds, ends_at = 0, os.clock() + draw.seconds
while os.clock() < ends_at or rounds < draw.least do
  round()
  compare_pick()
  rounds = rounds + 1
end
print(("scim_client_fuzz: %d rounds, seed %d"):format(rounds, seed))
