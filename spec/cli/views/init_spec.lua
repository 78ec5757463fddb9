local core = require "lastpass.core"
local views = require "lastpass.cli.views"

describe("views", function()
  it("have columns that are among their fields", function()
    for _, name in ipairs {
      "users",
      "groups",
      "members",
      "folders",
      "folder_users",
      "events",
      "expired_passwords",
      "outcomes",
      "steps",
      "run_steps",
      "runs",
      "differences",
      "drift",
      "snapshots",
      "settings",
      "profiles",
      "checks",
      "kept_users",
      "cursors",
      "rules",
      "review_files",
      "tasks",
    } do
      local view = views[name]
      local known = {}
      for _, field in ipairs(view.fields) do
        known[field] = true
      end
      assert.is_true(known[view.key], name)
      for _, column in ipairs(view.columns) do
        assert.is_true(known[type(column) == "table" and column.field or column], name)
      end
    end
  end)

  it("of users name every field of a user but what may hold secrets or stands elsewhere", function()
    local known = {}
    for _, field in ipairs(views.users.fields) do
      known[field] = true
    end
    for field in pairs(core.user_fields) do
      local left_out = field == "attributes"
        or field == "disabled"
        or field == "legacy_security_score"
      assert.equals(not left_out, known[field] or false, field)
    end
  end)
end)
