local actions = require "lastpass.plan.actions"
local verbs = require "lastpass.cli.verbs"

describe("verbs", function()
  it("make what the actions take of a row", function()
    assert.same({ username = "a" }, verbs.item("disable", { email = "a", other = "x" }))
    assert.same(
      { username = "a", fullname = "A", groups = { "X", "Y" } },
      verbs.item("add", { email = "a", fullname = "A", groups = "X; Y;" })
    )
    assert.same({ username = "a" }, verbs.item("add", { email = "a", groups = "" }))
    assert.same(
      { username = "a", add = { "X" } },
      verbs.item("group-add", { email = "a", group = "X" })
    )
    assert.same(
      { username = "a", del = { "X" } },
      verbs.item("group-remove", { email = "a", group = "X" })
    )
    assert.same(
      { oldemail = "a", newemail = "b" },
      verbs.item("rename", { email = "a", new_email = "b" })
    )
  end)

  it("each are an action, and have columns", function()
    for _, name in ipairs(verbs.names) do
      local verb = verbs.list[name]
      assert.equals("email", verb.columns[1])
      assert.truthy(verb.required >= 1 and verb.what, name)
      local row =
        { email = "a@x.com", new_email = "b@x.com", group = "X", fullname = "A", level = "L" }
      local item = verbs.item(name, row)
      assert.equals("a@x.com", verbs.who(item))
      assert.equals(verb.kind, assert(actions.new(verb.kind, item)).kind)
    end
  end)

  it("take no empty names", function()
    assert.is_true(verbs.check_texts({ name = "Ann", group = { "X" } }, { "name", "group" }))
    for expected, options in pairs {
      ["--name: a name must not be empty"] = { name = "" },
      ["--group: a name must not be empty"] = { group = { "X", " " } },
      ["the group: a name must not be empty"] = { group = "" },
    } do
      local ok, message, err = verbs.check_texts(options, { "name", "group" })
      assert.is_nil(ok)
      assert.equals(expected, message)
      assert.equals("usage", err.code)
    end
  end)
end)
