-- What the commands do with it is in spec/cli/commands/users_spec.lua.
local writing = require "lastpass.cli.writing"

describe("outcomes", function()
  it("have the columns of the verb beside them, so that they can be fed back", function()
    assert.same(
      { "row", "who", "outcome", "reason", "code", "email", "fullname", "groups" },
      writing.view("add").fields
    )
  end)
end)
