-- Every event keeps the rules of the version that it names (spec/support/ocsf_rules.lua).
local json = require "lastpass.json"
local rules = require "spec.support.ocsf_rules"
local samples = require "spec.support.formats"

describe("lastpass.export.formats.ocsf", function()
  local function read(list)
    local rows = {}
    for line in samples.text("ocsf", list):gmatch "[^\n]+" do
      rows[#rows + 1] = assert(json.decode(line))
    end
    return rows
  end

  it("keeps the rules of the schema, with all that its classes can have", function()
    local classes, by_code = {}, {}
    local rows = read()
    assert.equal(#samples.list(), #rows)
    for _, row in ipairs(rows) do
      assert.same({}, rules.check(row), json.encode(row))
      assert.equal(32, #row.metadata.uid)
      classes[row.class_uid] = true
      by_code[row.metadata.event_code] = row
    end
    for class in pairs(rules.classes) do
      assert.is_true(classes[class], class)
    end
    assert.equal(300101, by_code.user_created.type_uid)
    assert.equal("bob@acme.com", by_code.user_created.user.name)
    assert.equal("ann@acme.com", by_code.user_created.actor.user.name)
    assert.equal(300501, by_code.admin_granted.type_uid)
    assert.same({ "Administrator" }, by_code.admin_granted.privileges)
    assert.equal(300201, by_code.login_failed.type_uid)
    assert.equal(2, by_code.login_failed.status_id)
    assert.equal(300603, by_code.group_user_added.type_uid)
    assert.same({ type_id = 5, type = "Policy", name = "Length" }, by_code.policy_changed.entity)
    assert.equal("Shared-A", by_code.folder_user_added.resources[1].name)
    assert.equal("10.0.0.1", by_code.other.unmapped.ip)
  end)

  it("keeps them for events that say nothing of whom they are about", function()
    local list = {}
    for _, action in ipairs(require("lastpass.audit").all()) do
      list[#list + 1] = { "2026-02-01 09:00:00", "", "", action.names[1], "" }
    end
    for _, row in ipairs(read(list)) do
      assert.same({}, rules.check(row), json.encode(row))
    end
  end)

  describe("is refused by the rules for", function()
    local row

    before_each(function()
      row = read({
        { "2026-02-01 09:00:00", "ann@acme.com", "10.0.0.1", "Make Admin", "b@acme.com" },
      })[1]
      assert.same({}, rules.check(row))
    end)

    local wrong = {
      {
        "an attribute that there is not",
        function()
          row.resource = { name = "x" }
        end,
      },
      {
        "a required one that is missing",
        function()
          row.user = nil
        end,
      },
      {
        "an action's name for a privilege",
        function()
          row.privileges = { "admin_granted" }
        end,
      },
      {
        "numbers that do not go together",
        function()
          row.type_uid = 300502
        end,
      },
      {
        "a caption of another number",
        function()
          row.severity = "Low"
        end,
      },
      {
        "an object that says nothing",
        function()
          row.actor = {}
        end,
      },
      {
        "another version",
        function()
          row.metadata.version = "1.3.0"
        end,
      },
    }
    for _, case in ipairs(wrong) do
      it(case[1], function()
        case[2]()
        assert.is_true(#rules.check(row) > 0)
      end)
    end

    it("an actor of the base event without its profile", function()
      local base = read({ { "2026-02-01 09:00:00", "a@b.c", "", "Frobnicated", "" } })[1]
      assert.same({}, rules.check(base))
      base.actor = { user = { name = "a@b.c" } }
      assert.is_true(#rules.check(base) > 0)
      base.metadata.profiles = { "host" }
      assert.same({}, rules.check(base))
    end)
  end)
end)
