-- Which fields say what of a person.
local mapping = require "lastpass.source.mapping"

describe("source.mapping", function()
  it("is completed", function()
    local plan = mapping.plan {
      email = "mail",
      fullname = "name",
      groups = { "unit", "team" },
      active = {
        field = "status",
        active = { "In" },
        inactive = { " Left\194\160", "LEFT", "Gone" },
      },
      fixed_groups = { "All" },
    }
    plan.words = { active = plan.words.active, inactive = plan.words.inactive }
    assert.same({
      email = "mail",
      fullname = "name",
      active = "status",
      groups = { "unit", "team" },
      fixed = { "All" },
      words = { active = { "in" }, inactive = { "left", "left", "gone" } },
      fields = { "mail", "name", "status", "unit", "team" },
    }, plan)
    assert.same({ email = "mail", fields = { "mail" } }, mapping.plan { email = "mail" })
  end)

  it("raises when it makes no sense", function()
    for message, given in pairs {
      ["unknown option 'name'"] = { email = "email", name = "name" },
      ["'email' must be string"] = { email = 1 },
      ["must name the field 'email'"] = { fullname = "name" },
      ["'groups' must be a list of strings"] = { email = "email", groups = { 1 } },
      ["'groups' must be a list of strings without gaps"] = {
        email = "email",
        groups = { nil, "a" },
      },
      ["'fixed_groups' must be a list"] = { email = "email", fixed_groups = { x = "y" } },
      ["needs the 'field' with the status"] = { email = "email", active = { inactive = {} } },
      ["people:feed: active: needs the list 'active' as well"] = {
        email = "email",
        active = { field = "status", inactive = { "left" } },
      },
      ["unknown option 'inactiv'"] = {
        email = "email",
        active = { field = "status", inactiv = {} },
      },
      ["'inactive' must be a list of words, and has a boolean among them"] = {
        email = "email",
        active = { field = "status", active = { "in" }, inactive = { true } },
      },
    } do
      local ok, text = pcall(mapping.plan, given)
      assert.is_false(ok)
      assert.matches(message, text, 1, true)
    end
  end)
end)
