-- Users by the value of an attribute.
local core = require "lastpass.core"
local snapshots = require "spec.support.snapshots"

describe("core.attributes", function()
  local function users(list)
    local directory = { users = {} }
    for i, attribs in ipairs(list) do
      directory.users[i] = { email = ("u%d@x.com"):format(i), attribs = attribs or nil }
    end
    return snapshots.of(directory)
  end

  it("finds users by the value of an attribute", function()
    local snapshot = users {
      '{"Department":"IT","EmployeeNumber":"7"}',
      '{"EmployeeNumber":8,"x":{"EmployeeNumber":"9"}}',
      '{"EmployeeNumber":""}',
      '{"EmployeeNumber":null}',
      '{"EmployeeNumber":true}',
      '{"EmployeeNumber":{"EmployeeNumber":"10"}}',
      '{"EmployeeNumber":["11"]}',
      "{}",
      "[]",
      "null",
      false,
      '{"\\u0045mployeeNumber":"\\u00e9\\n"}',
      '{"employeenumber":"12"}',
      '{"x":["EmployeeNumber"],"EmployeeNumber" : 1.50}',
    }
    assert.same(
      { ["7"] = 1, ["8"] = 2, ["\195\169\n"] = 12, ["1.50"] = 14 },
      core.attributes(snapshot, "EmployeeNumber")
    )
    assert.same({ IT = 1 }, core.attributes(snapshot, "Department"))
    assert.same({}, core.attributes(snapshot, "none"))
    assert.same({}, core.attributes(snapshots.of {}, "none"))
  end)

  it("says false of a value that several have", function()
    local snapshot = users { '{"id":"7"}', '{"id":7}', '{"id":"8"}', '{"id":"7"}' }
    assert.same({ ["7"] = false, ["8"] = 3 }, core.attributes(snapshot, "id"))
  end)

  it("reads long ones", function()
    local long = ("x"):rep(100000)
    local snapshot = users { '{"id":"a"}', ('{"id":"%s"}'):format(long), '{"id":"b"}' }
    local found = core.attributes(snapshot, "id")
    assert.same({ 1, 2, 3 }, { found.a, found[long], found.b })
  end)

  it("raises when the snapshot is closed", function()
    local snapshot = users {}
    snapshot:close()
    assert.error_matches(function()
      core.attributes(snapshot, "id")
    end, "closed")
    assert.has_error(function()
      core.attributes(users {}, nil)
    end)
  end)
end)
