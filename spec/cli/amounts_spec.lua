local amounts = require "lastpass.cli.amounts"
local check = require "spec.support.check"

describe("amounts", function()
  it("are sizes", function()
    for text, bytes in pairs {
      ["100"] = 100,
      ["500K"] = 512000,
      ["1.5M"] = 1572864,
      ["2g"] = 2 ^ 31,
    } do
      assert.equals(bytes, amounts.size("rotate", text), text)
    end
    assert.is_nil(amounts.size("rotate", nil))
  end)

  it("are lengths of time", function()
    for text, seconds in pairs { ["90"] = 90, ["15m"] = 900, ["24h"] = 86400, ["2 d"] = 172800 } do
      assert.equals(seconds, amounts.duration("every", text), text)
    end
    assert.is_nil(amounts.duration("every", nil))
  end)

  it("that are none name the option", function()
    for _, text in ipairs { "", "soon", "-5", "5x", "1e3" } do
      local err = check.failure("argument", "usage", amounts.duration("every", text))
      assert.matches("^%-%-every: ", err.message)
      check.failure("argument", "usage", amounts.size("rotate", text))
    end
  end)
end)
