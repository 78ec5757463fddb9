-- Shared folders, plain and detailed.
local check = require "spec.support.check"
local json = require "lastpass.json"
local support = require "spec.support.box"

describe("lastpass.directory.folders", function()
  local box, client

  setup(function()
    box = support.start { users = 30, folders = 12 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
  end)

  local function all(options, from)
    local list = {}
    for folder in (from or client):folders(options) do
      list[#list + 1] = folder
    end
    return list
  end

  it("come by name, with who may use them", function()
    local list = all()
    local wire = assert(client:getsfdata "all")
    assert.equal(12, #list)
    for position, folder in ipairs(list) do
      local raw = wire[folder.id]
      assert.equal(raw.sharedfoldername, folder.name)
      assert.equal(folder.name, tostring(folder))
      assert.equal(#raw.users, #folder.users)
      if position > 1 then
        assert.is_true(list[position - 1].name <= folder.name)
      end
      for at, user in ipairs(folder.users) do
        assert.equal(raw.users[at].username, user.email)
        assert.is_nil(user.sites)
      end
    end
  end)

  it("have the same rights whatever the type of the flags", function()
    local expected
    local flags = { "can_write", "sees_passwords", "can_administer", "super_admin" }
    for _, kind in ipairs { "integer", "string", "boolean" } do
      assert(box:act { settings = { flag_type = kind } })
      for _, options in ipairs { {}, { detailed = true } } do
        local rights, counts = {}, {}
        for _, folder in ipairs(all(options)) do
          for _, user in ipairs(folder.users) do
            assert.is_true(user.can_read)
            for _, name in ipairs(flags) do
              assert.is_boolean(user[name])
              counts[name .. tostring(user[name])] = true
            end
            rights[#rights + 1] = ("%s %s %s %s %s %s"):format(
              folder.id,
              user.email,
              tostring(user.can_write),
              tostring(user.sees_passwords),
              tostring(user.can_administer),
              tostring(user.super_admin)
            )
          end
        end
        table.sort(rights)
        expected = expected or rights
        assert.same(expected, rights)
        assert.is_true(counts.can_writetrue and counts.can_writefalse)
        assert.is_true(counts.sees_passwordstrue and counts.sees_passwordsfalse)
        assert.is_true(counts.can_administertrue and counts.can_administerfalse)
      end
    end
  end)

  it("understand each spelling of a flag", function()
    local cases = { ["0"] = false, ["1"] = true, ['"0"'] = false, ['"1"'] = true, ["true"] = true }
    cases["false"], cases['"true"'], cases['"false"'] = false, true, false
    for text, value in pairs(cases) do
      support.inject(
        box,
        "getsfdata",
        ('{"5":{"sharedfoldername":"A","deleted":%s,"users":[{"username":"a@x.example",'):format(
          text
        )
          .. ('"readonly":%s,"give":%s,"can_administer":%s,"superadmin":%s}]}}'):format(
            text,
            text,
            text,
            text
          )
      )
      local folder = all()[1]
      local user = folder.users[1]
      assert.equal(value, folder.deleted, text)
      assert.equal(not value, user.can_write, text)
      assert.equal(value, user.sees_passwords, text)
      assert.equal(value, user.can_administer, text)
      assert.equal(value, user.super_admin, text)
    end
  end)

  it("in detail are read page by page, with the sites", function()
    local many = support.start { users = 20, folders = 250 }
    local reader = many:client()
    local list = all({ detailed = true }, reader)
    local requests = support.requests(many, "getdetailedsfdata")
    local plain = all(nil, reader)
    many:stop()
    assert.equal(250, #list)
    assert.equal(3, requests)
    local with_sites = 0
    for position, folder in ipairs(list) do
      assert.equal(plain[position].id, folder.id)
      for _, user in ipairs(folder.users) do
        with_sites = with_sites + (user.sites and #user.sites > 0 and 1 or 0)
      end
    end
    assert.is_true(with_sites > 100)
  end)

  it("in detail end with an empty page when the last was full", function()
    local full = support.start { users = 20, folders = 100 }
    local list = all({ detailed = true }, full:client())
    local requests = support.requests(full, "getdetailedsfdata")
    full:stop()
    assert.equal(100, #list)
    assert.equal(2, requests)
  end)

  it("whose page comes again and again are refused, not read for ever", function()
    local page = {}
    for id = 1, 100 do
      page[tostring(id)] = { sharedfoldername = "Folder " .. id, users = json.list {} }
    end
    assert(box:faults { command = "getdetailedsfdata", body = json.encode(page) })
    local err =
      check.raised("protocol", "repeated_page", client.folders, client, { detailed = true })
    assert.equal("getdetailedsfdata", err.command)
    assert.equal(2, support.requests(box))
  end)

  it("of a company without any are none", function()
    for _, options in ipairs { {}, { detailed = true } } do
      for _, body in ipairs { "[]", "{}" } do
        support.inject(box, options.detailed and "getdetailedsfdata" or "getsfdata", body)
        assert.same({}, all(options))
      end
    end
  end)

  local RIGHTS = '"readonly":0,"give":0,"can_administer":0'

  it("without users, or with the rights of a group", function()
    support.inject(
      box,
      "getsfdata",
      '{"7":{"sharedfoldername":"B","score":52.5,"users":[]},'
        .. '"6":{"sharedfoldername":"A","score":null,"users":[{"username":"a@x.example",'
        .. RIGHTS
        .. ',"group_name":"Sales"}]},"8":{"sharedfoldername":"A","users":{}}}'
    )
    local list = all()
    assert.same({ "6", "8", "7" }, { list[1].id, list[2].id, list[3].id })
    assert.equal("Sales", list[1].users[1].group)
    assert.is_nil(list[1].score)
    assert.equal(52.5, list[3].score)
    assert.same({}, list[3].users)
  end)

  it("may have their users as an object with numbers for keys", function()
    local user = '{"username":"%s@x.example",' .. RIGHTS .. ',"sites":{"0":"x","3":"y"}}'
    support.inject(
      box,
      "getsfdata",
      '{"7":{"sharedfoldername":"B","users":{"10":'
        .. user:format "b"
        .. ',"2":'
        .. user:format "a"
        .. "}}}"
    )
    local folder = all()[1]
    assert.equal(2, #folder.users)
    assert.equal("a@x.example", folder.users[1].email)
    assert.equal("b@x.example", folder.users[2].email)
    assert.same({ "x", "y" }, folder.users[2].sites)
  end)

  it("are refused where a right, or who has it, is not certain; the place is named", function()
    local function reply(user)
      return ('{"7":{"sharedfoldername":"B","users":[{"username":"a@x.example"%s}]}}'):format(user)
    end
    local user = "folder 7 'B', user a@x.example: "
    for body, place in pairs {
      [reply ',"readonly":"yes","give":0,"can_administer":0'] = user .. "'readonly' is 'yes'",
      [reply ',"readonly":null,"give":0,"can_administer":0'] = user .. "'readonly' is null",
      [reply ',"give":0,"can_administer":0'] = user .. "'readonly' is missing",
      [reply ',"readonly":0,"give":"","can_administer":0'] = user .. "'give' is ''",
      [reply ',"readonly":0,"give":0,"can_administer":2'] = user .. "'can_administer' is 2",
      [reply ',"readonly":0,"give":0,"can_administer":[]'] = user
        .. "'can_administer' is a list or an object",
      [reply(',"superadmin":null,' .. RIGHTS)] = user .. "'superadmin' is null",
      [reply(',"group_name":5,' .. RIGHTS)] = user .. "'group_name' is 5",
      [reply(',"sites":"x",' .. RIGHTS)] = user .. "'sites' is 'x'",
      ['{"7":{"sharedfoldername":"B","users":null}}'] = "folder 7 'B': 'users' is null",
      ['{"7":{"sharedfoldername":"B"}}'] = "folder 7 'B': 'users' is missing",
      ['{"7":{"sharedfoldername":"B","users":{"a":1}}}'] = "'users' is a list or an object",
      ['{"7":{"sharedfoldername":"B","users":[{}]}}'] = "folder 7 'B': 'username' is missing",
      ['{"7":{"sharedfoldername":"B","deleted":"yes","users":[]}}'] = "'deleted' is 'yes'",
      ['{"7":{"users":[]}}'] = "folder 7: 'sharedfoldername' is missing",
    } do
      support.inject(box, "getsfdata", body)
      local err = check.raised("protocol", "unexpected_shape", client.folders, client)
      assert.truthy(err.message:find(place, 1, true), err.message)
    end
  end)

  it("whose reply has another shape are refused", function()
    for _, body in ipairs {
      '{"5":"x"}',
      '{"5":{}}',
      '{"5":{"sharedfoldername":5}}',
      '{"status":"WARN"}',
      '{"5":{"sharedfoldername":"A","users":["x"]}}',
      '{"5":{"sharedfoldername":"A","users":"x"}}',
    } do
      for _, detailed in ipairs { false, true } do
        local command = detailed and "getdetailedsfdata" or "getsfdata"
        support.inject(box, command, body)
        local err = check.raised("protocol", nil, client.folders, client, { detailed = detailed })
        assert.equal(command, err.command)
      end
    end
  end)

  it("keep to a status beside them", function()
    support.inject(box, "getsfdata", '{"status":"OK","5":{"sharedfoldername":"A","users":[]}}')
    assert.equal(1, #all())
  end)

  it("raise the error when a page fails, and mistakes at the caller's line", function()
    assert(box:faults { command = "getdetailedsfdata", body = '{"status":"FAIL"}' })
    check.raised("refused", "refused", client.folders, client, { detailed = true })
    assert.equal(
      "client:folders: unknown option 'detail' (did you mean 'detailed'?)",
      check.blamed(function()
        client:folders { detail = true }
      end)
    )
  end)
end)
