-- What becomes the body of a request, and what is refused before anything is sent
-- (enterprise-api §1.2, §4).
local core = require "lastpass.core"
local memory = require "spec.support.memory"

local CANARY = "canary0123456789abcdef"

describe("core requests", function()
  local hash, credentials

  before_each(function()
    hash = assert(core.secret.value(CANARY))
    credentials = { cid = 8771312, provhash = hash }
  end)

  after_each(function()
    hash:close()
  end)

  local function preview(command, data, more)
    local given = { cid = 8771312, provhash = hash }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    local body, message = core[command](given, data)
    assert(body, message)
    local text = body:preview()
    assert.is_nil(text:find(CANARY, 1, true))
    assert.equal(#text - #"***" + #CANARY, #body)
    assert.is_true(core.check(text))
    return text
  end

  local function refused(command, data, message)
    local body, given = core[command](credentials, data)
    assert.is_nil(body)
    assert.equal(message, given)
  end

  describe("previews", function()
    -- command, data, what `data` becomes
    local golden = {
      { "batchadd", { { username = "ann@x.example" } }, '[{"username":"ann@x.example"}]' },
      {
        "batchadd",
        {
          {
            attribs = { Department = "IT" },
            password_reset_required = false,
            password = "first",
            securidusername = "ann-s",
            duousername = "ann-d",
            groups = { "A", "B/C" },
            fullname = "Ann L\195\169e",
            username = "ann@x.example",
          },
          { username = "bob@x.example", fullname = "", attribs = {} },
        },
        '[{"username":"ann@x.example","fullname":"Ann L\195\169e","groups":["A","B/C"],'
          .. '"duousername":"ann-d","securidusername":"ann-s","password":"first",'
          .. '"password_reset_required":false,"attribs":{"Department":"IT"}},'
          .. '{"username":"bob@x.example","fullname":"","attribs":{}}]',
      },
      {
        "updateuser",
        { username = "a@x", fullname = "A", duousername = "d", securidusername = "s" },
        '{"username":"a@x","fullname":"A","duousername":"d","securidusername":"s"}',
      },
      {
        "updateemail",
        { oldemail = "a@x", newemail = "b@x" },
        '{"oldemail":"a@x","newemail":"b@x"}',
      },
      { "deluser", { username = "a@x", deleteaction = 0 }, '{"username":"a@x","deleteaction":0}' },
      { "deluser", { username = "a@x", deleteaction = 3 }, '{"username":"a@x","deleteaction":3}' },
      { "disableuser", { "a@x", "b@x" }, '["a@x","b@x"]' },
      { "enableuser", { "a@x" }, '["a@x"]' },
      { "reinviteuser", { username = "a@x" }, '{"username":"a@x"}' },
      { "resetpassword", { username = "a@x" }, '{"username":"a@x"}' },
      { "requiremasterpasswordchange", { username = "a@x" }, '{"username":"a@x"}' },
      { "disablemultifactor", { username = "a@x" }, '{"username":"a@x"}' },
      {
        "batchchangegrp",
        {
          { username = "a@x", add = { "A" }, del = { "B" } },
          { username = "b@x", del = { "C", "D" } },
        },
        '[{"username":"a@x","add":["A"],"del":["B"]},{"username":"b@x","del":["C","D"]}]',
      },
      { "getuserdata", nil, nil },
      { "getuserdata", {}, "{}" },
      {
        "getuserdata",
        { username = "a@x", disabled = 1, admin = 0, pagesize = 2000, pageindex = 0 },
        '{"username":"a@x","disabled":1,"admin":0,"pagesize":2000,"pageindex":0}',
      },
      { "getuserdata", { disabled = true, admin = false }, '{"disabled":1,"admin":0}' },
      { "getsfdata", nil, nil },
      { "getsfdata", "all", '"all"' },
      { "getdetailedsfdata", nil, nil },
      { "getdetailedsfdata", "all", '"all"' },
      {
        "getdetailedsfdata",
        { data = "all", pagesize = 50, pageindex = 2 },
        '{"data":"all","pagesize":50,"pageindex":2}',
      },
      { "reporting", nil, nil },
      {
        "reporting",
        {
          from = "2026-01-02 03:04:05",
          to = "2026-01-03 00:00:00",
          search = "log in",
          user = "allusers",
          admin = 1,
          next = "1767323045123456",
          format = "siem",
        },
        '{"from":"2026-01-02 03:04:05","to":"2026-01-03 00:00:00","search":"log in",'
          .. '"user":"allusers","admin":1,"next":"1767323045123456","format":"siem"}',
      },
      { "expiredmasterpwlist", nil, nil },
      {
        "expiredmasterpwlist",
        { limit = 500, continuation_token = "abc" },
        '{"limit":500,"continuation_token":"abc"}',
      },
      {
        "pushsitestousers",
        {
          users = "all",
          persistent = "1",
          url = "https://x.example/",
          name = "X",
          group = "G",
          usernametype = "custom",
          username = "u",
          password = "p",
          notes = "n",
          fav = "on",
          decryptid = "0",
        },
        '{"users":"all","persistent":"1","url":"https://x.example/","name":"X","group":"G",'
          .. '"usernametype":"custom","username":"u","password":"p","notes":"n","fav":"on",'
          .. '"decryptid":"0"}',
      },
      { "pushsitestousers", { users = "a@x", fav = "" }, '{"users":"a@x","fav":""}' },
    }

    for _, case in ipairs(golden) do
      it(case[1] .. " " .. (case[3] or "without data"), function()
        local expected = ('{"cid":8771312,"cmd":"%s"%s,"provhash":"***"}'):format(
          case[1],
          case[3] and ',"data":' .. case[3] or ""
        )
        assert.equal(expected, preview(case[1], case[2]))
      end)
    end

    it("of all commands", function()
      local seen = {}
      for _, case in ipairs(golden) do
        seen[case[1]] = true
      end
      assert.equal(17, #core.commands)
      for _, command in ipairs(core.commands) do
        assert.is_true(seen[command.name], command.name)
      end
    end)
  end)

  describe("envelope", function()
    it("takes the account number as a number or digits", function()
      for _, cid in ipairs { 8771312, 8771312.0, "8771312", "008771312" } do
        assert.equal(
          '{"cid":8771312,"cmd":"getuserdata","provhash":"***"}',
          preview("getuserdata", nil, { cid = cid })
        )
      end
      assert.matches(
        '"cid":9007199254740991,',
        preview("getuserdata", nil, { cid = 9007199254740991 })
      )
      assert.matches(
        '"cid":999999999999999,',
        preview("getuserdata", nil, { cid = "999999999999999" })
      )
    end)

    it("refuses what is none", function()
      for _, cid in ipairs {
        0,
        -1,
        1.5,
        9007199254740992,
        math.huge,
        0 / 0,
        "",
        "0",
        "000",
        "-1",
        "1.5",
        " 1",
        "1 ",
        "0x10",
        "1e3",
        "1234567890123456",
        "12\0",
        true,
        {},
      } do
        credentials.cid = cid
        refused(
          "getuserdata",
          nil,
          "getuserdata: the account number (cid) must be a positive integer"
        )
      end
      credentials.cid = nil
      refused(
        "getuserdata",
        nil,
        "getuserdata: the account number (cid) must be a positive integer"
      )
    end)

    it("has a label when it is given", function()
      assert.equal(
        '{"cid":8771312,"cmd":"getuserdata","apiuser":"night \\"ly\\"","provhash":"***"}',
        preview("getuserdata", nil, { apiuser = 'night "ly"' })
      )
      credentials.apiuser = 7
      refused("getuserdata", nil, "getuserdata: the label apiuser must be a string, not a number")
      credentials.apiuser = "\255"
      refused("getuserdata", nil, "getuserdata: field 'apiuser': is not valid UTF-8")
    end)

    it("needs a secret that is open", function()
      local message =
        "getuserdata: provhash must be a secret that is still open, as lastpass.secret makes"
      for _, value in ipairs { CANARY, 7, {}, io.stdout } do
        credentials.provhash = value
        refused("getuserdata", nil, message)
      end
      credentials.provhash = nil
      refused("getuserdata", nil, message)
      credentials.provhash = hash
      hash:close()
      refused("getuserdata", nil, message)
      assert.has_error(function()
        core.getuserdata "x"
      end)
      assert.has_error(function()
        core.getuserdata()
      end)
    end)

    it("keeps the secret while the body lives", function()
      local body = core.getuserdata(credentials)
      local length = #body
      local number = hash:number()
      hash:close()
      local again = assert(core.secret.by_number(number))
      assert.is_true(again:starts_with "canary")
      again:close()
      assert.equal(length, #body)
      body:close()
      assert.is_nil(core.secret.by_number(number))
    end)

    it("can be the line of a header that ends with the secret", function()
      local token = core.secret.value "canary-token-1"
      local line = assert(core.secret_header { name = "X-Key", prefix = "Key ", secret = token })
      assert.equal("X-Key: Key ***", line:preview())
      assert.equal("X-Key: Key canary-token-1", core.reveal_body(line))
      assert.is_nil(tostring(line):find("canary", 1, true))
      token:close()
      assert.equal(
        "X-Key: canary",
        core.reveal_body(core.secret_header {
          name = "X-Key",
          secret = core.secret.value "canary",
        })
      )
      local _, message = core.secret_header { name = "X-Key", secret = token }
      assert.equal("the secret for the header X-Key is closed", message)
      for _, text in ipairs { "a b", 'a"', "a\\", "a\128" } do
        line, message = core.secret_header { name = "X-Key", secret = core.secret.value(text) }
        assert.is_nil(line)
        assert.matches("has a character that no token has", message)
      end
    end)

    it("can be a secret between two texts", function()
      local key = core.secret.value "canary-key-1"
      local given = { before = '{"K":"', secret = key, after = '","x":"\0\195\188"}' }
      local body = assert(core.secret_text(given))
      assert.equal('{"K":"***","x":"\0\195\188"}', body:preview())
      assert.equal('{"K":"canary-key-1","x":"\0\195\188"}', core.reveal_body(body))
      assert.equal(#core.reveal_body(body), #body)
      assert.is_nil(tostring(body):find("canary", 1, true))
      for _, wrong in ipairs {
        { before = 1 },
        { after = false },
        { secret = "text" },
        { secret = 5 },
      } do
        for name, value in pairs(given) do
          wrong[name] = wrong[name] == nil and value or wrong[name]
        end
        assert.has_error(function()
          core.secret_text(wrong)
        end)
      end
      for _, text in ipairs { "a b", 'a"', "a\\", "a\128" } do
        given.secret = core.secret.value(text)
        local nothing, message = core.secret_text(given)
        assert.is_nil(nothing)
        assert.matches("has a character that no key has", message)
      end
      key:close()
      given.secret = key
      assert.same({ nil, "the secret is closed" }, { core.secret_text(given) })
    end)

    it("is no line of a header whose name or prefix could begin another", function()
      local token = core.secret.value "canary"
      for _, wrong in ipairs {
        { name = "" },
        { name = "X Y" },
        { name = "X:Y" },
        { name = "X\r\nY" },
        { name = "X\0" },
        { name = "\195\188" },
        { name = 1 },
        { name = "X", prefix = "a\r\nB: " },
        { name = "X", prefix = "a\0" },
        { name = "X", prefix = "\127" },
        { name = "X", prefix = "\195\188" },
        { name = "X", prefix = 1 },
        {},
        { name = "X", secret = "text" },
        { name = "X", secret = false },
      } do
        wrong.secret = wrong.secret == nil and token or wrong.secret
        assert.has_error(function()
          core.secret_header(wrong)
        end)
      end
    end)

    it("shows its secret nowhere", function()
      local body = core.batchadd(credentials, { { username = "a@x", password = "pw" } })
      assert.matches("^lastpass%.body %(%d+ bytes, hidden%)$", tostring(body))
      assert.is_nil(body:preview():find(CANARY, 1, true))
      body:close()
      body:close()
      assert.equal(0, #body)
      assert.has_error(function()
        body:preview()
      end)
    end)
  end)

  describe("texts", function()
    local function text(value)
      local body = preview("updateuser", { username = "ann@x", fullname = value })
      return body:match '"fullname":(.*)},"provhash"'
    end

    it("are escaped where JSON needs it", function()
      assert.equal('"a\\"b\\\\c/d"', text 'a"b\\c/d')
      for code = 0, 31 do
        assert.equal(('"a\\u%04xb"'):format(code), text("a" .. string.char(code) .. "b"))
      end
      assert.equal('"\\u007f"', text "\127")
      assert.equal(
        '"\195\169\226\130\172\240\159\152\128"',
        text "\195\169\226\130\172\240\159\152\128"
      )
      local long = ("x\n"):rep(10000)
      assert.equal('"' .. ("x\\u000a"):rep(10000) .. '"', text(long))
    end)

    it("must be UTF-8", function()
      for _, bytes in ipairs {
        "\128",
        "\195",
        "a\255b",
        "\192\128",
        "\237\160\128",
        "\244\144\128\128",
        "\226\130",
      } do
        refused(
          "updateuser",
          { username = "ok@x", fullname = bytes },
          "updateuser: field 'fullname': is not valid UTF-8"
        )
        refused(
          "batchadd",
          { { username = "ok@x" }, { username = "b@x", groups = { "A", bytes } } },
          "batchadd: item 2: field 'groups': is not valid UTF-8"
        )
        refused(
          "batchadd",
          { { username = "b@x", attribs = { [bytes] = "x" } } },
          "batchadd: item 1: field 'attribs': is not valid UTF-8"
        )
      end
    end)
  end)

  describe("addresses", function()
    -- each command that takes one: what makes its data of an address, and where it stands
    local uses = {}
    for _, command in ipairs(core.commands) do
      local names = {}
      for _, field in ipairs(command.fields) do
        if field.type == "address" then
          names[#names + 1] = field.name
        end
      end
      if command.data == "list of strings" then
        names[1] = false
      end
      for _, name in ipairs(names) do
        uses[#uses + 1] = {
          command = command.name,
          where = (name and command.data ~= "list of objects" and "" or "item 1: ")
            .. (name and ("field '%s': "):format(name) or ""),
          data = function(address)
            local object =
              { username = "ok@x", oldemail = "ok@x", newemail = "new@x", deleteaction = 0 }
            local data = {}
            for _, field in ipairs(command.fields) do
              data[field.name] = field.required and object[field.name] or nil
            end
            if command.name == "batchchangegrp" then
              data.add = { "A" }
            end
            if not name then
              return { address }
            end
            data[name] = address
            return command.data == "list of objects" and { data } or data
          end,
        }
      end
    end

    it("are known of every command that names somebody", function()
      local seen = {}
      for place, use in ipairs(uses) do
        seen[place] = use.command
      end
      assert.same({
        "batchadd",
        "updateuser",
        "updateemail",
        "updateemail",
        "deluser",
        "disableuser",
        "enableuser",
        "reinviteuser",
        "resetpassword",
        "requiremasterpasswordchange",
        "disablemultifactor",
        "batchchangegrp",
        "getuserdata",
        "reporting",
      }, seen)
    end)

    it("are sent without white space around them", function()
      for _, use in ipairs(uses) do
        local body = preview(use.command, use.data " ann@x\194\160\r\n")
        assert.is_truthy(body:find('"ann@x"', 1, true), use.command)
      end
    end)

    it("are refused with what a server may not see, by a code of its own", function()
      for _, use in ipairs(uses) do
        for text, fault in pairs {
          ["ann@x\0"] = "it has a control character",
          ["\0ann@x"] = "it has a control character",
          ["a\27nn@x"] = "it has a control character",
          ["ann@x\127"] = "it has a control character",
          ["an\rn@x"] = "it has a space",
          ["an n@x"] = "it has a space",
          ["ann@x\226\128\139"] = "it has a character that cannot be seen",
          ["a\194\173nn@x"] = "it has a character that cannot be seen",
          ["ann\194\160@x"] = "it has a character that cannot be seen",
          ["ann@x\255"] = "it is not valid UTF-8",
        } do
          local body, message, code = core[use.command](credentials, use.data(text))
          assert.is_nil(body)
          assert.equal("bad_address", code)
          assert.equal(
            ("%s: %sis not an e-mail address: %s"):format(use.command, use.where, fault),
            message
          )
        end
      end
    end)

    it("are refused when nothing is left of them", function()
      for _, use in ipairs(uses) do
        refused(
          use.command,
          use.data " \194\160",
          ("%s: %smust not be empty"):format(use.command, use.where)
        )
      end
    end)

    it("may have any letters, and be no address at all: that is the server's to say", function()
      assert.is_truthy(preview("deluser", { username = "m\195\188ller", deleteaction = 0 }))
    end)
  end)

  describe("refuse", function()
    it("an unknown field, and name the nearest", function()
      for _, case in ipairs {
        {
          "batchadd",
          { { username = "a@x", fulname = "x" } },
          "item 1: unknown field 'fulname' (did you mean 'fullname'?)",
        },
        {
          "batchadd",
          { { usernme = "a@x" } },
          "item 1: unknown field 'usernme' (did you mean 'username'?)",
        },
        {
          "updateuser",
          { username = "a@x", FullName = "x" },
          "unknown field 'FullName' (did you mean 'fullname'?)",
        },
        { "updateemail", { oldmail = "a" }, "unknown field 'oldmail' (did you mean 'oldemail'?)" },
        {
          "deluser",
          { username = "a", action = 1 },
          "unknown field 'action' (known are: username, deleteaction)",
        },
        { "reinviteuser", { user = "a" }, "unknown field 'user' (known are: username)" },
        { "resetpassword", { x = "a" }, "unknown field 'x' (known are: username)" },
        {
          "requiremasterpasswordchange",
          { name = "a" },
          "unknown field 'name' (known are: username)",
        },
        {
          "disablemultifactor",
          { Username = "a" },
          "unknown field 'Username' (did you mean 'username'?)",
        },
        {
          "batchchangegrp",
          { { username = "a", ad = {} } },
          "item 1: unknown field 'ad' (did you mean 'add'?)",
        },
        {
          "getuserdata",
          { page_size = 1 },
          "unknown field 'page_size' (did you mean 'pagesize'?)",
        },
        {
          "getdetailedsfdata",
          { pageIndex = 1 },
          "unknown field 'pageIndex' (did you mean 'pageindex'?)",
        },
        { "reporting", { form = "x" }, "unknown field 'form' (did you mean 'from'?)" },
        {
          "expiredmasterpwlist",
          { token = "x" },
          "unknown field 'token' (known are: limit, continuation_token)",
        },
        {
          "pushsitestousers",
          { users = "all", uri = "x" },
          "unknown field 'uri' (did you mean 'url'?)",
        },
        {
          "getuserdata",
          { ["username\0"] = "x" },
          "unknown field 'username' (did you mean 'username'?)",
        },
      } do
        refused(case[1], case[2], case[1] .. ": " .. case[3])
      end
    end)

    it("a missing required field", function()
      for _, case in ipairs {
        {
          "batchadd",
          { { username = "a" }, { fullname = "x" } },
          "item 2: the required field 'username' is missing",
        },
        { "updateuser", {}, "the required field 'username' is missing" },
        { "updateemail", { oldemail = "a" }, "the required field 'newemail' is missing" },
        { "deluser", { username = "a" }, "the required field 'deleteaction' is missing" },
        { "deluser", { deleteaction = 1 }, "the required field 'username' is missing" },
        { "reinviteuser", {}, "the required field 'username' is missing" },
        { "resetpassword", {}, "the required field 'username' is missing" },
        { "requiremasterpasswordchange", {}, "the required field 'username' is missing" },
        { "disablemultifactor", {}, "the required field 'username' is missing" },
        {
          "batchchangegrp",
          { { add = { "A" } } },
          "item 1: the required field 'username' is missing",
        },
        {
          "batchchangegrp",
          { { username = "a" } },
          "item 1: one of the fields 'add' and 'del' is needed",
        },
        { "pushsitestousers", { name = "x" }, "the required field 'users' is missing" },
        { "updateuser", { username = "" }, "field 'username': must not be empty" },
        { "pushsitestousers", { users = "" }, "field 'users': must not be empty" },
      } do
        refused(case[1], case[2], case[1] .. ": " .. case[3])
      end
      for _, command in ipairs(core.commands) do
        if command.data_required then
          refused(command.name, nil, command.name .. ": needs data")
        else
          assert.is_truthy(core[command.name](credentials))
        end
      end
    end)

    it("a wrong type, in every field of every command", function()
      local wrong = {
        address = { 7, true, {}, print },
        string = { 7, true, {}, print },
        integer = { "7", {}, print, 1.5, 0 / 0, math.huge, 2 ^ 60 },
        boolean = { 1, "true", {}, print },
        ["list of strings"] = {
          "A",
          7,
          true,
          print,
          { 1 },
          { "A", true },
          { { "A" } },
          { x = "A" },
          { "" },
        },
        ["table of strings"] = { "A", 7, true, print, { 1 }, { a = 1 }, { a = {} }, { [1] = "x" } },
      }
      for _, command in ipairs(core.commands) do
        for _, field in ipairs(command.fields) do
          for _, value in ipairs(wrong[field.type]) do
            local data = {}
            for _, other in ipairs(command.fields) do
              if other.required then
                data[other.name] = other.type == "integer" and 1 or "x"
              end
            end
            if command.data == "object" or command.data == "text or object" then
              data[field.name] = value
            elseif command.data == "list of objects" then
              data[field.name] = value
              data = { data }
            else
              data = value
            end
            if not (command.data == "text" and type(value) == "string") then
              local body, message = core[command.name](credentials, data)
              assert.is_nil(body)
              assert.matches("^" .. command.name .. ": ", message)
              if command.data ~= "text" then
                assert.truthy(message:find("field '" .. field.name .. "': ", 1, true), message)
              end
            end
          end
        end
      end
    end)

    it("data of the wrong kind", function()
      for _, case in ipairs {
        { "batchadd", "x", "must be a list of tables" },
        { "batchadd", {}, "the list is empty" },
        {
          "batchadd",
          { username = "a" },
          "must be a list of tables (a table without element 1 was given)",
        },
        { "batchadd", { "a" }, "item 1: must be a table of fields, not a string" },
        {
          "batchadd",
          { { username = "a" }, 7 },
          "item 2: must be a table of fields, not a number",
        },
        { "batchadd", { { "a" } }, "item 1: must be a table of named fields, not a list" },
        { "batchadd", { { username = "a" }, nil, { username = "b" } }, "the list has holes" },
        {
          "batchadd",
          { { username = "a" }, x = 1 },
          "must be a list of tables (it has keys that are no positions)",
        },
        {
          "batchadd",
          { { username = "a", groups = {} } },
          "item 1: field 'groups': the list is empty",
        },
        { "updateuser", "a", "must be a table of fields, not a string" },
        { "updateuser", { "a" }, "must be a table of named fields, not a list" },
        { "disableuser", {}, "the list is empty" },
        { "disableuser", "a@x", "must be a list of strings" },
        { "disableuser", { "a", 7 }, "item 2: must be a string that is not empty" },
        { "disableuser", { "a", "" }, "item 2: must be a string that is not empty" },
        { "enableuser", { "a", nil, "c" }, "the list has holes" },
        {
          "enableuser",
          { [2] = "a" },
          "must be a list of strings (a table without element 1 was given)",
        },
        { "enableuser", { "a", [1.5] = "b" }, "the list has holes" },
        { "getsfdata", {}, "the data is a string, not a table" },
        { "getsfdata", "some", "field 'data': must be one of all" },
        { "getsfdata", 7, "field 'data': must be a string, not a number" },
        { "getdetailedsfdata", 7, "field 'data': must be a string, not a number" },
        { "getdetailedsfdata", "some", "field 'data': must be one of all" },
        { "reporting", "x", "must be a table of fields, not a string" },
      } do
        refused(case[1], case[2], case[1] .. ": " .. case[3])
      end
    end)

    it("values outside their range", function()
      for _, case in ipairs {
        {
          "deluser",
          { username = "a", deleteaction = 4 },
          "field 'deleteaction': must be within 0..3",
        },
        {
          "deluser",
          { username = "a", deleteaction = -1 },
          "field 'deleteaction': must be within 0..3",
        },
        {
          "deluser",
          { username = "a", deleteaction = 1.5 },
          "field 'deleteaction': must be a whole number (up to 2^53)",
        },
        {
          "deluser",
          { username = "a", deleteaction = "1" },
          "field 'deleteaction': must be an integer, not a string",
        },
        {
          "deluser",
          { username = "a", deleteaction = true },
          "field 'deleteaction': must be an integer, not a boolean",
        },
        { "getuserdata", { disabled = 2 }, "field 'disabled': must be one of 0|1" },
        { "getuserdata", { disabled = -1 }, "field 'disabled': must be one of 0|1" },
        { "getuserdata", { pagesize = 0 }, "field 'pagesize': must be within 1..2000" },
        { "getuserdata", { pagesize = 2001 }, "field 'pagesize': must be within 1..2000" },
        { "getuserdata", { pageindex = -1 }, "field 'pageindex': must be within 0.." },
        { "getdetailedsfdata", { pagesize = 0 }, "field 'pagesize': must be within 1.." },
        { "reporting", { format = "xml" }, "field 'format': must be one of siem" },
        { "expiredmasterpwlist", { limit = 501 }, "field 'limit': must be within 1..500" },
        {
          "pushsitestousers",
          { users = "a", persistent = "2" },
          "field 'persistent': must be one of 0|1",
        },
        { "pushsitestousers", { users = "a", fav = "off" }, "field 'fav': must be one of |on" },
        {
          "pushsitestousers",
          { users = "a", usernametype = "email|username" },
          "field 'usernametype': must be one of email|username|custom",
        },
      } do
        refused(case[1], case[2], case[1] .. ": " .. case[3])
      end
      assert.is_nil((core.reporting(credentials, { admin = 0 })))
      assert.matches(
        '"pageindex":9007199254740992}',
        preview("getuserdata", { pageindex = 9007199254740992 })
      )
      assert.matches('"pagesize":2000}', preview("getuserdata", { pagesize = 2000.0 }))
    end)
  end)

  it("take many rows", function()
    local list, expected = {}, {}
    for i = 1, 5000 do
      list[i] = { username = ("u%d@x.example"):format(i), groups = { "A", "B" } }
      expected[i] = ('{"username":"u%d@x.example","groups":["A","B"]}'):format(i)
    end
    assert.equal(
      "[" .. table.concat(expected, ",") .. "]",
      preview("batchadd", list):match '"data":(.*),"provhash"'
    )
  end)

  it("bear a collector that never rests", function()
    local pause, step = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
    for i = 1, 200 do
      local body =
        assert(core.batchadd(credentials, { { username = ("x"):rep(i * 10), groups = { "A" } } }))
      assert.matches(("x"):rep(i * 10), body:preview())
      assert.is_nil((core.batchadd(credentials, { { usernam = "x" } })))
    end
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", step)
  end)
end)

-- A password of a new user is in the body too, and a body that grows moves.
describe("a body that grew", function()
  it("leaves nothing behind where it was", function()
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write [[
      local core = require "lastpass.core"
      local secret = assert(core.secret.value(("cafe0123"):rep(4)))
      local function build(count)
        local list = { { username = "first@acme.com", password = "correct horse canary" } }
        for number = 2, count do
          list[number] = { username = ("somebody%d@acme.com"):format(number) }
        end
        return assert(core.batchadd({ cid = 1, provhash = secret }, list))
      end
      local kept = build(1)
      for _, count in ipairs { 3, 10, 30, 100, 300, 1000, 3000 } do
        build(count):close()
      end
      print "READY"
      io.stdout:flush()
      io.read "*l"
      kept:close()
      print "CLOSED"
      io.stdout:flush()
      io.read "*l"
    ]]
    file:close()
    local go = path .. ".go"
    os.execute("mkfifo " .. go)
    local pipe = assert(io.popen(("echo $$; exec %s %s <%s 2>&1"):format(interpreter, path, go)))
    local talk = assert(io.open(go, "w"))
    local process = pipe:read "*l"
    -- as only a body has it: what the program itself holds is the value alone
    local function where()
      return memory.search(process, function(bytes)
        return bytes:find('"password":"correct horse canary', 1, true) ~= nil
      end)
    end
    local ready = pipe:read "*l"
    local with_one = where()
    talk:write "\n"
    talk:flush()
    local closed = pipe:read "*l"
    local with_none = where()
    talk:close()
    pipe:close()
    os.remove(path)
    os.remove(go)
    assert.equal("READY", ready)
    assert.equal("CLOSED", closed)
    assert.equal(1, #with_one, "the search finds nothing, or a body was left behind")
    assert.same({}, with_none)
  end)
end)
