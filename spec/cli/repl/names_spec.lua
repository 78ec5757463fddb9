local effort = require "spec.support.effort"
local lastpass = require "lastpass"
local names = require "lastpass.cli.repl.names"
local start_box = require("spec.support.box").start

describe("repl.names.sorted", function()
  it("finds what begins so, whatever the case", function()
    local list = names.sorted { "Sales", "ann@acme.com", "Anna@acme.com", "bob@acme.com", "sALES" }
    local found, total, common = list:starting_with("AN", 10)
    assert.same({ "ann@acme.com", "Anna@acme.com" }, found)
    assert.equals(2, total)
    assert.equals("ann", common)
    assert.same({ "Sales" }, (list:starting_with("s", 10)))
    found, total, common = list:starting_with("zed", 10)
    assert.same({ {}, 0, "zed" }, { found, total, common })
    found, total = list:starting_with("", 2)
    assert.equals(2, #found)
    assert.equals(4, total)
  end)

  it("is good for any letters", function()
    local list = names.sorted { "Büro Köln", "Büro Kiel", "\255\255" }
    local found, total, common = list:starting_with("büro", 10)
    assert.equals(2, total)
    assert.equals("büro k", common)
    assert.same({ "Büro Kiel", "Büro Köln" }, found)
  end)

  it("finds among 50,000 names without looking at each", function()
    local list = {}
    for index = 1, 50000 do
      list[index] = ("user.%05d@example.com"):format((index * 7919) % 50000)
    end
    local all = names.sorted(list)
    for index = 1, 500, 7 do
      local instructions = effort.of(function()
        local found, total = all:starting_with(("user.%03d"):format(index), 60)
        assert.equals(60, #found)
        assert.equals(100, total)
      end)
      assert.is_true(instructions < 50000, instructions) -- a step for each name would be as many
    end
  end)
end)

describe("repl.names", function()
  it("has the addresses and groups of 50,000 people within a moment of having them", function()
    local box = start_box { users = 50000, seed = 1, events = 0 }
    local client = box:client { timeout = 60 }
    local snapshot = assert(client:snapshot())
    -- what Tab costs when the directory is at hand: reading it is the network's time
    function client.snapshot()
      return snapshot
    end
    local all = names.new(function()
      return client
    end)
    local words = assert(all:words())
    local instructions = effort.of(function()
      local found, total = assert(all:words()):starting_with("d", 60)
      assert.equals(60, #found)
      assert.truthy(total > 500)
    end)
    assert.is_true(instructions < 50000, instructions) -- a step for each name would be as many
    assert.equals(words, all:words())
    box:stop()
  end)

  it("reads again when the client is another one", function()
    local box = start_box { users = 5 }
    local client = box:client()
    local all = names.new(function()
      return client
    end)
    local words = all:words()
    assert.truthy(#words.keys >= 5)
    client = box:client()
    assert.not_equals(words, all:words())
    box:stop()
  end)

  it("has none without a client, and does not wait long for a server that is gone", function()
    local client
    local clock = 0
    local all = names.new(function()
      return client
    end, function()
      return clock
    end)
    assert.is_nil(all:words())
    client = lastpass.new {
      cid = 1,
      provhash = lastpass.secret.value "hash",
      url = "http://127.0.0.1:9/",
      retries = 10,
    }
    local began = os.time()
    assert.is_nil(all:words())
    assert.truthy(os.time() - began < 4, "it was tried again and again")
  end)
end)
