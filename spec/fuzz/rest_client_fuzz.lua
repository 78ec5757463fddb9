-- lua5.4 spec/fuzz/rest_client_fuzz.lua [SECONDS [LEAST [SEED]]]
-- A REST API that answers anything: damaged JSON, other shapes, wrong statuses, no end of pages, jobs at odd addresses.
-- The client gives a value or a failure of the contract, in a bounded number of requests, and never repeats the key,
-- nor sends it elsewhere.
local accounts = require "lastpass.directory.accounts"
local draw = require "spec.fuzz.source_random"
local fake = require "spec.support.rest_fake"
local loop = require "lastpass.transport.scheduler"
local made = require "spec.fuzz.client_random"

local random, pick = draw.number, draw.pick
local expect = made.expect

loop.sleep = function() end -- nobody waits here

local MOST_REQUESTS = 3000
local ORIGIN = "https://api.lastpass.com/"

local scalars = {
  "1",
  "-1",
  "1e300",
  "9007199254740993",
  "-123456789012345678901234567890",
  '"x"',
  '""',
  "null",
  "true",
  '"' .. fake.KEY .. '"',
  '"/business/v1/x"',
  '"https://evil.example/x"',
}
local names = {}
for name in ("id name email accountStatus items nextPageToken title url status"):gmatch "%a+" do
  names[#names + 1] = name
end

local function page()
  local rows = {}
  for index = 1, random(4) - 1 do
    rows[index] = random(3) == 1 and made.value(names, scalars, 2)
      or ('{"id":%d,"email":"u%d@x.example","accountStatus":%s}'):format(
        random(30),
        random(30),
        pick { '"staged"', '"enrolled"', "null", '"new"' }
      )
  end
  return ('{"items":[%s],"nextPageToken":%s}'):format(
    table.concat(rows, ","),
    pick { "null", '"t' .. random(99) .. '"', '""', "7" }
  )
end

local function body()
  local text = random(2) == 1 and page() or made.value(names, scalars, 0)
  return random(4) == 1 and made.damaged(text) or text
end

local statuses =
  { 200, 200, 200, 201, 202, 202, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503 }
local count = 0

local transport = {
  send = function(_, request)
    count = count + 1
    expect("requests without end", count < MOST_REQUESTS)
    expect("the key goes elsewhere", request.url:sub(1, #ORIGIN) == ORIGIN, request.url)
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
    expect("a row that is no table", type(one) == "table")
    if one.id then
      expect("twice", not ids[one.id], one.id)
      ids[one.id] = true
    end
  end
  return true
end

local company = { name = "x", license_limit = 5, type = "managed" }
local acts = {
  function(rest)
    return list_all(rest:users { email = "%@x.example" })
  end,
  function(rest)
    return list_all(rest:managed_companies())
  end,
  function(rest)
    return rest:create_user { email = "u@x.example", action = "stage" }
  end,
  function(rest)
    return rest:billing_cycles()
  end,
  function(rest)
    return rest:managed_company_user(1, "9007199254740993")
  end,
  function(rest)
    return rest:detach_managed_company(1)
  end,
  function(rest)
    local job, message, err = rest:create_managed_company(company)
    if not job then
      return nil, message, err
    end
    return job:poll()
  end,
  function(rest)
    local client = {
      rest = function()
        return rest
      end,
    }
    local levels, emails = random(2) == 1, random(2) == 1 and { "u1@x.example" } or nil
    local read, message, err = accounts.read(client, { levels = levels, emails = emails })
    if not read then
      return nil, message, err
    end
    for _, account in ipairs(read:list()) do
      expect("an account without an address", type(account.email) == "string")
      expect("an account that is not found", read:of(account.email) ~= nil, account.email)
    end
    return true
  end,
  function(rest)
    return rest:request("PATCH", "/v1/users/1", { body = { name = "B" } })
  end,
}

made.run("rest_client_fuzz", function()
  count = 0
  local rest = fake.client_of(transport, { page_size = pick { 1, 500 }, retries = pick { 0, 2 } })
  local number = random(#acts)
  made.check("act " .. number, fake.KEY, acts[number], rest)
end)
