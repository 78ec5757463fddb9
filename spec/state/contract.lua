-- What every state does, wherever it is kept. `make()` gives one whose clock is `clock.now`.
local assert = require "luassert"
local check = require "spec.support.check"

return function(make, busted)
  local it = busted.it
  local clock, state

  busted.before_each(function()
    clock = { now = 1796000000 }
    state = make(function()
      return clock.now
    end)
  end)

  it("adds a key once, and again when it is over", function()
    assert.is_true(state:add("a", "1", 60))
    assert.is_false(state:add("a", "2", 60))
    assert.equal("1", state:get "a")
    clock.now = clock.now + 59
    assert.is_false(state:add("a", "2", 60))
    clock.now = clock.now + 1
    assert.is_nil(state:get "a")
    assert.is_true(state:add("a", "3", 60))
    assert.equal("3", state:get "a")
  end)

  it("gives a value to one that takes it", function()
    assert.is_true(state:add("a", "1", 60))
    assert.equal("1", state:take "a")
    assert.is_nil(state:take "a")
    assert.is_nil(state:get "a")
    assert.is_true(state:add("a", "2", 60))
    assert.equal("2", state:take "a")
    assert.is_true(state:add("a", "3", 60))
    clock.now = clock.now + 60
    assert.same({}, { state:take "a" })
  end)

  it("writes over what is there", function()
    assert.is_true(state:put("a", "1", 60))
    assert.is_true(state:put("a", "2", 10))
    assert.equal("2", state:get "a")
    clock.now = clock.now + 10
    assert.is_nil(state:get "a")
  end)

  it("advances a number, and never goes back", function()
    assert.is_true(state:advance("n", 59000000000, 60))
    assert.is_false(state:advance("n", 59000000000, 60))
    assert.is_false(state:advance("n", 58999999999, 60))
    assert.is_true(state:advance("n", 59000000001, 60))
    assert.equal(59000000001, state:get "n")
    clock.now = clock.now + 60
    assert.is_true(state:advance("n", 5, 60))
    assert.equal(5, state:take "n")
  end)

  it("adds to a number, which ends when it would have", function()
    assert.equal(1, state:increment("n", 1, 60))
    clock.now = clock.now + 30
    assert.equal(4, state:increment("n", 3, 600))
    assert.equal(-1, state:increment("n", -5, 600))
    assert.equal(-1, state:get "n")
    clock.now = clock.now + 30
    assert.equal(7, state:increment("n", 7, 60))
    assert.is_true(state:advance("n", 1796000000 * 1000000, 600))
    assert.equal(1796000000000001, state:increment("n", 1, 60))
    clock.now = clock.now + 599
    assert.equal(1796000000000002, state:increment("n", 1, 60))
    clock.now = clock.now + 1
    assert.equal(1, state:increment("n", 1, 60))
    assert.is_true(state:advance("n", 2, 60))
    assert.is_true(state:put("s", "5", 60))
    check.failure("conflict", "state_no_number", state:increment("s", 1, 60))
    assert.equal("5", state:get "s")
    clock.now = clock.now + 60
    assert.equal(1, state:increment("s", 1, 60))
  end)

  it("keeps all bytes, of keys and of values", function()
    for _, text in ipairs { "", "ü", "\0\1\255", "b:x", "{}", "t", ("x"):rep(65536) } do
      assert.is_true(state:put("key", text, 60))
      assert.equal(text, state:take "key")
    end
    assert.is_true(state:add("\0k\255", "1", 60))
    assert.is_true(state:add("\0k\254", "2", 60))
    assert.equal("1", state:take "\0k\255")
  end)

  it("blames whoever asks for what it does not take", function()
    for _, call in ipairs {
      { "add", "", "x", 60 },
      { "add", ("k"):rep(513), "x", 60 },
      { "put", "k", ("v"):rep(65537), 60 },
      { "put", "k", "v", 0 },
      { "advance", "k", 5, -1 },
      { "increment", "k", 1.5, 60 },
      { "increment", "", 1, 60 },
      { "increment", "k", 1, 0 },
      { "add", "k", 5, 60 },
      { "take" },
    } do
      check.blamed(function()
        state[call[1]](state, call[2], call[3], call[4])
      end)
    end
  end)
end
