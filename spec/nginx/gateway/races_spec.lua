--- Writes that are under way at once, over a company that answers slowly, late or never: in time that
-- passes only when everybody waits. 1,000 or 20,000 rounds.
local extent = require "spec.support.extent"
local audit = require "lastpass.nginx.gateway.audit"
local errors = require "lastpass.error"
local fake_ngx = require "spec.support.fake_ngx"
local gateway_limits = require "spec.support.gateway_limits"
local shared_dict = require "spec.support.shared_dict"
local simulation = require "spec.support.simulation"
local writer_room = require "lastpass.nginx.gateway.writer"
local written = require "spec.support.written"

local ROUNDS = extent(1000, 1000, 20000)

local TIMEOUT = 120

-- The same numbers in every run and under every Lua.
local function random_of(seed)
  local state = seed
  return function(low, high)
    state = (state * 16807) % 2147483647
    return low + math.floor(state / 2147483647 * (high - low + 1))
  end
end

describe("writes at once", function()
  local world, fake

  local function sleep(seconds)
    world:sleep(seconds)
  end

  before_each(function()
    world = simulation.new()
    fake = fake_ngx.install {
      more = {
        sleep = sleep,
        now = function()
          return world.time
        end,
        thread = {
          spawn = function(fn)
            return world:spawn_light(fn)
          end,
          kill = function(task)
            world:kill(task)
          end,
        },
      },
    }
  end)

  after_each(function()
    fake.remove()
  end)

  -- A gateway over a directory as it was read, which may be old.
  local function gateway_over(tenant, settings)
    local function now()
      return world.time
    end
    local counters, locks = shared_dict.new { now = now }, shared_dict.new { now = now }
    local log = audit.open(function() end, counters)
    local serial = 0
    return function()
      serial = serial + 1
      return writer_room.new {
        tenant = tenant,
        token = "t",
        request = { id = "r" .. serial },
        settings = settings,
        audit = log,
        counters = counters,
        locks = locks,
        now = now,
        sleep = sleep,
      }
    end
  end

  local function timeout()
    return errors.fail("transport", "timeout", "no answer", { uncertain = true, sent = true })
  end

  -- A company with two admins and somebody else. Answers take up to the time limit of a call; what is
  -- asked for happens some time meanwhile, or a little after the limit.
  local function company(random)
    local server = { a = true, b = true } -- who may log in
    local client = {}
    function client.snapshot()
      local first = random(0, 3)
      sleep(first)
      local people = {}
      for _, name in ipairs { "a", "b" } do
        local status = server[name] and "active" or "disabled"
        people[#people + 1] =
          { email = name .. "@acme.example", status = status, admin = true, groups = {} }
      end
      sleep(random(0, 3))
      return {
        users = function()
          local position = 0
          return function()
            position = position + 1
            return people[position]
          end
        end,
      }
    end
    local function take(_, data)
      local address = data.username or data[1]
      local name, lasts = address:sub(1, 1), random(0, TIMEOUT + 25)
      world:spawn(function()
        sleep(random(0, lasts))
        server[name] = false
      end)
      if lasts <= TIMEOUT then
        sleep(lasts)
        return { status = "OK" }
      end
      sleep(TIMEOUT)
      return timeout()
    end
    client.disableuser, client.deluser = take, take
    return server, client
  end

  -- The directory in memory may be of the time when nobody of them was an admin.
  local function tenant_of(client, admins_are_known)
    local tenant = written.tenant()
    tenant:set {
      { id = "1", email = "a@acme.example", admin = admins_are_known },
      { id = "2", email = "b@acme.example", admin = admins_are_known },
      { id = "3", email = "c@acme.example" },
    }
    tenant.timeout = TIMEOUT
    function tenant.client()
      return client
    end
    return tenant
  end

  local kinds = { "disable", "deactivate", "remove", "delete" }

  local function change_for(random, name)
    local kind = kinds[random(1, #kinds)]
    local change = { kind = kind, subject = name .. "@acme.example" }
    if random(1, 2) == 1 then -- read for this request, as the unified directory does
      change.user = { email = change.subject, status = "active", admin = true, groups = {} }
    end
    return change
  end

  local settings = {
    limits = {
      disable = "100%",
      remove = 100,
      delete = 100,
      per_day = { disable = 100, remove = 100, delete = 100 },
    },
  }

  -- One writer: it may be killed at any moment, and all that it does with it.
  local function begin_writer(new_writer, random, name, tally)
    local change = change_for(random, name)
    local task = world:spawn(function()
      local writer = new_writer()
      local ok, _, err = writer:check { change }
      if ok then
        ok, _, err = writer:apply(change)
      end
      local outcome = ok and "done" or err.uncertain and "unknown" or err.code
      tally[outcome] = (tally[outcome] or 0) + 1
      writer:finish()
    end, random(0, 40))
    if random(1, 5) == 1 then
      world:spawn(function()
        world:kill(task)
        tally.killed = (tally.killed or 0) + 1
      end, random(0, 200))
    end
  end

  it("leave an admin, however slow, late and lost the answers are", function()
    local random, tally = random_of(20261130), {}
    for round = 1, ROUNDS do
      local server, client = company(random)
      local new_writer = gateway_over(tenant_of(client, random(1, 2) == 1), settings)
      for number = 1, random(2, 5) do
        begin_writer(new_writer, random, number % 2 == 1 and "a" or "b", tally)
      end
      -- and somebody who comes when all of that seems to be over
      world:spawn(function()
        begin_writer(new_writer, random, random(1, 2) == 1 and "a" or "b", tally)
      end, random(100, 500))
      world:run()
      assert.is_true(server.a or server.b, "no admin is left in round " .. round)
    end
    -- the rounds reach what they are to reach
    for _, outcome in ipairs { "done", "unknown", "busy", "last_admin", "killed" } do
      assert.is_true(
        (tally[outcome] or 0) > ROUNDS / 50,
        outcome .. " " .. tostring(tally[outcome])
      )
    end
  end)

  it("are let go on in turn where nobody takes an admin", function()
    local _, client = company(random_of(1))
    local new_writer = gateway_over(tenant_of(client, true), settings)
    local done = 0
    for _ = 1, 3 do
      world:spawn(function()
        local writer = new_writer()
        assert(writer:check { { kind = "disable", subject = "c@acme.example" } })
        done = done + 1
        sleep(1000) -- nobody waits for a call that takes no admin
        writer:finish()
      end)
    end
    world:spawn(function()
      sleep(30)
      assert.equal(3, done)
    end)
    world:run()
    assert.equal(3, done)
  end)

  local AT_ONCE, ALLOWED = 40, 3

  local afters = {
    join = { join = { "New" }, leave = {} },
    leave = { join = {}, leave = { "All" } },
    create = { groups = {} },
    rename = { email = "new@acme.example" },
    name = { fullname = "New Name" },
  }

  -- Many people, half of them disabled, and a client that takes a while for whatever it is asked.
  local function busy_tenant(random, outcome_of)
    local tenant, people = written.tenant(), {}
    for position = 1, 2 * AT_ONCE do
      people[position] = {
        id = tostring(position),
        email = ("p%d@acme.example"):format(position),
        groups = { "All" },
      }
    end
    tenant:set(people, nil, { "i@acme.example" })
    local sent = 0
    local client = setmetatable({}, {
      __index = function(_, name)
        if name == "snapshot" then
          return function()
            sleep(random(0, 2))
            return {
              users = function()
                return function() end
              end,
            }
          end
        end
        return function()
          sent = sent + 1
          sleep(random(0, TIMEOUT))
          return outcome_of(sent)
        end
      end,
    })
    function tenant.client()
      return client
    end
    return tenant, function()
      return sent
    end
  end

  -- How many of the writes at once were sent.
  local function send_at_once(name, random, outcome_of)
    local tenant, sent = busy_tenant(random, outcome_of)
    local new_writer = gateway_over(tenant, {
      limits = { [name] = 1000, per_day = { [name] = ALLOWED } },
    })
    local kind = afters[name] and (name == "join" or name == "leave") and "groups" or name
    for position = 1, AT_ONCE do
      world:spawn(function()
        local subject = kind == "create" and "n%d@acme.example" or "p%d@acme.example"
        local change = { kind = kind, subject = subject:format(position), after = afters[name] }
        local writer = new_writer()
        local ok, _, err = writer:check { change }
        if ok then
          writer:apply(change)
        else
          assert.equal(name .. "_per_day", err.code)
        end
        writer:finish()
      end, random(0, 1))
    end
    world:run()
    return sent(), new_writer
  end

  it("never go beyond a limit of a day, and reach it", function()
    for number, entry in ipairs(gateway_limits) do
      local name = entry.name
      local random = random_of(number)
      local sent = send_at_once(name, random, function()
        return { status = "OK" }
      end)
      assert.equal(ALLOWED, sent, name)
    end
  end)

  it("count what may have been done, and not what surely was not", function()
    local function attempt(outcome)
      local sent, new_writer = send_at_once("disable", random_of(7), outcome)
      local after = 0
      for position = 1, AT_ONCE do
        world:spawn(function()
          local change = { kind = "disable", subject = ("p%d@acme.example"):format(position) }
          local writer = new_writer()
          if writer:check { change } then
            after = after + 1
          end
          -- its worker dies: it stays counted
        end)
      end
      world:run()
      return sent, after
    end
    assert.same({ ALLOWED, 0 }, { attempt(timeout) })
    local sent, after = attempt(function()
      return errors.fail("refused", "refused", "no", { sent = true })
    end)
    assert.is_true(sent >= ALLOWED)
    assert.equal(ALLOWED, after)
  end)
end)
