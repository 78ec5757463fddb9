local arguments = require "lastpass.store.arguments"

describe("store.arguments", function()
  local function refused(expected, name, ...)
    local ok, message = pcall(arguments[name], "here", ...)
    assert.is_false(ok)
    assert.matches(expected, message)
  end

  it("takes companies by number and by name", function()
    assert.equal("8771312", arguments.tenant("here", 8771312))
    assert.equal("9007199254740992", arguments.tenant("here", 2 ^ 53))
    assert.equal("acme", arguments.tenant("here", "acme"))
    refused("here: tenant must be a text, not number", "tenant", 1.5)
    refused("here: tenant must be a text, not nil", "tenant", nil)
    refused("tenant must be a text", "tenant", "")
  end)

  it("takes whole numbers that stay what they are", function()
    assert.equal(2 ^ 53, arguments.whole("here", "n", 2 ^ 53))
    assert.equal(-5, arguments.whole("here", "n", -5))
    assert.is_nil(arguments.optional_whole("here", "n", nil))
    for _, wrong in ipairs { 0.5, 2 ^ 54, 1 / 0, 0 / 0, "1", false } do
      refused("here: n must be a whole number", "whole", "n", wrong)
      refused("here: n must be a whole number", "optional_whole", "n", wrong)
    end
  end)

  it("takes known words", function()
    local known = { done = false, held = true }
    assert.equal("done", arguments.word("here", "state", "done", known))
    refused("state 'dome' is not known %(did you mean 'done'%?%)", "word", "state", "dome", known)
    refused(
      "state 'qqqqqqqq' is not known %(known are: done, held%)",
      "word",
      "state",
      "qqqqqqqq",
      known
    )
    refused("state 'nil' is not known", "word", "state", nil, known)
  end)

  it("repairs what others wrote, but no name", function()
    assert.equal("a\239\191\189", arguments.optional_text("here", "reason", "a\255"))
    assert.is_nil(arguments.optional_text("here", "reason", nil))
    refused("reason must be a text", "optional_text", "reason", 5)
    refused("is not valid UTF%-8", "name", "subject", "a\255")
    assert.equal("Žofie", arguments.name("here", "subject", "Žofie"))
  end)

  it("takes lists and tables", function()
    assert.same({}, arguments.list("here", "steps", {}))
    refused("steps must be a list, not nil", "list", "steps", nil)
    assert.is_nil(arguments.optional_table("here", "before", nil))
    refused("before must be a table, not string", "optional_table", "before", "x")
  end)
end)
