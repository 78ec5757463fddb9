local core = require "lastpass.core"
local changes = require "lastpass.directory.changes"
local lastpass = require "lastpass"

describe("lastpass.directory.changes", function()
  it("can all be carried out, by a method or by a command", function()
    local client = lastpass.new { cid = 1, provhash = lastpass.secret.value "x" }
    for position, kind in ipairs(changes.list) do
      assert.equal(position, kind.position)
      assert.equal(kind, changes.by_name[kind.name])
      if kind.method then
        assert.is_function(client[kind.method])
      else
        assert.is_true(core.commands[kind.command].writes)
      end
      assert.is_truthy(("+~-"):find(kind.sign, 1, true))
      assert.is_true(kind.phase >= (changes.list[position - 1] or kind).phase)
    end
  end)

  it("give access first, and end with what cannot come back", function()
    assert.equal("create", changes.list[1].name)
    assert.equal("delete", changes.list[#changes.list].name)
    for _, kind in ipairs(changes.list) do
      assert.equal(kind.name == "delete", kind.reversal == "final")
      assert.equal(kind.sign == "-", kind.removes or false)
    end
  end)
end)
