-- Work for many companies, some of which hang, fail or are large.
local errors = require "lastpass.error"
local kinds = require "lastpass.tenants.kinds"
local lastpass = require "lastpass"
local outcomes = require "lastpass.tenants.outcome"
local scheduler = require "lastpass.transport.scheduler"
local store = require "lastpass.store"

local box, file

local function start(options)
  box = assert(lastpass.sandbox.start(options))
  file = assert(box:write_companies())
end

local function load_set(select)
  local configuration = assert(require("lastpass.config").load {
    flags = { journal = ":memory:", retries = "3" },
    directory = "/nowhere",
    system = "/nowhere",
    environment = {},
  })
  return assert(lastpass.tenants.load {
    configuration = configuration,
    file = file,
    select = select,
  })
end

local function by_name(list, field)
  local found = {}
  for _, one in ipairs(list) do
    found[one[field]] = one
  end
  return found
end

-- A kind of work that is none of LastPass's, for the time of a call.
local function with_kind(kind, fn)
  kinds.list.probe = kind
  kind.settings, kind.writes = kind.settings or {}, kind.writes or false
  local ok, message = pcall(fn)
  kinds.list.probe = nil
  if not ok then
    error(message, 0)
  end
end

local function outcome(count)
  local rows = {}
  for number = 1, count do
    rows[number] = { number = number }
  end
  return outcomes.new { fields = { "number" }, rows = rows }
end

