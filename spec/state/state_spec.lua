-- States in memory, in a dictionary and in a file; spec/peers/postgresql_spec.lua has the same on a server.
local check = require "spec.support.check"
local contract = require "spec.state.contract"
local shared_dict = require "spec.support.shared_dict"
local state = require "lastpass.state"
local store = require "lastpass.store"
local support = require "spec.support.store"

local busted = { it = it, before_each = before_each, after_each = after_each }

describe("a state in memory", function()
  contract(function(now)
    return state.memory { now = now }
  end, busted)

  it("fails when it is full, and forgets nothing", function()
    local now = 1000
    local small = state.memory {
      max = 3,
      now = function()
        return now
      end,
    }
    for index = 1, 3 do
      assert.is_true(small:add("k" .. index, "v", index * 10))
    end
    local err = check.failure("conflict", "state_full", small:add("k4", "v", 10))
    assert.matches("max", err.hint)
    check.failure("conflict", "state_full", small:put("k4", "v", 10))
    check.failure("conflict", "state_full", small:advance("k4", 5, 10))
    assert.is_true(small:put("k3", "w", 30))
    assert.is_false(small:add("k1", "v", 10))
    now = 1010
    assert.is_true(small:add("k4", "v", 1))
    now = 1011
    assert.is_true(small:add("k5", "v", 1))
    assert.equal("w", small:get "k3")
  end)

  it("is not gone through again and again when it is full", function()
    local reads = 0
    local full = state.memory {
      max = 1000,
      now = function()
        return 5
      end,
    }
    for index = 1, 1000 do
      full:add("k" .. index, "v", 60)
    end
    local ends = full._backend._ends
    full:add("one more", "v", 60)
    full._backend._ends = setmetatable({}, {
      __index = ends,
      __newindex = ends,
      __pairs = function()
        reads = reads + 1
        return pairs(ends)
      end,
    })
    for index = 1, 100 do
      check.failure("conflict", "state_full", full:add("more" .. index, "v", 60))
    end
    assert.equal(0, reads)
  end)
end)

describe("a state in a dictionary", function()
  contract(function(now)
    return state.dict(shared_dict.new { now = now })
  end, busted)

  it("fails when it is full", function()
    local small = state.dict(shared_dict.new { most = 1 })
    assert.is_true(small:add("a", "1", 60))
    local err = check.failure("conflict", "state_full", small:add("b", "1", 60))
    assert.matches("lua_shared_dict", err.hint)
    check.failure("conflict", "state_full", small:put("b", "1", 60))
    check.failure("conflict", "state_full", small:advance("b", 1, 60))
    check.failure("conflict", "state_full", small:take "a") -- no room for the mark: nobody gets it
    assert.equal("1", small:get "a")
  end)

  it("gives a value to one worker, when two have read it", function()
    local dict = shared_dict.new()
    local one, other = state.dict(dict), state.dict(dict)
    assert.is_true(one:add("a", "1", 60))
    local get, taken = dict.get, nil
    function dict.get(self, key)
      dict.get = get
      local value = get(self, key)
      taken = other:take "a"
      return value
    end
    assert.is_nil(one:take "a")
    assert.equal("1", taken)
  end)

  it("does not wait for ever for a lock", function()
    local dict = shared_dict.new()
    for number = 0, 63 do
      dict:safe_add("lock:" .. number, true, 0)
    end
    check.failure("protocol", "state_failed", state.dict(dict):advance("n", 5, 60))
  end)

  it("reports what the dictionary says", function()
    local dict = shared_dict.new()
    dict.get = function()
      return nil, "no such thing"
    end
    check.failure("protocol", "state_failed", state.dict(dict):get "a")
  end)
end)

describe("a state in a file", function()
  local folder
  local count = 0

  setup(function()
    folder = support.folder()
  end)

  teardown(function()
    support.remove(folder)
  end)

  local function path()
    count = count + 1
    return ("%s/%d.db"):format(folder, count)
  end

  contract(function(now)
    return state.database(path(), { now = now })
  end, busted)

  it("uses a journal that is open, and the database's clock", function()
    local journal = assert(store.open { path = path() })
    local here = state.database(journal)
    assert.is_true(here:add("a", "1", 60))
    assert.is_false(here:add("a", "1", 60))
    support.tamper(journal, "UPDATE lastpass_state SET ends = @now")
    assert.is_true(here:add("a", "2", 60))
    assert.equal("2", here:take "a")
    journal:close()
  end)

  it("removes what is over", function()
    local now = 1000
    local journal = assert(store.open { path = path() })
    local here = state.database(journal, {
      now = function()
        return now
      end,
    })
    for index = 1, 60 do
      assert(here:add("k" .. index, "v", 10))
    end
    now = 2000
    for index = 61, 70 do
      assert(here:add("k" .. index, "v", 10))
    end
    local rows = support.tamper(journal, "SELECT name FROM lastpass_state")
    assert.equal(10, #rows)
    journal:close()
  end)

  it("says what is wrong with its place", function()
    check.failure("argument", "store_unopened", state.database("/proc/none/x.db"):add("a", "b", 5))
    check.failure(
      "argument",
      "password_in_dsn",
      state.database("postgresql://a:b@127.0.0.1/x"):get "a"
    )
  end)

  it("gives each key to one process only", function()
    require "spec.state.race"(path())
  end)
end)
