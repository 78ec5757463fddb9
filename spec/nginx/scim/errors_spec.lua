-- Every refusal under the address of the endpoint is an Error of SCIM: those of nginx itself, those of this layer, and
-- what thousands of random requests bring about. 2,000, 20,000 or 200,000 of these.
-- Runs once: nginx has its own LuaJIT.
local connection = require "spec.support.connection"
local endpoints = require "spec.support.scim_endpoint"
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local support = require "spec.support.box"

local REQUESTS = extent(2000, 20000, 200000)
local SEED = 20261130

-- nginx's limits are small here, so that each is reached.
local LOCATION = "client_max_body_size 20k; client_body_buffer_size 4k; client_body_timeout 1s;"
local HTTP = "large_client_header_buffers 4 4k; keepalive_requests 1000000;"

local ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
local HEAD = "Host: localhost\r\n"

-- What nginx refuses by itself: the bytes, and the status of the answer.
local broken = {
  ["no HTTP at all"] = { "\22\3\1\2\0\1\r\n\r\n", 400 },
  ["a broken method"] = { "G(T /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. "\r\n", 400 },
  ["no Host"] = { "GET /scim/entra/Users HTTP/1.1\r\n\r\n", 400 },
  ["two Hosts"] = { "GET /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. HEAD .. "\r\n", 400 },
  ["another version"] = { "GET /scim/entra/Users HTTP/3.0\r\n" .. HEAD .. "\r\n", 505 },
  ["a long address"] = {
    "GET /scim/entra/" .. ("x"):rep(6000) .. " HTTP/1.1\r\n" .. HEAD .. "\r\n",
    414,
  },
  ["a long header"] = {
    "GET /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. "X: " .. ("x"):rep(9000) .. "\r\n\r\n",
    400,
  },
  ["a length that is no number"] = {
    "POST /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. "Content-Length: abc\r\n\r\n",
    400,
  },
  ["an unknown coding"] = {
    "POST /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. "Transfer-Encoding: gzip\r\n\r\n",
    501,
  },
  ["a broken escape"] = { "GET /scim/%zz HTTP/1.1\r\n" .. HEAD .. "\r\n", 400 },
  ["a method of proxies"] = { "TRACE /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. "\r\n", 405 },
  ["a body that is too long"] = {
    "POST /scim/entra/Users HTTP/1.1\r\n" .. HEAD .. "Content-Length: 30000\r\n\r\n" .. ("x"):rep(
      30000
    ),
    413,
  },
}

describe("an error under the address of the endpoint", function()
  local box, endpoint, one

  setup(function()
    box = support.start { users = 30, seed = 3 }
    endpoint = endpoints.start(box, {
      connections = 'entra = { provider = "entra", rate = 1e6 }',
      location = LOCATION,
      http = HTTP,
    })
    endpoint.site:directory()
    one = connection.new(endpoint.port)
  end)

  teardown(function()
    one:close()
    endpoint:stop()
    box:stop()
  end)

  local function check_error(status, body, headers, what)
    local ok, document = pcall(json.decode, body)
    assert.is_true(ok and type(document) == "table", what .. "\n" .. tostring(body))
    assert.same({ ERROR }, document.schemas, what)
    assert.equal(("%d"):format(status), document.status, what)
    assert.is_string(document.detail, what)
    assert.matches("^application/[scim+]*json$", headers["content-type"], what)
    if status == 429 or status == 503 then
      assert.matches("^%d+$", headers["retry-after"], what)
    end
  end

  for name, case in pairs(broken) do
    it("is SCIM's when nginx refuses " .. name, function()
      one:close()
      local status, body, headers = one:send(case[1])
      assert.equal(case[2], status, body)
      check_error(status, body, headers, name)
      one:close()
    end)
  end

  it("does not come at all for a body that stops: nginx closes the connection", function()
    one:close()
    local status = one:send(
      "POST /scim/entra/Users HTTP/1.1\r\n"
        .. HEAD
        .. "Authorization: Bearer "
        .. endpoint.token
        .. "\r\nContent-Length: 30\r\n\r\nabc"
    )
    assert.is_nil(status)
    one:close()
  end)

  local random

  local function pick(list)
    return list[random(#list)]
  end

  -- A Lua state's own generator, the same numbers everywhere.
  local function generator(seed)
    local state = seed
    return function(most)
      state = (state * 16807) % 2147483647
      return state % most + 1
    end
  end

  local function bytes(most)
    local list = {}
    for position = 1, random(most) do
      list[position] = string.char(random(256) - 1)
    end
    return table.concat(list)
  end

  local methods = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "get" }
  local segments = {
    "Users",
    "Groups",
    "users",
    ".search",
    "Bulk",
    "Me",
    "Schemas",
    "%2e%2e",
    "%00",
    "ServiceProviderConfig",
    "ResourceTypes",
    "0",
    "abc",
    "%E2%82%AC",
    "..",
    "",
    "a b",
    "Users.json",
  }
  local names = {
    "filter",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
    "cursor",
    "x",
  }
  local values = {
    "",
    "1",
    "-1",
    "99999999999999999999",
    "userName%20eq%20%22a%22",
    "userName%20eq",
    "(((",
    "members",
    "%ff%fe",
    "active%20eq%20true",
    "emails%5Btype%20eq%20%22work%22%5D",
  }
  local bodies = {
    "",
    "{}",
    "[]",
    "null",
    "5",
    '"x"',
    "{",
    '{"schemas":5}',
    '{"userName":5}',
    '{"Operations":{}}',
    '{"userName":"x@x.example","active":"maybe"}',
    '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"x"}]}',
    '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove"}]}',
    '{"Operations":[{"op":"replace","path":"a[[","value":1}]}',
    '{"Operations":[{"op":"add","path":"members","value":[{"value":"nobody"}]}]}',
    '{"members":[null,{},5],"displayName":[]}',
    ("["):rep(600),
    '{"a":' .. ('{"a":'):rep(300),
  }
  local types =
    { "application/scim+json", "application/json", "text/html", "application/json; charset=x", "" }

  local function mutate(text)
    if random(3) > 1 or #text == 0 then
      return text
    end
    local at = random(#text)
    return text:sub(1, at - 1) .. bytes(4) .. text:sub(at + random(4))
  end

  local function random_target(id)
    local parts = { "/scim", random(20) == 1 and bytes(8):gsub("[%c ]", "") or "entra" }
    for _ = 1, random(3) do
      parts[#parts + 1] = random(3) == 1 and id or pick(segments)
    end
    local target = table.concat(parts, "/"):gsub("[ %c]", "")
    if random(2) == 1 then
      target = target
        .. "?"
        .. pick(names)
        .. "="
        .. pick(values)
        .. "&"
        .. pick(names)
        .. "="
        .. pick(values)
    end
    return target
  end

  local function random_request(id)
    local headers = {}
    if random(20) > 1 then
      headers.Authorization = "Bearer " .. endpoint.token
    elseif random(2) == 1 then
      headers.Authorization = bytes(30):gsub("[%c]", "")
    end
    if random(3) == 1 then
      headers["Content-Type"] = pick(types)
    end
    if random(5) == 1 then
      headers.Accept = pick(types)
    end
    if random(5) == 1 then
      headers["If-Match"] = pick { "*", 'W/"1"', "x", "" }
    end
    local method = pick(methods)
    local body = method ~= "GET" and method ~= "HEAD" and mutate(pick(bodies)) or nil
    return method, random_target(id), headers, body
  end

  it("is SCIM's whatever is sent", function()
    random = generator(SEED)
    local _, list = endpoint:push("GET", "/Users?count=1")
    local id = list.Resources[1] and list.Resources[1].id or "1"
    local counts, closed = {}, 0
    for number = 1, REQUESTS do
      local method, target, headers, body = random_request(id)
      local status, text, answered = one:request(method, target, headers, body)
      local what = ("seed %d, request %d: %s %s\n%s"):format(
        SEED,
        number,
        method,
        target,
        body or ""
      )
      if not status then
        closed = closed + 1
        one:close()
      else
        counts[status] = (counts[status] or 0) + 1
        assert.not_equal(500, status, what .. "\n" .. text .. endpoint.site.server:log():sub(-2000))
        local leaves = status == 404 and target:find("..", 1, true) or target:find("%2e", 1, true)
        if status >= 400 and method ~= "HEAD" and not leaves then
          check_error(status, text, answered, what)
        end
      end
    end
    assert.equal(0, closed)
    for _, status in ipairs { 200, 400, 401, 404, 405 } do
      assert.is_true((counts[status] or 0) > 0, "no " .. status)
    end
  end)
end)
