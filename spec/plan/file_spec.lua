-- Files of plans: whole or not at all.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local file = require "lastpass.plan.file"
local plan_room = require "lastpass.plan"

describe("lastpass.plan.file", function()
  it("writes and reads the same bytes", function()
    local path = os.tmpname()
    local text = "a\0b\r\n\255"
    assert.is_true(file.write(path, text))
    assert.equal(text, file.read(path))
    os.remove(path)
  end)

  it("says which file cannot be written or read", function()
    local err = check.failure("argument", "cannot_write", file.write("/nowhere/x.json", "x"))
    assert.equal("/nowhere/x.json", err.file)
    assert.equal("/nowhere/x.json: No such file or directory", err.message)
    err = check.failure("argument", "cannot_read", file.read "/nowhere/x.json")
    assert.equal("/nowhere/x.json: No such file or directory", err.message)
    check.failure("argument", "cannot_read", file.read "/tmp")
  end)

  it("is what a plan is saved to; a path that is none is a mistake", function()
    local plan = assert(companies.plan({ users = {} }, {}))
    local path = os.tmpname()
    assert.is_true(plan:save(path))
    assert.equal(plan.name, assert(plan_room.load(path)).name)
    os.remove(path)
    check.failure("argument", "cannot_write", plan:save "/nowhere/x.json")
    for _, wrong in ipairs { "", 5, false } do
      check.blamed(function()
        plan:save(wrong)
      end)
      check.blamed(function()
        plan_room.load(wrong)
      end)
    end
  end)
end)
