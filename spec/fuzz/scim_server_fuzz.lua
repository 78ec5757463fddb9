-- lua5.4 spec/fuzz/scim_server_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Random and damaged requests to the server of SCIM, over a backend in memory and over the sandbox in all its
-- settings: every answer can be read, every error is SCIM's, none is 500, and what was refused has changed nothing.
local draw = require "spec.fuzz.source_random"
local json = require "lastpass.json"
local memory = require "spec.support.scim_backend"
local sandbox = require "spec.support.scim_box"
local schema = require "lastpass.scim.schema"

local random, pick = draw.number, draw.pick
local URN = schema.URN

local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(
      ("seed %d: %s\nrequest: %s\n%s\n"):format(draw.seed, what, json.encode(current), detail or "")
    )
    os.exit(1)
  end
end

-- ---- requests ----

local names = {
  "userName",
  "USERNAME",
  "name.familyName",
  "name",
  "active",
  "emails",
  "emails.value",
  'emails[type eq "work"]',
  'emails[type eq "work"].value',
  "members",
  'members[value eq "1"]',
  "displayName",
  "externalId",
  "title",
  "id",
  "meta.lastModified",
  "groups",
  "password",
  URN.enterprise,
  URN.enterprise .. ":department",
  URN.enterprise .. ":manager.value",
  URN.user .. ":userName",
  "shoeSize",
  "schemas",
  "$ref",
  "",
}

local strings = {
  "ann@x.example",
  "ANN@x.example",
  "bob@x.example",
  "bulkId:a",
  "bulkId:b",
  "True",
  "False",
  "work",
  "1",
  "2",
  "3",
  "7",
  "1001",
  "Team",
  "team",
  "\195\188ber",
  'quo"ted',
  "back\\slash",
  "2026-11-30T09:15:00Z",
  "",
  (" x"):rep(200),
}

local value

local function object(depth)
  local result = {}
  for _ = 1, random(4) - 1 do
    local name = pick { "value", "type", "primary", "display", pick(names), pick(names) }
    result[name] = value(depth - 1)
  end
  return result
end

