-- Failures are returned, mistakes are raised at the line of whoever made them.
local check = require "spec.support.check"
local errors = require "lastpass.error"

describe("lastpass.error", function()
  describe("fail", function()
    it("gives nil, the message and the error", function()
      local value, message, err = errors.fail("refused", "no_such_user", "nobody is there", {
        command = "deluser",
        status = 200,
      })
      assert.is_nil(value)
      assert.equal("nobody is there", message)
      assert.equal("refused", err.kind)
      assert.equal("no_such_user", err.code)
      assert.equal("nobody is there", err.message)
      assert.equal("deluser", err.command)
      assert.equal(200, err.status)
      assert.is_nil(err.uncertain)
      assert.equal("nobody is there", tostring(err))
      assert.equal(3, select("#", errors.fail("auth", "x", "y")))
    end)

    it("knows ten kinds, and no other", function()
      for _, kind in ipairs {
        "argument",
        "auth",
        "refused",
        "partial",
        "transport",
        "throttled",
        "protocol",
        "guard",
        "conflict",
        "cancelled",
      } do
        check.failure(kind, "code", errors.fail(kind, "code", "text"))
      end
      for _, kind in ipairs { "other", "", "Refused" } do
        assert.has_error(function()
          errors.fail(kind, "code", "text")
        end)
      end
    end)

    it(
      "does not keep the caller's table, and the message goes before fields of that name",
      function()
        local fields = { status = 5, message = "old", kind = "auth" }
        local _, _, err = errors.fail("guard", "code", "new", fields)
        fields.status = 6
        assert.equal(5, err.status)
        assert.equal("new", err.message)
        assert.equal("guard", err.kind)
        assert.equal("old", fields.message)
      end
    )

    it("raised as an object reads like its message", function()
      local ok, err = pcall(function()
        error((select(3, errors.fail("auth", "x", "the text"))), 0)
      end)
      assert.is_false(ok)
      assert.equal("the text", tostring(err))
    end)
  end)

  describe("raise", function()
    it("blames the caller of the library, at any depth, also through tail calls", function()
      local cases = {
        function()
          errors.raise(1, "text %d", 5)
        end,
        function()
          errors.raise(2, "text %d", 5)
        end,
        function()
          errors.raise(9, "text %d", 5)
        end,
        function()
          errors.check_options("text 5", { x = 1 }, {})
        end,
        function()
          return (require("lastpass").new { cid = 5 })
        end,
        function()
          require("lastpass").parallel(0)
        end,
      }
      for position, fn in ipairs(cases) do
        local message = check.blamed(fn)
        assert.is_true(position > 3 or message == "text 5", message)
      end
    end)

    it("does not format a text that comes alone", function()
      assert.equal(
        "100% sure",
        check.blamed(function()
          errors.raise(1, "100% sure")
        end)
      )
    end)
  end)

  it("nearest finds the word that was meant, or none", function()
    local list = { "timeout", "retries", "provhash" }
    assert.equal("timeout", errors.nearest("time_out", list))
    assert.equal("timeout", errors.nearest("Timeout", list))
    assert.equal("retries", errors.nearest("retrys", list))
    assert.equal("provhash", errors.nearest("provhash", list))
    assert.is_nil(errors.nearest("zzzzzzzzzz", list))
    assert.is_nil(errors.nearest("", list))
    assert.is_nil(errors.nearest("x", {}))
    assert.is_nil(errors.nearest(5, list))
    assert.is_nil(errors.nearest(nil, list))
    assert.is_nil(errors.nearest(("x"):rep(10000), list))
  end)

  describe("check_options", function()
    local known = {
      size = "number",
      name = { "string", "number" },
      even = function(value)
        return type(value) == "number" and value % 2 == 0, "an even number"
      end,
    }

    it("gives the options back, an empty table for none", function()
      local given = { size = 1, name = "x", even = 2 }
      assert.equal(given, errors.check_options("f", given, known))
      assert.same({}, errors.check_options("f", nil, known))
      assert.same({ name = 5 }, errors.check_options("f", { name = 5 }, known))
    end)

    it("raises for anything else", function()
      local cases = {
        [5] = "f: options must be a table, not number",
        x = "f: options must be a table, not string",
        [false] = "f: options must be a table, not boolean",
      }
      for given, expected in pairs(cases) do
        assert.equal(
          expected,
          check.blamed(function()
            errors.check_options("f", given, known)
          end)
        )
      end
      local tables = {
        [{ siez = 1 }] = "f: unknown option 'siez' (did you mean 'size'?)",
        [{ qqqqqq = 1 }] = "f: unknown option 'qqqqqq' (known are: even, name, size)",
        [{ 1 }] = "f: unknown option '1' (known are: even, name, size)",
        [{ size = "1" }] = "f: option 'size' must be number, not string",
        [{ name = true }] = "f: option 'name' must be string or number, not boolean",
        [{ even = 3 }] = "f: option 'even' must be an even number, not number",
        [{ even = {} }] = "f: option 'even' must be an even number, not table",
      }
      for given, expected in pairs(tables) do
        assert.equal(
          expected,
          check.blamed(function()
            errors.check_options("f", given, known)
          end)
        )
      end
    end)
  end)

  it("makes a set of a list", function()
    assert.same({ a = true, [2] = true }, errors.set_of { "a", 2, "a" })
    assert.same({}, errors.set_of(nil))
  end)
end)
