local errors = require "lastpass.error"
local mistakes = require "lastpass.cli.mistakes"

describe("mistakes of a person", function()
  it("are failures, without the place in the program", function()
    local value, message, err = mistakes.call(function()
      error "wrong option"
    end)
    assert.is_nil(value)
    assert.equals("wrong option", message)
    assert.equals("argument", err.kind)
  end)

  it("leave results and failures alone", function()
    assert.same({ 1, 2 }, { mistakes.call(math.max, 1), 2 })
    local _, message, err = mistakes.call(errors.fail, "auth", "x", "no")
    assert.equals("no", message)
    assert.equals("auth", err.kind)
  end)

  it("pass raised errors on", function()
    local ok, raised = pcall(mistakes.call, error, { kind = "transport" })
    assert.is_false(ok)
    assert.equals("transport", raised.kind)
  end)
end)
