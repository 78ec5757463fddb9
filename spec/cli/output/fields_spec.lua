local fields = require "lastpass.cli.output.fields"

local view = { name = "users", fields = { "email", "status" } }

describe("--fields", function()
  it("reads names in their order", function()
    assert.same({ "status", "email" }, fields.read("status, email", view))
    assert.is_true(fields.has(view, "email"))
    assert.is_false(fields.has(view, "mail"))
  end)

  it("names the nearest of what there is not, and lists all", function()
    local _, message, err = fields.read("emial", view)
    assert.equals("--fields: users have no field 'emial' (did you mean 'email'?)", message)
    assert.equals("unknown_field", err.code)
    assert.truthy(err.hint:find("email, status", 1, true))
    assert.is_nil((fields.read(" ", view)))
  end)
end)