function value(depth)
  local kind = random(depth > 0 and 9 or 5)
  if kind <= 2 then
    return pick(strings)
  elseif kind == 3 then
    return pick { true, false }
  elseif kind == 4 then
    return pick { 0, 1, -1, 2.5, 1e15 }
  elseif kind == 5 then
    return json.null
  elseif kind == 6 then
    return object(depth)
  end
  local list = json.list()
  for _ = 1, random(4) - 1 do
    list[#list + 1] = value(depth - 1)
  end
  return list
end

local function member()
  return { value = pick { "1", "2", "16821909", "16821912", "99", "1001", 1, json.null } }
end

local sane = {
  { name = { givenName = "Ann", familyName = "Lee" } },
  { active = "False", displayName = "A", externalId = "1" },
  { active = true, emails = { { value = "a@x.example", type = "work", primary = true } } },
  { [URN.enterprise] = { department = "IT", manager = "2" }, title = "Dr" },
}

local function user()
  if random(3) > 1 then
    local body = { schemas = { URN.user }, userName = pick { "ann@x.example", "bob@x.example" } }
    for name, part in pairs(pick(sane)) do
      body[name] = part
    end
    return body
  end
  local body = { schemas = { URN.user }, userName = pick(strings) }
  for _ = 1, random(5) - 1 do
    body[pick(names)] = value(2)
  end
  return body
end

local function group()
  local body = { schemas = { URN.group }, displayName = pick(strings) }
  if random(2) == 1 then
    body.members = json.list { member(), member() }
  end
  return body
end

local changes = {
  { op = "Replace", path = "active", value = "False" },
  { op = "replace", value = { active = true } },
  { op = "add", path = 'emails[type eq "work"].value', value = "w@x.example" },
  { op = "replace", path = "displayName", value = "Team" },
  { op = "replace", path = "displayName", value = "New" },
  { op = "replace", path = "externalId", value = "1" },
  { op = "remove", path = "title" },
  { op = "Add", path = "members", value = { { value = "1" } } },
  { op = "Add", path = "members", value = { { value = "16821909" } } },
  { op = "Remove", path = "members", value = { { value = "16821909" } } },
  { op = "remove", path = 'members[value eq "1"]' },
  { op = "remove", path = "members" },
  { op = "add", path = URN.enterprise .. ":department", value = "IT" },
}

local function patch()
  local operations = json.list()
  if random(3) > 1 then
    for at = 1, random(2) do
      operations[at] = pick(changes)
    end
    return { schemas = { URN.patch }, Operations = operations }
  end
  for _ = 1, random(4) do
    local operation = { op = pick { "add", "Replace", "remove", "ADD", "move", 1 } }
    if random(4) > 1 then
      operation.path = pick(names)
    end
    if random(5) > 1 then
      operation.value = pick { value(2), json.list { member() }, member(), user(), group() }
    end
    operations[#operations + 1] = operation
  end
  return { schemas = { URN.patch }, Operations = operations }
end

local filters = {
  'userName eq "%s"',
  'displayName eq "%s"',
  'externalId eq "%s" and active eq true',
  'not (userName sw "%s") or title pr',
  'emails[type eq "work" and value co "%s"]',
  'meta.lastModified gt "2020-01-01T00:00:00Z" and id ne "%s"',
  'members.value eq "%s"',
  'members eq "%s"',
  'id eq "%s"',
  'meta.resourceType eq "Group" or userName ew "%s"',
  'active gt "%s"',
  "userName is %s",
  'userName eq "%s',
  "((%s",
}

local function filter()
  return pick(filters):format((pick(strings):gsub('[\\"]', "\\%0")))
end

local function search()
  local body = { schemas = { URN.search } }
  for _ = 1, random(4) do
    local name = pick {
      "filter",
      "startIndex",
      "count",
      "sortBy",
      "sortOrder",
      "attributes",
      "excludedAttributes",
      "cursor",
    }
    body[name] = pick { filter(), random(9) - 3, pick(names), value(1), json.list { pick(names) } }
  end
  return body
end

local function bulk()
  local operations = json.list()
  for _ = 1, random(5) do
    operations[#operations + 1] = {
      method = pick { "POST", "post", "PUT", "PATCH", "DELETE", "GET" },
      path = pick {
        "/Users",
        "/Groups",
        "/Users/bulkId:a",
        "/Groups/bulkId:b",
        "/Users/1",
        "/Groups/1001",
        "/Bulk",
        "Users",
      },
      bulkId = pick { "a", "b", "c", json.null },
      data = pick { user(), group(), patch(), value(2) },
      version = pick { json.null, 'W/"1"', "*" },
    }
  end
  local body = { schemas = { URN.bulk_request }, Operations = operations }
  if random(3) == 1 then
    body.failOnErrors = value(0)
  end
  return body
end

local function escape(text)
  return (text:gsub("[^%w.~_-]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

local function query()
  local parts = {}
  for _ = 1, random(4) - 1 do
    local name = pick {
      "filter",
      "count",
      "startIndex",
      "sortBy",
      "sortOrder",
      "attributes",
      "excludedAttributes",
      "cursor",
      "aadOptscim062020",
    }
    local text =
      pick { filter(), tostring(random(9) - 3), pick(names), pick(strings), "descending" }
    parts[#parts + 1] = name .. "=" .. (random(12) == 1 and text or escape(text))
  end
  return table.concat(parts, "&")
end

local strange_ids = { "99", "x", "%31", "%zz", ".search", "..", "007", "1e3" }
local ids -- those of the site that is asked

local function id()
  return random(4) == 1 and pick(strange_ids) or pick(ids)
end

local function path()
  if random(2) == 1 then
    return pick { "/Users", "/Groups", "/Users/" .. id(), "/Groups/" .. id() }
  end
  return pick {
    "/Users",
    "/Groups",
    "/Users/" .. id(),
    "/Users/" .. id(),
    "/Groups/" .. id(),
    "/Groups/" .. id(),
    "/.search",
    "/Users/.search",
    "/Bulk",
    "/Me",
    "/",
    "/Schemas/" .. id(),
    "/ResourceTypes",
    "/ServiceProviderConfig",
    "/users//" .. id(),
    "/Devices/1",
    pick(strings),
  }
end

local methods = { "GET", "GET", "POST", "POST", "PUT", "PATCH", "PATCH", "DELETE", "HEAD", "TRACE" }

local function damaged(text)
  for _ = 1, random(3) do
    local at = random(#text + 1)
    text = text:sub(1, at - 1)
      .. pick { "", "{", '"', ",", "\0", "\255", "null", "[]" }
      .. text:sub(at + random(3))
  end
  return text
end

local function request()
  local method, body = pick(methods), nil
  local target = path()
  if method ~= "GET" or random(9) == 1 then
    local maker = target:find "search" and search
      or target:find "Bulk" and bulk
      or method == "PATCH" and patch
      or target:find "Group" and group
      or user
    body = json.encode(random(9) == 1 and value(3) or maker())
    body = random(12) == 1 and damaged(body) or body
  end
  local text = random(3) == 1 and query() or ""
  return {
    method = method,
    target = (target:find "^/" and target or "/" .. target) .. (text ~= "" and "?" .. text or ""),
    body = body,
    headers = {
      ["content-type"] = random(15) == 1
          and pick { "text/plain", "application/json; charset=utf-16" }
        or nil,
      accept = random(15) == 1 and pick { "text/html", "application/json", "*/*;q=0" } or nil,
      ["if-match"] = random(9) == 1 and pick { "*", 'W/"1"', '"2"', "x" } or nil,
      ["if-none-match"] = random(9) == 1 and pick { "*", 'W/"1"', "" } or nil,
    },
  }
end

-- ---- answers ----

local function is_error(document, status)
  return type(document) == "table"
    and document.schemas
    and document.schemas[1] == URN.error
    and document.status == tostring(status)
    and type(document.detail) == "string"
end

local function check(asked, response)
  local status, body = response.status, response.body or ""
  expect("a status", status >= 200 and status <= 503 and status ~= 500, body)
  if asked.method == "HEAD" or status == 204 or status == 304 then
    expect("no body", body == "")
    return
  end
  local document = json.decode(body)
  expect("JSON", type(document) == "table", body)
  if status >= 400 then
    expect("a SCIM Error", is_error(document, status), body)
    expect("its media type", response.headers["Content-Type"]:find "^application/")
    return
  end
  expect("schemas", type(document.schemas) == "table" and document.schemas[1], body)
  for _, result in ipairs(document.Operations or {}) do
    local number = tonumber(result.status)
    expect("the status of an operation", type(result.status) == "string" and number ~= 500, body)
    expect("the error of an operation", number < 400 or is_error(result.response, number), body)
  end
  if document.Resources then
    expect("itemsPerPage", document.itemsPerPage == #document.Resources, body)
    expect("totalResults", document.totalResults >= #document.Resources, body)
  end
  if status == 201 then
    expect(
      "Location",
      response.headers.Location == document.meta and document.meta.location
        or response.headers.Location ~= nil
    )
  end
end

local reads = { GET = true, HEAD = true, TRACE = true }

-- What a site has, as text.
local function state_of(site)
  if site.box then
    return site.box:text("getuserdata")
  end
  return json.encode(site.backend.stores)
end

local settings = {
  { scim_mode = "rfc" },
  {},
  { scim_minimal = true },
  { scim_link = 200, scim_rename = "allow", scim_delete = "disable", scim_attributes = "all" },
  { scim_link = 409, scim_rename = "ignore" },
}

local function open()
  local site
  if random(3) == 1 then
    site, ids = memory.site(), { "1", "2", "1", "2", "3" }
    site:send("POST", "/Users", memory.user "ann@x.example")
    site:send("POST", "/Groups", memory.group("Team", { "1" }))
  else
    ids = { "16821906", "16821909", "1001", "1002", "1001" }
    site = sandbox.open { users = 12, events = 0, settings = pick(settings) }
    site:make("ann@x.example", { externalId = "1" })
  end
  return site
end

local deadline, rounds, good = os.time() + draw.seconds, 0, 0
while os.time() < deadline or rounds < draw.least do
  local site = open()
  for _ = 1, 60 do
    rounds = rounds + 1
    local asked = request()
    current = asked
    local before = random(8) == 1 and state_of(site)
    local response = site:send(asked.method, asked.target, asked.body, asked.headers)
    check(asked, response)
    good = good + (response.status < 400 and 1 or 0)
    if before and (response.status >= 400 or reads[asked.method]) then
      expect("what was refused or only read changed something", before == state_of(site))
    end
  end
end
print(("scim_server_fuzz: %d rounds, %d good, seed %d"):format(rounds, good, draw.seed))
