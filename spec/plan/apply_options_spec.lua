-- Options of apply and resume.
local apply = require "lastpass.plan.apply"
local apply_options = require "lastpass.plan.apply_options"

describe("lastpass.plan.apply_options", function()
  local client = { _options = { chunk = 70 } }

  local function complete(given)
    return apply_options.complete("client:apply", client, given, 1)
  end

  it("have defaults", function()
    assert.same({
      chunk = 70,
      in_flight = 4,
      stop_after = 20,
      settle_after = 2,
      late_margin = 60,
      confirm_within = 10,
    }, complete())
  end)

  it("are taken as given", function()
    local function cancel() end
    local given = {
      progress = true,
      chunk = 5,
      in_flight = 1,
      stop_after = 1,
      confirm_final = 3,
      refused_rows = "rows.csv",
      cancel = cancel,
      settle_after = 0,
      late_margin = 5,
      confirm_within = 0,
    }
    assert.same(given, complete(given))
    assert.equal(cancel, complete({ progress = cancel }).progress)
    assert.equal(math.huge, complete({ stop_after = math.huge }).stop_after)
  end)

  it("are refused when they make no sense", function()
    for _, bad in ipairs {
      { progress = "yes" },
      { progress = false },
      { chunk = 0 },
      { chunk = 1.5 },
      { in_flight = "4" },
      { stop_after = 0 },
      { confirm_final = true },
      { refused_rows = 1 },
      { cancel = true },
      { settle_after = -1 },
      { late_margin = math.huge },
      { confirm_within = "10" },
    } do
      local name = next(bad)
      local ok, message = pcall(complete, bad)
      assert.is_false(ok)
      assert.truthy(message:find(("client:apply: option '%s' must be"):format(name), 1, true))
    end
  end)

  it("ask, where nothing else is given, what a program has set", function()
    local function asked() end
    local function mine() end
    finally(function()
      apply.interruptible(nil)
    end)
    assert.is_nil(apply.interruptible(asked))
    assert.equal(asked, complete().cancel)
    assert.equal(mine, complete({ cancel = mine }).cancel)
    assert.equal(asked, apply.interruptible(nil))
    assert.is_nil(complete().cancel)
  end)
end)
