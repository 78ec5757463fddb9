-- The small rooms of the program: verbs, writing, applying, user_file, kept_names, topics, views,
-- doctor. Their commands' specs have them at work.
local applying = require "lastpass.cli.applying"
local commands = require "lastpass.cli.commands"
local core = require "lastpass.core"
local json = require "lastpass.json"
local actions = require "lastpass.plan.actions"
local topics = require "lastpass.cli.topics"
local user_file = require "lastpass.cli.user_file"
local verbs = require "lastpass.cli.verbs"
local views = require "lastpass.cli.views"
local writing = require "lastpass.cli.writing"

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
      local row = { email = "a@x.com", new_email = "b@x.com", group = "X", fullname = "A" }
      local item = verbs.item(name, row)
      assert.equals("a@x.com", verbs.who(item))
      assert.equals(verb.kind, assert(actions.new(verb.kind, item)).kind)
    end
  end)

  it("take no empty names", function()
    assert.is_true(verbs.check_texts({ name = "Ann", group = { "X" } }, { "name", "group" }))
    for expected, options in pairs {
      ["--name: an empty name is no name"] = { name = "" },
      ["--group: an empty name is no name"] = { group = { "X", " " } },
      ["the group: an empty name is no name"] = { group = "" },
    } do
      local ok, message, err = verbs.check_texts(options, { "name", "group" })
      assert.is_nil(ok)
      assert.equals(expected, message)
      assert.equals("usage", err.code)
    end
  end)
end)

describe("outcomes", function()
  it("have the columns of the verb beside them, so that they can be fed back", function()
    assert.same(
      { "row", "who", "outcome", "reason", "code", "email", "fullname", "groups" },
      writing.view("add").fields
    )
  end)
end)

describe("--limit", function()
  it("reads counts, percentages and limits per day", function()
    assert.same(
      { disable = 40, leave = "5%", per_day = { disable = 80 } },
      applying.limits { "disable=40", "leave=5%", "per_day.disable=80" }
    )
    assert.is_nil((applying.limits {}))
    for expected, given in pairs {
      ["--limit disable: write NAME=COUNT"] = "disable",
      ["--limit: unknown option 'disabl' (did you mean 'disable'?)"] = "disabl=3",
      ["--limit: limit 'disable' must be a count"] = "disable=many",
    } do
      local limits, message, err = applying.limits { given }
      assert.is_nil(limits)
      assert.equals("usage", err.code)
      assert.truthy(message:find(expected, 1, true), message)
    end
  end)
end)

describe("the user's file", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  it("is written so that people can read it, and read back", function()
    local content =
      { default = "a", profiles = { a = { cid = 7, provhash = { file = "x" } } }, odd = { 1, 2 } }
    assert.is_true(user_file.write(path, content))
    assert.same(content, user_file.read(path))
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    assert.truthy(text:find('\n    "a": {\n      "cid": 7,\n', 1, true), text)
    assert.same(content, json.decode(text))
  end)

  it("is empty when there is none, and a failure when it is no object", function()
    assert.same({}, user_file.read "/nowhere/at/all")
    assert(core.write_file(path, " \n"))
    assert.same({}, user_file.read(path))
    for _, text in ipairs { "{", "[1]", "3" } do
      assert(core.write_file(path, text))
      local content, message, err = user_file.read(path)
      assert.is_nil(content, text)
      assert.equals("bad_config", err.code)
      assert.truthy(message:find(path, 1, true))
    end
    assert.is_nil((user_file.write("/proc/nowhere/config.json", {})))
  end)
end)

describe("topics", function()
  it("that commands point to are there", function()
    for _, name in ipairs(commands.names()) do
      for _, topic in ipairs(commands.load(name).topics or {}) do
        assert.truthy(topics.by_name[topic], name .. ": " .. topic)
      end
    end
  end)

  it("stay within a hundred columns", function()
    for _, topic in ipairs(topics.list) do
      for line in topics.text(topic.name):gmatch "[^\n]+" do
        assert.is_true(#line <= 100, line)
      end
    end
  end)
end)

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
