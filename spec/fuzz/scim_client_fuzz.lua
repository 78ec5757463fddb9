-- lua5.4 spec/fuzz/scim_client_fuzz.lua [SECONDS [LEAST [SEED]]]
-- A server that answers anything: damaged JSON, other shapes, wrong statuses, no end of pages. The client gives a value
-- or a failure of the contract, in a bounded number of requests, and never repeats the token.
local core = require "lastpass.core"
local draw = require "spec.fuzz.source_random"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local loop = require "lastpass.transport.scheduler"
local made = require "spec.fuzz.client_random"

local random, pick = draw.number, draw.pick
local expect = made.expect

loop.sleep = function() end -- nobody waits here

local MOST_REQUESTS = 3000

local scalars = { "1", "-1", "1e300", '"x"', '""', "null", "true", '"' .. fake.TOKEN .. '"' }
local names = { "id", "ID", "userName", "displayName", "active", "members", "groups", "meta" }
for name in ("Resources totalResults nextCursor status scimType schemas value"):gmatch "%a+" do
  names[#names + 1] = name
end

local function page()
  local users = {}
  for index = 1, random(4) - 1 do
    users[index] = random(3) == 1 and made.value(names, scalars, 2)
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

local function body()
  local text = random(2) == 1 and page() or made.value(names, scalars, 0)
  return random(4) == 1 and made.damaged(text) or text
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
    made.input = text
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

local function round()
  count = 0
  local scim = fake.client(transport, {
    dialect = pick { "lastpass", "rfc", { base = "rfc", paging = "cursor" } },
    page_size = pick { 1, 3, 100 },
    in_flight = pick { 1, 4 },
    retries = pick { 0, 2 },
  })
  local number = random(#acts)
  made.check("act " .. number, fake.TOKEN, acts[number], scim)
end

-- What is picked out of a page is what decoding it gives.
local function compare_pick()
  local text = body()
  made.input = text
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

made.run("scim_client_fuzz", function()
  round()
  compare_pick()
end)
