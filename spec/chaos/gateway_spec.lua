-- The gateway in a real nginx with two workers, over a company that takes its time: two writes at once
-- against the last two admins, and more writes at once than a day allows.
-- 15, 60 or 1,000 rounds. `spec/nginx/gateway/races_spec.lua` has the cases in
-- which answers come after minutes, or never.
-- Runs once: nginx has its own LuaJIT.
-- Runs first: it waits for answers that come late.
local extent = require "spec.support.extent"
local gateway_limits = require "spec.support.gateway_limits"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local limits = require "lastpass.plan.limits"
local planted = require "spec.support.planted"
local sites = require "spec.support.site"
local support = require "spec.support.box"
local tokens = require "lastpass.nginx.gateway.tokens"

local ROUNDS = extent(15, 60, 1000)
local AT_ONCE, A_DAY = 40, 3

local SETUP = [[
  tokens = {{
    name = "t", hash = %q, tenants = { "acme" }, scopes = { "read", "write", "proxy" }, rate = 1e6,
  }},
  gateway = { limits = %s, audit = function() end },
]]

local SERVER = [[
  location / { content_by_lua_block { site:gateway() } }
]]

-- One value for every limit, as Lua.
local function limits_text(plan, day, later)
  local function each(value)
    local parts = {}
    for position, entry in ipairs(limits.list) do
      parts[position] = ("%s = %d"):format(entry.name, value)
    end
    return table.concat(parts, ", ")
  end
  return ("{ %s, per_day = { %s }, per_week = { %s }, per_month = { %s } }"):format(
    each(plan),
    each(day),
    each(later),
    each(later)
  )
end

describe("the gateway, when much happens at once", function()
  local box, site, token

  local function start(people, invited, limits_of)
    box = planted.start()
    planted.plant(box, people, invited)
    local text, hash = tokens.new()
    token = "Bearer " .. text
    site = sites.start(box, {
      workers = 2,
      tenant = "folders = false, refresh = 5, retries = 0,",
      setup = SETUP:format(hash, limits_of),
      server = SERVER,
    })
    site:directory()
  end

  after_each(function()
    local log = site.server:log()
    site:stop()
    box:stop()
    assert.is_nil(log:find("lastpass gateway:", 1, true), log)
  end)

  -- The answers to requests {method, path, body} that are sent at once, each on a connection of its own.
  local function at_once(requests)
    local answers = {}
    lastpass.parallel(#requests, function(spawn)
      for position, request in ipairs(requests) do
        spawn(function()
          local transport = require("lastpass.transport.curl").new()
          local response = assert(transport:send {
            method = request[1],
            url = site.server.url .. request[2],
            headers = { Authorization = token, ["Content-Type"] = "application/json" },
            body = request[3] and json.encode(request[3]) or "",
            timeout = 60,
          })
          answers[position] = { status = response.status, body = response.body }
        end)
      end
    end)
    return answers
  end

  local function ways(address)
    local path = "/unified/user-directory/users/" .. address
    return {
      { "PATCH", path, { status = "inactive" } },
      { "DELETE", path .. "?remote_query[deleteaction]=0" },
      { "POST", "/proxy/disableuser", json.list { address } },
      { "POST", "/proxy/deluser", { username = address, deleteaction = 0 } },
    }
  end

  it("always leaves an admin", function()
    start({
      { "ann@acme.example", { admin = true } },
      { "bob@acme.example", { admin = true } },
      { "cy@acme.example" },
    }, nil, limits_text(1000000, 1000000, 1000000))
    local client = box:client()
    local tally = {}
    for round = 1, ROUNDS do
      assert(client:enableuser { "ann@acme.example", "bob@acme.example" })
      box:clear_faults()
      for position, command in ipairs { "disableuser", "deluser", "getuserdata" } do
        local delay = (round * 7 + position * 3) % 11 * 0.02
        assert(box:faults { command = command, delay = delay })
      end
      local requests = {
        ways("ann@acme.example")[round % 4 + 1],
        ways("bob@acme.example")[math.floor(round / 4) % 4 + 1],
        ways(round % 2 == 0 and "ann@acme.example" or "bob@acme.example")[(round + 1) % 4 + 1],
      }
      for _, answer in ipairs(at_once(requests)) do
        local code = answer.status
        if code == 403 then
          code = json.decode(answer.body).details.guard
        end
        tally[code] = (tally[code] or 0) + 1
      end
      box:clear_faults()
      local left = 0
      for user in assert(client:snapshot()):users { admin = true, status = "active" } do
        left = left + (user.admin and 1 or 0)
      end
      assert.equal(1, left, "round " .. round)
    end
    assert.is_true(
      tally[200] >= ROUNDS and tally.last_admin >= ROUNDS / 2,
      json.encode(tally.last_admin)
    )
    for code in pairs(tally) do
      assert.is_true(code == 200 or code == "last_admin" or code == 503, code)
    end
  end)

  -- Of each limit forty people of its own.
  local function person(name, position)
    return ("%s%d@acme.example"):format(name, position)
  end

  -- The request of each limit, and the command that it sends.
  local of_limit = {
    create = function(address)
      return "batchadd", json.list { { username = "new." .. address } }
    end,
    enable = function(address)
      return "enableuser", json.list { address }
    end,
    name = function(address)
      return "updateuser", { username = address, fullname = "New" }
    end,
    join = function(address)
      return "batchchangegrp", json.list { { username = address, add = json.list { "A" } } }
    end,
    leave = function(address)
      return "batchchangegrp", json.list { { username = address, del = json.list { "B" } } }
    end,
    rename = function(address)
      return "updateemail", { oldemail = address, newemail = "new." .. address }
    end,
    disable = function(address)
      return "disableuser", json.list { address }
    end,
  }
  for name, command in pairs {
    reinvite = "reinviteuser",
    reset_password = "resetpassword",
    require_password_change = "requiremasterpasswordchange",
    disable_mfa = "disablemultifactor",
  } do
    of_limit[name] = function(address)
      return command, { username = address }
    end
  end
  for name, action in pairs { uninvite = 3, remove = 1, delete = 2 } do
    of_limit[name] = function(address)
      return "deluser", { username = address, deleteaction = action }
    end
  end

  it("never does one more than a day allows, and all that it allows", function()
    local people, invited = { { "boss@acme.example", { admin = true } } }, {}
    for _, entry in ipairs(gateway_limits) do
      for position = 1, AT_ONCE do
        local address = person(entry.name, position)
        if entry.name == "uninvite" or entry.name == "reinvite" then
          invited[#invited + 1] = address
        else
          people[#people + 1] = { address, { groups = { "B" } } }
        end
      end
    end
    start(people, invited, limits_text(1000, A_DAY, 1000))
    for _, entry in ipairs(gateway_limits) do
      local name, requests, command = entry.name, {}, nil
      for position = 1, AT_ONCE do
        local data
        command, data = of_limit[name](person(name, position))
        requests[position] = { "POST", "/proxy/" .. command, data }
      end
      local before, done = support.requests(box, command), 0
      for _, answer in ipairs(at_once(requests)) do
        if answer.status == 403 then
          assert.equal(name .. "_per_day", json.decode(answer.body).details.guard, answer.body)
        else
          assert.equal(200, answer.status, answer.body)
          done = done + 1
        end
      end
      assert.equal(A_DAY, done, name)
      assert.equal(A_DAY, support.requests(box, command) - before, name)
    end
  end)
end)