describe("a run over companies of which some are ill", function()
  local set, result, ended, list

  setup(function()
    start { tenants = 24, users = 3, slow = 2, broken = 4, seed = 3 }
    list = assert(box:companies())
    set = load_set()
    ended = {}
    result = assert(set:run("users", nil, {
      in_flight = 4,
      time_limit = 3,
      on_result = function(company)
        ended[#ended + 1] = company.name
      end,
    }))
  end)

  teardown(function()
    box:stop()
  end)

  it("has a result of all that are well", function()
    assert.equal(24, result.companies)
    assert.equal(18, result.done)
    assert.equal(6, #result.missing)
    assert.equal(24, #ended)
  end)

  it("names the others, with the reason", function()
    local missing = by_name(result.missing, "company")
    local codes = {
      hang = "time_limit",
      ["500"] = "given_up",
      drop = "given_up",
      garbage = "not_json",
      refused = "authorization_error",
    }
    local seen = 0
    for _, one in ipairs(list) do
      local kind = one.broken or one.slow
      if kind then
        seen = seen + 1
        assert.equal(codes[kind], missing[one.name].code, missing[one.name].message)
        assert.equal(one.cid, missing[one.name].cid)
      end
    end
    assert.equal(6, seen)
  end)

  it("lists them in the order of the companies", function()
    local before = ""
    for _, one in ipairs(result.missing) do
      assert.is_true(one.company > before)
      before = one.company
    end
  end)

  it("lets those that hang end last, not those behind them", function()
    local hanging = {}
    for _, one in ipairs(list) do
      hanging[one.name] = one.slow == "hang" or nil
    end
    assert.is_true(hanging[ended[24]] and hanging[ended[23]])
  end)

  it("asks one that answers 500 three times, and no further", function()
    for _, one in ipairs(assert(box:companies())) do
      if one.broken == "500" then
        assert.equal(3, one.requests)
      end
    end
  end)

  it("asks those first that were quick, the next time", function()
    local first
    assert(set:run("users", nil, {
      in_flight = 1,
      time_limit = 1,
      cancel = function()
        return first ~= nil
      end,
      on_result = function(company)
        first = first or company
      end,
    }))
    assert.is_nil(first.last_seconds and by_name(list, "name")[first.name].slow)
  end)

  it("can be ended, and says of whom it asked nothing", function()
    local count = 0
    local stopped = assert(set:run("users", nil, {
      in_flight = 2,
      time_limit = 1,
      cancel = function()
        return count >= 3
      end,
      on_result = function()
        count = count + 1
      end,
    }))
    assert.equal(24, stopped.done + #stopped.missing)
    assert.is_true(stopped.done < 10)
    assert.equal("interrupted", stopped.missing[#stopped.missing].code)
    assert.equal("not begun: the run was ended", stopped.missing[#stopped.missing].message)
  end)

  it("remembers in the journal when there was a last result", function()
    local journal = assert(store.of(set:companies()[1]))
    local well
    for _, one in ipairs(list) do
      well = well or (not one.broken and not one.slow and one)
    end
    assert(load_set(well.name):run("users", nil, { remember = true }))
    local tenant = assert(load_set(well.name):companies()[1]:tenant())
    assert.is_true(assert(journal:tenant_records())[tenant].last_good > 0)
    assert(box:change_company { company = well.name, broken = "500" })
    local again = assert(load_set(well.name):run("users", nil, { remember = true }))
    assert.equal(0, again.done)
    assert.is_true(again.missing[1].age >= 0 and again.missing[1].age < 300)
    assert(box:change_company { company = well.name, broken = false })
    assert.is_nil(assert(load_set(well.name):run "users").missing[1])
  end)
end)

describe("the engine", function()
  local set

  setup(function()
    start { tenants = 20, users = 3 }
    set = load_set()
  end)

  teardown(function()
    box:stop()
  end)

  it("has so many companies under way, and no more", function()
    local running, most = 0, 0
    with_kind({
      run = function()
        running = running + 1
        most = math.max(most, running)
        scheduler.sleep(0.01)
        running = running - 1
        return outcome(1)
      end,
    }, function()
      local result = assert(set:run("probe", nil, { in_flight = 3 }))
      assert.equal(20, result.done)
      assert.equal(20, result.rows)
    end)
    assert.equal(3, most)
  end)

  it("gives the slot of one that takes long to the next", function()
    local names = {}
    with_kind({
      run = function(company)
        if company == set:companies()[3] then
          while #names < 19 do
            scheduler.sleep(0.01)
          end
        end
        return outcome(1)
      end,
    }, function()
      assert(set:run("probe", nil, {
        in_flight = 1,
        on_result = function(company)
          names[#names + 1] = company.name
        end,
      }))
    end)
    assert.equal(20, #names)
    assert.equal(set:companies()[3].name, names[20])
  end)

  it("makes what is raised one company's affair", function()
    local companies = set:companies()
    with_kind({
      run = function(company)
        if company == companies[2] then
          local _, _, err = errors.fail("refused", "some_code", "a reason")
          error(err, 0)
        elseif company == companies[4] then
          error "a mistake"
        elseif company == companies[6] then
          return nil
        end
        return outcome(2)
      end,
    }, function()
      local result = assert(set:run "probe")
      assert.equal(17, result.done)
      local missing = by_name(result.missing, "company")
      assert.equal("some_code", missing[companies[2].name].code)
      assert.equal("a reason", missing[companies[2].name].message)
      assert.equal("a mistake", missing[companies[4].name].message)
      assert.equal("it gave nothing", missing[companies[6].name].message)
    end)
  end)

  it("gives out many rows when the others are through", function()
    local names = {}
    with_kind({
      run = function(company)
        return outcome(company == set:companies()[1] and 6000 or 1)
      end,
    }, function()
      assert(set:run("probe", nil, {
        in_flight = 4,
        on_result = function(company)
          names[#names + 1] = company.name
        end,
      }))
    end)
    assert.equal(set:companies()[1].name, names[20])
  end)

  -- The first company asks until `is_enough`, the others once each. Gives the requests of the first by then.
  local function run_beside_long_one(is_enough)
    local ended, sent = 0, 0
    local first = set:companies()[1]
    for _, company in ipairs(set:companies()) do
      company.last_seconds = nil -- it is begun first
    end
    with_kind({
      run = function(company)
        repeat
          assert(company:client():snapshot())
          sent = sent + (company == first and 1 or 0)
        until company ~= first or is_enough(ended, sent)
        scheduler.sleep(company == first and 0 or 0.05)
        ended = ended + 1
        return outcome(1)
      end,
    }, function()
      local result = assert(set:run("probe", nil, {
        in_flight = 4,
        on_result = function() end,
      }))
      assert.equal(20, result.done)
    end)
    return sent
  end

  it("lets a company that needs many requests give way to the others", function()
    local begun = scheduler.now()
    local sent = run_beside_long_one(function(ended)
      return ended == 19
    end)
    local most = 4 + 2 * (scheduler.now() - begun) + 1
    assert.is_true(sent <= most, ("%d requests, at most %g"):format(sent, most))
  end)

  it("lets it continue when the others are through", function()
    assert.equal(
      40,
      run_beside_long_one(function(_, sent)
        return sent == 40
      end)
    )
  end)

  it("gives way for a part of its time limit only, and never in what writes", function()
    local company, asked = set:companies()[1], 0
    local function send_ten(options)
      asked = 0
      options.gives_way = options.gives_way
          and function()
            asked = asked + 1
            return true -- the others are never through
          end
        or nil
      company:gate():begin(options)
      for _ = 1, 10 do
        assert(company:client():snapshot())
      end
      company:release()
      return asked
    end
    assert.is_true(send_ten { time_limit = 2, gives_way = true } > 0)
    assert.equal(0, send_ten { time_limit = 2 })
    local given
    with_kind({
      writes = true,
      run = function(one)
        given = given or one:gate()._gives_way
        return outcome(1)
      end,
    }, function()
      assert(set:run "probe")
    end)
    assert.is_nil(given)
  end)

  it("takes the highest code", function()
    with_kind({
      run = function(company)
        local made = outcome(1)
        made.code = company == set:companies()[5] and 7 or 0
        return made
      end,
    }, function()
      assert.equal(7, assert(set:run "probe").code)
    end)
  end)

  it("asks what a worker asks before each request", function()
    local asked = {}
    local result = assert(set:run("users", nil, {
      before_send = function(company)
        asked[company.name] = true
        if company == set:companies()[1] then
          return errors.fail("conflict", "lock_lost", "somebody else works on it")
        end
        return true
      end,
    }))
    assert.equal(19, result.done)
    assert.equal("lock_lost", result.missing[1].code)
    assert.is_true(asked[set:companies()[20].name])
  end)

  it("releases a company when the next one is asked for", function()
    local before
    local run = assert(set:start("users", nil, { in_flight = 2 }))
    for company in run:each() do
      assert.is_nil(before and rawget(before, "_client"))
      assert.is_truthy(rawget(company, "_client"))
      before = company
    end
    assert.is_nil(rawget(before, "_client"))
    assert.is_nil(rawget(before, "_secret"))
  end)

  it("does not begin a wait that outlasts the time limit", function()
    local one = set:companies()[1]
    one:gate():begin { time_limit = 1, cuts = true }
    local client = assert(one:client())
    client = client:with { rate = 0.01 }
    assert.is_truthy(client:snapshot())
    local ok, err = pcall(client.snapshot, client)
    assert.is_false(ok)
    assert.equal("time_limit", err.code)
    one:release()
  end)

  it("works inside of a task too", function()
    local result
    lastpass.parallel(1, function(spawn)
      spawn(function()
        result = set:run("users", nil, { in_flight = 5 })
      end)
    end)
    assert.equal(20, result.done)
  end)
end)
