-- Replies of getuserdata as rows (enterprise-api §4.8).
-- Runs first: it reads directories at every cut.
local core = require "lastpass.core"
local directory = require "spec.support.directory"
local fuzz = require "spec.support.fuzz"
local rows = require "spec.support.rows"

local function one(fields)
  return ('{"Users":{"7":{"username":"ann@x.example"%s}}}'):format(fields)
end

local function value(fields, name)
  return core.user_value(rows.read(one(fields)), 1, core.user_fields[name])
end

local function refused(code, text)
  for _, piece in ipairs { #text + 1, 1, 5, 64 } do
    local snapshot, given = rows.feed(text, piece)
    assert.equal(code, given, text)
    assert.equal(code, select(2, rows.feed("", 1, snapshot)), text) -- once refused, always refused
  end
end

describe("core.snapshot", function()
  describe("a user", function()
    it("has every field of the wire", function()
      local text = one(
        ',"fullname":"Ann L\\u00e9e","mpstrength":"88","created":"2019-02-17 17:23:45",'
          .. '"last_pw_change":"2020-02-29 00:00:00","last_login":"2026-08-22 23:59:59",'
          .. '"neverloggedin":false,"disabled":false,"admin":true,"password_reset_required":true,'
          .. '"totalscore":"83.2","legacytotalscore":"50","hasSharingKeys":true,'
          .. '"duousername":"ann-duo","multifactor":"lastpassauth","linked":"ann@home.example",'
          .. '"sites":101,"notes":12,"formfills":3,"applications":2,"attachments":1,'
          .. '"groups":["IT\\/Operations","All Staff"],"attribs":{"Department":"IT"}'
      )
      for _, piece in ipairs { #text, 1, 40 } do
        assert.same({
          admin = true,
          applications = 2,
          attachments = 1,
          attributes = '{"Department":"IT"}',
          created = 1550424225,
          disabled = false,
          duo_username = "ann-duo",
          email = "ann@x.example",
          form_fills = 3,
          fullname = "Ann L\195\169e",
          groups = { "IT/Operations", "All Staff" },
          has_sharing_keys = true,
          id = 7,
          last_login = 1787443199,
          last_password_change = 1582934400,
          legacy_security_score = 50,
          linked_account = "ann@home.example",
          mfa = "lastpassauth",
          never_logged_in = false,
          notes = 12,
          password_reset_required = true,
          password_strength = 88,
          security_score = 83.2,
          sites = 101,
          status = "active",
        }, rows.user(rows.read(text, piece), 1))
      end
    end)

    it("may have nothing but a name", function()
      assert.same({
        admin = false,
        disabled = false,
        email = "ann@x.example",
        groups = {},
        id = 7,
        never_logged_in = false,
        password_reset_required = false,
        status = "active",
      }, rows.user(rows.read(one ""), 1))
    end)

    it("must have a name", function()
      refused("unexpected_shape", '{"Users":{"7":{}}}')
      refused("unexpected_shape", '{"Users":{"7":{"fullname":"Ann"}}}')
      refused("unexpected_shape", '{"Users":{"7":{"username":""}}}')
      refused("unexpected_shape", '{"Users":{"7":{"username":null}}}')
      refused("unexpected_shape", '{"Users":{"7":{"username":12}}}')
      refused("unexpected_shape", '{"Users":{"7":[]}}')
      refused("unexpected_shape", '{"Users":{"7":null}}')
    end)

    it("has flags in all forms", function()
      for _, flag in ipairs {
        { "true", true },
        { "1", true },
        { '"1"', true },
        { '"true"', true },
        { "false", false },
        { "0", false },
        { '"0"', false },
        { '"false"', false },
      } do
        for wire, name in pairs {
          disabled = "disabled",
          admin = "admin",
          neverloggedin = "never_logged_in",
          password_reset_required = "password_reset_required",
          hasSharingKeys = "has_sharing_keys",
        } do
          assert.equal(flag[2], value((',"%s":%s'):format(wire, flag[1]), name))
        end
      end
    end)

    it("is refused when it cannot be read who is disabled or an admin, else odd", function()
      for _, empty in ipairs { "null", '""' } do
        refused("unexpected_shape", one(',"disabled":' .. empty))
        refused("unexpected_shape", one(',"admin":' .. empty))
        assert.equal(0, rows.read(one(',"neverloggedin":' .. empty)):odd())
      end
      for _, odd in ipairs { '"yes"', "2", "-1", "1.0", '"TRUE"', '"\\u0031"' } do
        refused("unexpected_shape", one(',"disabled":' .. odd))
        refused("unexpected_shape", one(',"admin":' .. odd))
        local snapshot = rows.read(one(',"neverloggedin":' .. odd))
        assert.equal(1, snapshot:odd())
        assert.is_false(rows.user(snapshot, 1).never_logged_in)
      end
      refused("unexpected_shape", one ',"admin":[]')
      refused("unexpected_shape", one ',"neverloggedin":{}')
    end)

    it("has times that are read to the letter", function()
      for text, seconds in pairs {
        ["1970-01-01 00:00:00"] = 0,
        ["1970-01-01 00:00:01"] = 1,
        ["1999-12-31 23:59:59"] = 946684799,
        ["2000-02-29 12:00:00"] = 951825600,
        ["2004-02-29 00:00:00"] = 1078012800,
        ["2038-01-19 03:14:08"] = 2147483648,
        ["2100-02-28 23:59:59"] = 4107542399,
        ["2100-03-01 00:00:00"] = 4107542400,
        ["2101-01-01 00:00:00"] = 4133980800,
        ["2105-12-31 23:59:59"] = 4291747199,
      } do
        assert.equal(seconds, value((',"created":"%s"'):format(text), "created"), text)
        -- the same where the fast way is not taken
        assert.equal(seconds, value((',"created" :"%s"'):format(text), "created"), text)
      end
    end)

    it("has odd times when they are none", function()
      for _, text in ipairs {
        "1969-12-31 23:59:59",
        "2106-01-01 00:00:00",
        "2021-02-29 00:00:00",
        "2100-02-29 00:00:00",
        "2020-02-30 00:00:00",
        "2020-04-31 00:00:00",
        "2020-13-01 00:00:00",
        "2020-19-01 00:00:00",
        "2020-00-01 00:00:00",
        "2020-01-00 00:00:00",
        "2020-01-32 00:00:00",
        "2020-01-39 00:00:00",
        "2020-01-01 24:00:00",
        "2020-01-01 29:00:00",
        "2020-01-01 00:60:00",
        "2020-01-01 00:00:60",
        "2020-01-01 00:00:61",
        "2020-01-01T00:00:00",
        "2020/01/01 00:00:00",
        "2020-01-01 00-00-00",
        "2020-01-01 00:00:0x",
        "2020-01-01 00:00:0",
        "2020-01-01 00:00:000",
        " 2020-01-01 00:00:00",
        "0000-00-00 00:00:00",
        "+020-01-01 00:00:00",
        "202a-01-01 00:00:00",
        "2020-0:-01 00:00:00",
        "2020-01-01 0/:00:00",
        "x",
      } do
        for _, blank in ipairs { "", " " } do
          local padding = ',"fullname":"' .. ("x"):rep(150) .. '"'
          local snapshot = rows.read(one((',"last_login"%s:"%s"%s'):format(blank, text, padding)))
          assert.is_nil(rows.user(snapshot, 1).last_login, text)
          assert.equal(1, snapshot:odd(), text)
        end
      end
      for _, text in ipairs { '""', "null" } do
        local snapshot = rows.read(one((',"last_login":%s'):format(text)))
        assert.is_nil(rows.user(snapshot, 1).last_login)
        assert.equal(0, snapshot:odd())
      end
      assert.equal(1, rows.read(one ',"created":1550424225'):odd())
    end)

    it("has counts as numbers, strings or nothing", function()
      for text, count in pairs {
        ["0"] = 0,
        ['"0"'] = 0,
        ["-0"] = 0,
        ["7"] = 7,
        ['"12"'] = 12,
        ['"007"'] = 7,
        ["9999"] = 9999,
        ["12345"] = 12345,
        ["65534"] = 65534,
        ["1e2"] = 100,
        ["1.0"] = 1,
        ["1.5e1"] = 15,
        ["100e-2"] = 1,
        ["0e999999"] = 0,
      } do
        local snapshot = rows.read(one((',"sites":%s,"notes":null'):format(text)))
        assert.equal(count, rows.user(snapshot, 1).sites, text)
        assert.is_nil(rows.user(snapshot, 1).notes)
        assert.equal(0, snapshot:odd(), text)
      end
      for _, text in ipairs {
        "65535",
        "65536",
        "4294967297",
        "18446744073709551617",
        "-1",
        "1.5",
        "1e-1",
        "1e400",
        "100000000000000000001e-20",
        '"x"',
        '"1x"',
        '" 1"',
        '"1 "',
        '"0x10"',
        '"1."',
        '".5"',
        '"inf"',
        '"nan"',
        '"1,5"',
        '"--1"',
        '"1e"',
        "true",
        "false",
      } do
        local snapshot = rows.read(one((',"sites":%s'):format(text)))
        assert.is_nil(rows.user(snapshot, 1).sites, text)
        assert.equal(1, snapshot:odd(), text)
      end
      local snapshot = rows.read(one ',"sites":""')
      assert.is_nil(rows.user(snapshot, 1).sites)
      assert.equal(0, snapshot:odd())
    end)

    it("has scores with up to four decimals", function()
      for text, score in pairs {
        ['"83.2"'] = 83.2,
        ['"0"'] = 0,
        ['"100"'] = 100,
        ['"0.0001"'] = 0.0001,
        ['"9999.9999"'] = 9999.9999,
        ['"1.23456"'] = 1.2346,
        ['"1.99999"'] = 2,
        ['"083.20"'] = 83.2,
        ["83.2"] = 83.2,
        ["100"] = 100,
        ["8.32e1"] = 83.2,
        ["832e-1"] = 83.2,
        ['"214748.3647"'] = 214748.3647,
        ['"0.000000000000000000000000001"'] = 0,
      } do
        local snapshot = rows.read(one((',"totalscore":%s'):format(text)))
        assert.equal(score, rows.user(snapshot, 1).security_score, text)
        assert.equal(0, snapshot:odd(), text)
      end
      local odd = { '"-1"', '"214748.3648"', '"x"', '"83,2"', '"8.3.2"', "1e10", "true" }
      for _, text in ipairs(odd) do
        local snapshot = rows.read(one((',"legacytotalscore":%s'):format(text)))
        assert.is_nil(rows.user(snapshot, 1).legacy_security_score, text)
        assert.equal(1, snapshot:odd(), text)
      end
    end)

    it("has a password strength up to 254", function()
      assert.equal(0, value(',"mpstrength":"0"', "password_strength"))
      assert.equal(254, value(',"mpstrength":"254"', "password_strength"))
      assert.equal(42, value(',"mpstrength":42', "password_strength"))
      assert.is_nil(value(',"mpstrength":null', "password_strength"))
      assert.equal(1, rows.read(one ',"mpstrength":"255"'):odd())
      assert.equal(1, rows.read(one ',"mpstrength":"300"'):odd())
    end)

    it("has texts or nothing", function()
      for wire, name in pairs {
        fullname = "fullname",
        duousername = "duo_username",
        multifactor = "mfa",
        linked = "linked_account",
      } do
        for text, expected in pairs {
          ['"x"'] = "x",
          ['""'] = "",
          ['"a\\u0000b"'] = "a\0b",
          ['"\\ud83d\\ude00"'] = "\240\159\152\128",
          ["12"] = "12",
          ["null"] = false,
          ["false"] = false,
        } do
          local given = value((',"%s":%s'):format(wire, text), name)
          assert.equal(expected or nil, given, wire .. text)
        end
        refused("unexpected_shape", one((',"%s":true'):format(wire)))
        refused("unexpected_shape", one((',"%s":[]'):format(wire)))
        refused("unexpected_shape", one((',"%s":{}'):format(wire)))
      end
    end)

    it("shares a text that it has twice, and only then", function()
      local text = '{"Users":{"1":{"username":"a\\"b","duousername":"a\\"b","multifactor":"x\\"y"},'
        .. '"2":{"username":"b","duousername":"b","multifactor":"x\\"y"},'
        .. '"3":{"username":"c","duousername":"b","multifactor":"x"}}}'
      local users = rows.users(rows.read(text))
      assert.same(
        { 'a"b', "b", "b" },
        { users[1].duo_username, users[2].duo_username, users[3].duo_username }
      )
      assert.same({ 'x"y', 'x"y', "x" }, { users[1].mfa, users[2].mfa, users[3].mfa })
      -- raw quotes that look like the text before do not end a string
      refused("unexpected_character", '{"Users":{"1":{"username":"a\\"b","duousername":"a"b"}}}')
    end)

    it("has texts of any length", function()
      local lengths = { 1, 15, 16, 17, 63, 64, 191, 192, 193, 253, 254, 255, 256, 300, 70000 }
      for _, length in ipairs(lengths) do
        for _, unit in ipairs { "x", "\\u00e9", "\195\169" } do
          local given = unit:rep(length)
          local expected = given:gsub("\\u00e9", "\195\169")
          local text =
            one((',"fullname":"%s","attribs":{"a":"%s"},"linked":"%s"'):format(given, given, given))
          for _, piece in ipairs { #text, 1000 } do
            local user = rows.user(rows.read(text, piece), 1)
            assert.equal(expected, user.fullname)
            assert.equal(expected, user.linked_account)
            assert.equal('{"a":"' .. given .. '"}', user.attributes)
          end
        end
      end
    end)

    it("has attributes as they are, without blanks", function()
      for text, expected in pairs {
        ['{"a":"b"}'] = '{"a":"b"}',
        ["{}"] = "{}",
        ["[]"] = "[]",
        [' { "a" : [ 1 , { } , null ] , "b" : "\\u00e9" } '] = '{"a":[1,{},null],"b":"\\u00e9"}',
        ["[true,false,-1.5e3]"] = "[true,false,-1.5e3]",
        ["null"] = false,
        ['"text"'] = false,
        ["7"] = false,
      } do
        assert.equal(expected or nil, value(',"attribs":' .. text, "attributes"), text)
      end
    end)

    it("may not have a field twice", function()
      for _, fields in ipairs {
        ',"admin":true,"admin":true',
        ',"admin":true,"\\u0061dmin":true',
        ',"\\u0061dmin":true,"admin":true',
        ',"username":"b@x.example"',
        ',"groups":[],"fullname":"x","groups":[]',
        ',"unknown":1,"unknown":2',
        ',"unknown":1,"\\u0075nknown":2',
        ',"unknown":{"a":1,"a":2}',
        ',"attribs":{"a":"1","a":"2"}',
        ',"attribs":{"a":"1","\\u0061":"2"}',
        ',"attribs":{"a":{"b":1,"b":2}}',
      } do
        refused("duplicate_key", one(fields))
        refused("duplicate_key", one(fields .. ',"notes":' .. (" "):rep(200) .. "1"))
      end
    end)

    it("may have fields that nobody knows", function()
      local text =
        one ',"new":{"a":[1,{"b":null}],"c":"x"},"admin":true,"other":[[]],"username2":"y"'
      local user = rows.user(rows.read(text), 1)
      assert.is_true(user.admin)
      assert.equal("ann@x.example", user.email)
      refused("bad_number", one ',"new":[1,{"a":01}]')
      refused("invalid_utf8", one ',"new":"\255"')
      refused("too_deep", one(',"new":' .. ("["):rep(510) .. ("]"):rep(510)))
      assert.equal(1, #rows.read(one(',"new":' .. ("["):rep(509) .. ("]"):rep(509))))
    end)

    it("may have fields in any order, and blanks anywhere", function()
      local text = ' { "Users" : { "7" : { "admin" : true , "groups" : [ "A" , "B" ] , '
        .. '"username" : "ann@x.example" , "sites" : 3 } } , "total" : 1 } '
      for piece = 1, 40 do
        local snapshot = rows.read(text, piece)
        local user = rows.user(snapshot, 1)
        assert.same({ "A", "B" }, user.groups)
        assert.equal(3, user.sites)
        assert.equal(1, snapshot:total())
      end
    end)

    it("has groups or not", function()
      for _, fields in ipairs { "", ',"groups":[]', ',"groups":null' } do
        assert.same({}, value(fields, "groups"))
      end
      local names = {}
      for i = 1, 513 do
        names[i] = "Group " .. i
      end
      local text = one((',"groups":["%s"]'):format(table.concat(names, '","')))
      assert.same(names, value((',"groups":["%s"]'):format(table.concat(names, '","')), "groups"))
      assert.same(names, rows.read(text, 50):group_names())
      -- PHP writes a list with a gap as an object
      assert.same({ "A", "B" }, value(',"groups":{"0":"A","2":"B"}', "groups"))
      assert.same({}, value(',"groups":{}', "groups"))
      refused("unexpected_shape", one ',"groups":{"0":"A","x":"B"}')
      refused("unexpected_shape", one ',"groups":{"":"A"}')
      refused("unexpected_shape", one ',"groups":{"0":["A"]}')
      refused("unexpected_shape", one ',"groups":{"0":null}')
      refused("duplicate_key", one ',"groups":{"0":"A","0":"B"}')
      refused("unexpected_shape", one ',"groups":"A"')
      refused("unexpected_shape", one ',"groups":[1]')
      refused("unexpected_shape", one ',"groups":["A",null]')
      refused("unexpected_shape", one ',"groups":["A",["B"]]')
    end)

    it("has at most 65,535 groups", function()
      local function groups(count)
        return one(',"groups":[' .. ('"A",'):rep(count - 1) .. '"A"]')
      end
      assert.equal(65535, #value(groups(65535):match ',"groups".-%]', "groups"))
      assert.equal("too_large", select(2, rows.feed(groups(65536))))
    end)
  end)

  describe("ids", function()
    local function ids(first, ...)
      local users = {}
      for i, id in ipairs(type(first) == "table" and first or { first, ... }) do
        users[i] = ('"%s":{"username":"u%d@x.example"}'):format(id, i)
      end
      return '{"Users":{' .. table.concat(users, ",") .. "}}"
    end

    it("are numbers of up to 18 digits", function()
      assert.equal(0, rows.user(rows.read(ids "0"), 1).id)
      assert.equal(12345678, rows.user(rows.read(ids "12345678"), 1).id)
      assert.equal(123456789, rows.user(rows.read(ids("1", "123456789")), 2).id)
      assert.equal(999999999999999999, rows.user(rows.read(ids("1", "999999999999999999")), 2).id)
      for _, id in ipairs { "", "x", "1x", "-1", "1.5", " 1", "1000000000000000000", "\\u0031" } do
        refused("unexpected_shape", ids(id))
        refused("unexpected_shape", ids("1", id))
      end
    end)

    it("may come in any order, but once", function()
      local list = {}
      for i = 1, 3000 do
        list[i] = tostring(i * 7919 % 3001)
      end
      local snapshot = rows.read(ids(list))
      assert.equal(3000, #snapshot)
      refused("duplicate_key", ids("1", "1"))
      refused("duplicate_key", ids("1", "2", "1"))
      refused("duplicate_key", ids("5", "3", "9", "3"))
      refused("duplicate_key", ids("5", "3", "9", "05"))
      list[3001] = "17"
      assert.equal("duplicate_key", select(2, rows.feed(ids(list))))
    end)

    it("in any order do not stop a reading row by row", function()
      -- 20,000 falling ids, taken as they come
      local snapshot, met = core.snapshot(100), 0
      assert(snapshot:feed '{"Users":{')
      for i = 20000, 1, -1 do
        assert(snapshot:feed(('%s"%d":{"username":"u%d@x"}'):format(i < 20000 and "," or "", i, i)))
        if i % 50 == 0 then
          met = met + #snapshot:take()
        end
      end
      local ok, _, code = snapshot:feed ',"19999":{"username":"again@x"}'
      assert.is_nil(ok)
      assert.equal("duplicate_key", code)
      assert.equal(20000, met + #snapshot)
    end)
  end)

  describe("a reply", function()
    it("may lack everything but Users", function()
      for _, text in ipairs {
        '{"Users":[]}',
        '{"Users":{}}',
        '{"Users":[],"Groups":[]}',
        ' {"Users":[ ]}\n',
      } do
        local snapshot = rows.read(text)
        assert.equal(0, #snapshot)
        assert.same({}, snapshot:group_names())
        assert.same({}, snapshot:invited())
        assert.is_nil(snapshot:total())
        assert.is_nil(snapshot:count())
        assert.is_nil(snapshot:refusal())
        assert.is_nil(snapshot:find "ann@x.example")
      end
    end)

    it("says how many there are, as numbers or strings", function()
      local snapshot = rows.read '{"total":1234567,"count":"2000","Users":[]}'
      assert.equal(1234567, snapshot:total())
      assert.equal(2000, snapshot:count())
      local odd = { "null", '"x"', "-1", "1.5", "[]", "{}", "true", '""', "4294967296" }
      for _, text in ipairs(odd) do
        refused("unexpected_shape", ('{"total":%s,"Users":[]}'):format(text))
        refused("unexpected_shape", ('{"count":%s,"Users":[]}'):format(text))
      end
    end)

    it("must have the shape of one", function()
      for _, text in ipairs {
        '{"Users":null}',
        '{"Users":"x"}',
        '{"Users":[1]}',
        '{"Users":[{}]}',
        '{"Users":[],"Groups":"x"}',
        '{"Users":[],"Groups":["A"]}',
        '{"Users":[],"Groups":{"A":null}}',
        '{"Users":[],"Groups":{"A":{"b":"c"}}}',
        '{"Users":[],"Groups":{"A":{"0":1}}}',
        '{"Users":[],"Groups":{"A":[1]}}',
        '{"Users":[],"Groups":{"A":[["b"]]}}',
        '{"Users":[],"invited":{"a":"b"}}',
        '{"Users":[],"invited":{"0":{}}}',
        '{"Users":[],"invited":"x"}',
        '{"Users":[],"invited":[1]}',
        '{"total":0,"count":0}',
        "{}",
      } do
        refused("unexpected_shape", text)
      end
    end)

    it("may have lists that came as objects with numbers for keys", function()
      local text = '{"Users":{"7":{"username":"a@x.example","groups":{"4":"A"}}},'
        .. '"Groups":{"A":{"0":"a@x.example","5":"b@x.example"},"B":{}},'
        .. '"invited":{"3":"b@x.example","1":"c@x.example"}}'
      for _, piece in ipairs { #text, 1, 7 } do
        local snapshot = rows.read(text, piece)
        assert.same({ "A" }, rows.user(snapshot, 1).groups)
        assert.same({ "a@x.example", "b@x.example" }, snapshot:members "A")
        assert.same({}, snapshot:members "B")
        assert.same({ "b@x.example", "c@x.example" }, snapshot:invited())
      end
      refused("duplicate_key", '{"Users":[],"invited":{"0":"a","0":"b"}}')
      refused("duplicate_key", '{"Users":[],"Groups":{"A":{"0":"a","0":"b"}}}')
    end)

    it("is refused with the place in words", function()
      for text, place in pairs {
        ['{"Users":{"7":{"username":"a@x.example","disabled":null}}}'] = "user 7, 'disabled'",
        ['{"Users":{"7":{"username":"a@x.example","groups":5}}}'] = "user 7, 'groups'",
        ['{"Users":{"7":{"username":"a@x.example","groups":["A",5]}}}'] = "user 7, 'groups'",
        ['{"Users":{"7":{"fullname":"Ann"}}}'] = "user 7",
        ['{"Users":{"7":5}}'] = "user 7",
        ['{"Users":{"x":5}}'] = "Users",
        ['{"Users":5}'] = "Users",
        ['{"Users":[],"Groups":{"A":5}}'] = "group 'A'",
        ['{"Users":[],"Groups":{"A":["b",5]}}'] = "group 'A'",
        ['{"Users":[],"invited":"x"}'] = "invited",
        ['{"Users":[],"total":"x"}'] = "total",
        ['{"total":1}'] = "there is no 'Users'",
      } do
        local snapshot = core.snapshot()
        local ok, message = snapshot:feed(text)
        if ok then
          ok, message = snapshot:finish()
        end
        assert.is_nil(ok, text)
        assert.truthy(message:find("(" .. place .. ", at byte ", 1, true), message)
      end
    end)

    it("has no key twice", function()
      refused("duplicate_key", '{"Users":[],"Users":[]}')
      refused("duplicate_key", '{"Users":[],"\\u0055sers":{}}')
      refused("duplicate_key", '{"total":1,"total":1,"Users":[]}')
      refused("duplicate_key", '{"Users":[],"x":1,"x":2}')
      refused("duplicate_key", '{"Users":[],"Groups":{"A":[],"A":[]}}')
      refused("duplicate_key", '{"Users":[],"Groups":{"A":[],"\\u0041":[]}}')
    end)

    it("may have keys that nobody knows", function()
      local snapshot =
        rows.read '{"new":{"Users":{"1":2}},"Users":[],"more":[1,{"a":"b"}],"x":null}'
      assert.equal(0, #snapshot)
      refused("duplicate_key", '{"new":{"a":1,"a":2},"Users":[]}')
    end)

    it("ends where it ends", function()
      refused("trailing_data", '{"Users":[]}{}')
      refused("trailing_data", '{"Users":[]}x')
      refused("cut_short", '{"Users":[]')
      refused("cut_short", '{"Users":{"1":{"username":"a"}')
      local snapshot = rows.read '{"Users":[]}'
      assert.is_true(snapshot:finish())
      assert.is_true(snapshot:feed "")
      local ok, message, code, position = snapshot:feed "{"
      assert.is_nil(ok)
      assert.equal("trailing_data", code)
      assert.equal(12, position)
      assert.equal("the reply is not acceptable: more text after the end (at byte 12)", message)
    end)

    it("that is cut anywhere is none", function()
      local text = '{"total":2,"count":2,"Users":{"1":{"username":"ann@x.example",'
        .. '"fullname":"A \\u00e9",'
        .. '"sites":12,"totalscore":"83.2","groups":["A","B"],"attribs":{"a":"b"}},'
        .. '"2":{"username":"bob@x.example"}},"Groups":{"A":["ann@x.example"]},'
        .. '"invited":["c@x.example"]}'
      for length = 1, #text - 1 do
        for _, piece in ipairs { length, 1, 30 } do
          local snapshot, code = rows.feed(text:sub(1, length), piece)
          assert.is_truthy(code == "cut_short" or code == "bad_number", length)
          assert.equal(code, select(3, snapshot:finish()) or nil)
        end
      end
      assert.equal(2, #rows.read(text))
    end)

    it("may come with or without the second list of names in any spelling", function()
      for _, key in ipairs { "invited", "Invited" } do
        local snapshot = rows.read(
          (
            '{"Users":{"1":{"username":"Ann@x.example"},"2":{"username":"bob@x.example",'
            .. '"disabled":true}},'
            .. '"%s":["ann@X.example","bob@x.example","zed@x.example"]}'
          ):format(key)
        )
        assert.same({ "ann@X.example", "bob@x.example", "zed@x.example" }, snapshot:invited())
        assert.equal("invited", rows.user(snapshot, 1).status)
        assert.equal("disabled", rows.user(snapshot, 2).status)
      end
      assert.same({}, rows.read('{"Users":[],"invited":null}'):invited())
    end)
  end)

  describe("what is no directory", function()
    it("is kept to be judged", function()
      for text, kept in pairs {
        ['{"status":"FAIL","error":"no"}'] = '{"status":"FAIL","error":"no"}',
        ['{ "status" : "FAIL" , "errors" : [ {"b":1} ] }'] = '{"status":"FAIL","errors":[{"b":1}]}',
        ['{"x":1,"message":"Use \\u00e9","y":[]}'] = '{"message":"Use \\u00e9"}',
        ['{"\\u0073tatus":"FAIL"}'] = '{"status":"FAIL"}',
        ['{"Users":[],"status":"WARN"}'] = '{"status":"WARN"}',
        ['{"error":null}'] = '{"error":null}',
        ["[]"] = "[]",
        ["[1]"] = "[1]",
        ['<?xml?>\n<lastpass rc="Error"/>\n'] = '<?xml?>\n<lastpass rc="Error"/>\n',
        ["Bad gateway"] = "Bad gateway",
        ["\n \t<html>"] = "<html>",
        [""] = "",
        [" \n"] = "",
      } do
        for _, piece in ipairs { 1000, 1, 3 } do
          local snapshot, code = rows.feed(text, piece)
          assert.is_nil(code, text)
          assert.equal(kept, snapshot:refusal())
          assert.is_true(snapshot:finish()) -- a second time changes nothing
          assert.equal(kept, snapshot:refusal())
          assert.equal(0, #snapshot)
        end
      end
    end)

    it("is kept up to 64 KiB", function()
      local snapshot = rows.feed("<" .. ("x"):rep(200000), 1000)
      assert.equal(65536, #snapshot:refusal())
    end)

    it("is no refusal while users come", function()
      assert.is_nil(
        rows.read('{"Users":{"1":{"username":"a","status":"FAIL","error":"x"}}}'):refusal()
      )
    end)
  end)

  describe("find", function()
    it("does not mind the case of letters", function()
      local snapshot = rows.read(
        '{"Users":{"1":{"username":"Ann.Lee@Acme.Example"},"2":{"username":"b[@x"},'
          .. '"3":{"username":"b{@x"},'
          .. '"4":{"username":"J\\u00d6rg@x"},"5":{"username":"a"},"6":{"username":"_@`"}}}'
      )
      for _, address in ipairs {
        "Ann.Lee@Acme.Example",
        "ann.lee@acme.example",
        "ANN.LEE@ACME.EXAMPLE",
      } do
        assert.equal(1, snapshot:find(address))
      end
      assert.equal(2, snapshot:find "B[@X")
      assert.equal(3, snapshot:find "B{@X")
      assert.equal(4, snapshot:find "j\195\150RG@X")
      assert.equal(4, snapshot:find "j\195\182rg@x")
      assert.equal(5, snapshot:find "A")
      assert.equal(6, snapshot:find "_@`")
      for _, address in ipairs {
        "",
        "b",
        "ann.lee@acme.example ",
        "\127@`",
        "_@@",
        "ann.lee@acme.exampl",
      } do
        assert.is_nil(snapshot:find(address), address)
      end
    end)

    it("knows everybody of many, and nobody else", function()
      local users = {}
      for i = 1, 5000 do
        users[i] = ('"%d":{"username":"%s%d@x.example"}'):format(i, ("n"):rep(i % 40), i)
      end
      local snapshot = rows.read('{"Users":{' .. table.concat(users, ",") .. "}}")
      for i = 1, 5000 do
        assert.equal(i, snapshot:find(("N"):rep(i % 40) .. i .. "@X.example"))
        assert.is_nil(snapshot:find(("n"):rep(i % 40 + 1) .. i .. "@x.example"))
      end
    end)

    it("names the first of several with one address", function()
      local snapshot = rows.read '{"Users":{"1":{"username":"a@x"},"2":{"username":"A@x"}}}'
      assert.equal(1, snapshot:find "A@X")
    end)

    it("knows who came after it was asked", function()
      local snapshot = core.snapshot()
      assert(snapshot:feed '{"Users":{"1":{"username":"a@x"},')
      assert.equal(1, snapshot:find "a@x")
      assert.is_nil(snapshot:find "b@x")
      assert(snapshot:feed '"2":{"username":"b@x"},"3":{"username":"c@x"}},"invited":["b@x"]}')
      assert.equal(2, snapshot:find "b@x")
      assert.equal("invited", rows.user(snapshot, 2).status)
    end)
  end)

  describe("members", function()
    local snapshot = rows.read(
      '{"Users":{"1":{"username":"ann@x","groups":["A"]},"2":{"username":"bob@x",'
        .. '"groups":["A","A","C"]},'
        .. '"3":{"username":"cid@x"}},"Groups":{"A":["BOB@x","cid@x","new@x","NEW@x"],'
        .. '"B":["ann@x"],"D":[]}}'
    )

    it("are what users and Groups say together, nobody twice", function()
      assert.same({ "ann@x", "bob@x", "cid@x", "new@x" }, snapshot:members "A")
      assert.same({ "ann@x" }, snapshot:members "B")
      assert.same({ "bob@x" }, snapshot:members "C")
      assert.same({}, snapshot:members "D")
      assert.is_nil(snapshot:members "a")
      assert.is_nil(snapshot:members "")
      assert.same({ "A", "C", "B", "D" }, snapshot:group_names())
    end)

    it("are counted as they are listed", function()
      for _, name in ipairs(snapshot:group_names()) do
        assert.equal(#snapshot:members(name), snapshot:member_count(name))
      end
      assert.equal(4, snapshot:member_count "A")
      assert.is_nil(snapshot:member_count "a")
    end)

    it("may have long and strange names", function()
      local long = ("x"):rep(300) .. "\\u00e9\\/"
      local list = '"' .. long .. '","short","' .. long .. 'y","\195\169"'
      local text = ('{"Users":[],"Groups":{"G":[%s],"":[%s]}}'):format(list, list)
      local plain = ("x"):rep(300) .. "\195\169/"
      for _, piece in ipairs { #text, 1, 50, 500 } do
        local read = rows.read(text, piece)
        assert.same({ plain, "short", plain .. "y", "\195\169" }, read:members "G")
        assert.same({ plain, "short", plain .. "y", "\195\169" }, read:members "")
      end
    end)
  end)

  describe("duplicates", function()
    local function duplicates(...)
      local users = {}
      for place, email in ipairs { ... } do
        users[place] = ('"%d":{"username":"%s"}'):format(place, email)
      end
      return rows.read(('{"Users":{%s}}'):format(table.concat(users, ","))):duplicates()
    end

    it("are all rows of an address that several have", function()
      assert.same({}, duplicates())
      assert.same({}, duplicates("a@x", "b@x"))
      assert.same({ 2, 3 }, duplicates("a@x", "b@x", "B@x"))
      assert.same({ 1, 3, 4, 2, 5 }, duplicates("a@x", "b@x", "A@x", "a@X", "B@X"))
    end)
  end)

  describe("members without a row", function()
    it("are members who are no users, with their groups", function()
      local snapshot = rows.read(
        '{"Users":{"1":{"username":"ann@x","groups":["A"]}},'
          .. '"Groups":{"A":["ANN@x","New@x"],"B":["new@X","other@x","new@x"],"C":[]},'
          .. '"invited":["new@x"]}'
      )
      assert.same(
        { ["new@x"] = { "A", "B", "B" }, ["other@x"] = { "B" } },
        snapshot:members_without_row()
      )
      assert.same({}, rows.read('{"Users":{}}'):members_without_row())
    end)
  end)

  describe("append", function()
    local first = '{"total":3,"count":2,"Users":{"1":{"username":"ann@x","groups":["A","B"],'
      .. '"attribs":{"a":"b"}},'
      .. '"2":{"username":"bob@x","multifactor":"duo","linked":"l@x"}},'
      .. '"Groups":{"A":["ann@x"]},"invited":["i@x"]}'
    local second = '{"total":3,"count":2,"Users":{"2":{"username":"bob@x","groups":["Z"]},'
      .. '"3":{"username":"cid@x","groups":["C","A"],"fullname":"Cid"}},'
      .. '"Groups":{"A":["cid@x","late@x"],"E":[]},"invited":["ann@x"]}'

    it("leaves out who is there already, and counts them", function()
      local whole = core.snapshot()
      assert.equal(0, whole:append(rows.read(first)))
      assert.equal(1, whole:append(rows.read(second)))
      assert.equal(3, #whole)
      local users = rows.users(whole:seal())
      assert.same({ "ann@x", "bob@x", "cid@x" }, { users[1].email, users[2].email, users[3].email })
      assert.same({ "A", "B" }, users[1].groups)
      assert.same({}, users[2].groups)
      assert.same({ "C", "A" }, users[3].groups)
      assert.equal('{"a":"b"}', users[1].attributes)
      assert.equal("duo", users[2].mfa)
      assert.equal("l@x", users[2].linked_account)
      assert.equal("Cid", users[3].fullname)
      assert.equal("invited", users[1].status)
      assert.same({ "ann@x", "cid@x", "late@x" }, whole:members "A")
      assert.same({}, whole:members "E")
      assert.same({ "i@x", "ann@x" }, whole:invited())
      assert.equal(3, whole:find "CID@x")
    end)

    it("works in any order, and again and again", function()
      local whole = core.snapshot()
      assert.equal(0, whole:append(rows.read(second)))
      assert.equal(1, whole:append(rows.read(first)))
      for _ = 1, 3 do
        assert.equal(2, whole:append(rows.read(first)))
        assert.equal(2, whole:append(rows.read(second)))
      end
      assert.equal(3, #whole)
      assert.equal(3, whole:find "ann@x")
      assert.equal(0, whole:append(rows.read '{"Users":[]}'))
      assert.equal(0, whole:append(core.snapshot()))
    end)

    it("finds who was appended after a look", function()
      local whole = core.snapshot()
      whole:append(rows.read(first))
      assert.is_nil(whole:find "cid@x")
      whole:append(rows.read(second))
      assert.equal(3, whole:find "cid@x")
    end)

    it("needs replies that were read to their end", function()
      local page, whole = core.snapshot(), core.snapshot()
      assert(page:feed(first:sub(1, 100)))
      assert.has_error(function()
        whole:append(page)
      end)
      assert.has_error(function()
        page:append(whole)
      end)
      assert.has_error(function()
        whole:append(whole)
      end)
      assert(page:feed(first:sub(101)))
      assert(page:finish())
      assert.equal(0, whole:append(page))
      local bad = rows.feed(first:sub(1, 90))
      assert.has_error(function()
        whole:append(bad)
      end)
    end)

    it("puts many pages together as if they had been one", function()
      local random = fuzz.random(7)
      local users, pages = {}, {}
      for i = 1, 500 do
        users[i] = (
          '"%d":{"username":"u%d@x","groups":["G%d","G%d"],"sites":%d,'
          .. '"fullname":"F\\u00e9 %d"}'
        ):format(i * 3, i, random:upto(40), random:upto(40) + 40, i % 100, i)
      end
      for at = 1, 500, 25 do
        pages[#pages + 1] = '{"Users":{' .. table.concat(users, ",", at, at + 24) .. "}}"
      end
      local one_reply = rows.read('{"Users":{' .. table.concat(users, ",") .. "}}")
      local whole = core.snapshot()
      for _, page in ipairs(pages) do
        assert.equal(0, whole:append(rows.read(page)))
      end
      assert.equal(rows.outline(one_reply), rows.outline(whole:seal()))
    end)
  end)

  describe("take", function()
    local text = '{"total":3,"count":3,"invited":["i@x","j@x"],'
      .. '"Users":{"1":{"username":"ann@x","fullname":"Ann \\u00e9",'
      .. '"multifactor":"duo","groups":["A","B"],"attribs":{"a":{"b":"c"}},"linked":"l@x",'
      .. '"new":[1,2]},'
      .. '"2":{"username":"bob@x","duousername":"bob@x","multifactor":"duo","sites":12,'
      .. '"groups":["B","C\\/D"]},'
      .. '"3":{"username":"cid@x","admin":true,"disabled":"1"}},"Groups":{"A":["ann@x"]}}'

    local function taken(at)
      local snapshot, list = core.snapshot(1), {}
      local function collect()
        local part = snapshot:take()
        for row = 1, part and #part or 0 do
          list[#list + 1] = rows.user(part, row)
        end
        return part
      end
      assert(snapshot:feed(text:sub(1, at)))
      collect()
      assert(snapshot:feed(text:sub(at + 1)))
      assert(snapshot:finish())
      assert.is_truthy(collect())
      assert.equal(0, #snapshot)
      assert.same({ "i@x", "j@x" }, snapshot:invited())
      assert.equal(3, snapshot:total())
      return list
    end

    it("gives the same users at whatever byte it comes", function()
      local whole = rows.users(rows.read(text))
      for at = 0, #text do
        assert.same(whole, taken(at), at)
      end
    end)

    it("gives nothing twice, byte by byte", function()
      local snapshot, list = core.snapshot(1), {}
      for at = 1, #text do
        assert(snapshot:feed(text:sub(at, at)))
        local part = snapshot:take()
        for row = 1, part and #part or 0 do
          list[#list + 1] = rows.user(part, row)
        end
      end
      assert(snapshot:finish())
      assert.same(rows.users(rows.read(text)), list)
    end)

    it("hands over what stays when the snapshot goes", function()
      local snapshot = core.snapshot(1)
      assert(snapshot:feed(text))
      local part = snapshot:take()
      snapshot = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert.equal(3, #part)
      assert.equal("cid@x", rows.user(part, 3).email)
      assert.equal(2, part:find "BOB@x")
      assert.is_nil(part:refusal())
      local ok, _, code = part:feed "x"
      assert.is_nil(ok)
      assert.equal("trailing_data", code)
    end)

    it("is refused in the middle of Groups", function()
      local snapshot = core.snapshot()
      assert(snapshot:feed(text:match "^.*ann@x"))
      assert.is_nil(snapshot:take())
      assert(snapshot:feed '"]}}')
      assert.equal(3, #snapshot:take())
    end)
  end)

  describe("reset", function()
    it("begins anew, after anything", function()
      local snapshot = core.snapshot(10)
      for _, text in ipairs { "", '{"Users":{"1":{"username":"a', "<html>", "{x" } do
        snapshot:feed(text)
        snapshot:reset()
        local again = rows.feed(
          '{"total":1,"Users":{"1":{"username":"b@x"}},"Groups":{"A":["c@x"]}}',
          7,
          snapshot
        )
        assert.equal(1, #again)
        assert.equal(1, again:find "b@x")
        assert.same({}, again:group_names()) -- row by row, Groups is passed over
        snapshot:reset()
        assert.equal(0, #snapshot)
        assert.is_nil(snapshot:total())
      end
    end)
  end)

  it("is the same however its bytes are cut, on 100,000 damaged replies", function()
    -- pieces of up to 48 bytes never go the fast way
    local random = fuzz.random(42)
    local good, bad = 0, 0
    local function piece()
      return random:upto(48)
    end
    for round = 1, fuzz.rounds(100000) do
      local text = directory.reply(random, 3)
      if round % 10 > 3 then
        text = fuzz.damaged(random, text, random:upto(3))
      end
      local whole, code, position = rows.feed(text)
      local cut, cut_code, cut_position = rows.feed(text, piece)
      if code ~= cut_code or position ~= cut_position then
        error(("%s at %s, %s at %s: %q"):format(code, position, cut_code, cut_position, text))
      elseif not code and rows.outline(whole) ~= rows.outline(cut) then
        error(("not the same: %q\n%s\n%s"):format(text, rows.outline(whole), rows.outline(cut)))
      end
      good, bad = good + (code and 0 or 1), bad + (code and 1 or 0)
    end
    assert.is_true(good > fuzz.rounds(20000), good)
    assert.is_true(bad > fuzz.rounds(20000), bad)
  end)

  it("is the same with blanks between all of its tokens", function()
    local random = fuzz.random(5)
    local function spaced(text)
      local parts, at = {}, 1
      while at <= #text do
        local quote = text:find('"', at, true) or #text + 1
        parts[#parts + 1] = text:sub(at, quote - 1):gsub("[,:{}%[%]]", " %0\n")
        local stop = quote
        repeat
          stop = text:find('["\\]', stop + 1) or #text
          local escape = text:sub(stop, stop) == "\\"
          stop = escape and stop + 1 or stop
        until not escape
        parts[#parts + 1] = text:sub(quote, stop)
        at = stop + 1
      end
      return table.concat(parts)
    end
    for _ = 1, fuzz.rounds(5000) do
      local text = directory.reply(random)
      local plain, code = rows.feed(text)
      local wide, wide_code = rows.feed(spaced(text))
      assert.equal(code, wide_code, text)
      if not code then
        assert.equal(rows.outline(plain), rows.outline(wide), text)
      end
    end
  end)

  it("bears a collector that never rests", function()
    local pause, step = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
    local text = directory.reply(fuzz.random(3), 40)
    local outline = rows.outline(rows.read(text))
    for piece = 20, 400, 40 do
      assert.equal(outline, rows.outline(rows.read(text, piece)))
      local snapshot = core.snapshot(1)
      for at = 1, #text, piece do
        snapshot:feed(text:sub(at, at + piece - 1))
        snapshot:take()
      end
    end
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", step)
  end)

  it("counts memberships, and the admins who can log in", function()
    local text = '{"Users":{"1":{"username":"a@x","admin":true,"groups":["A","B"]},'
      .. '"2":{"username":"b@x","admin":true,"disabled":true,"groups":["A"]},'
      .. '"3":{"username":"c@x","admin":true},"4":{"username":"d@x","groups":["C"]}},'
      .. '"invited":["c@x"]}'
    assert.same({ 4, 1 }, { rows.read(text):counts() })
    assert.same({ 0, 0 }, { rows.read('{"Users":[]}'):counts() })
  end)

  it("says what it is and what it holds", function()
    local snapshot = rows.read '{"Users":{"1":{"username":"a@x"}}}'
    assert.equal("lastpass.snapshot (1 users)", tostring(snapshot))
    assert.is_true(snapshot:memory() > 0)
    assert.equal(1, snapshot:length())
    getmetatable(snapshot).__gc(snapshot) -- what the collector does
    assert.equal("lastpass.snapshot (closed)", tostring(snapshot))
    getmetatable(snapshot).__gc(snapshot)
  end)

  it("says that it is closed, and not that the company is empty", function()
    local text = '{"Users":{"1":{"username":"a@x"}},"Groups":{"G":["a@x","b@x"]},"invited":["b@x"]}'
    local open, snapshot = rows.read(text), rows.read(text)
    snapshot:close()
    snapshot:close()
    local methods, asked = getmetatable(snapshot).__index, 0
    for name in pairs(methods) do
      if name ~= "close" then
        asked = asked + 1
        local argument = name == "append" and open or "G"
        local ok, message = pcall(methods[name], snapshot, argument)
        assert.is_false(ok, name)
        assert.truthy(message:find("the snapshot is closed", 1, true), name .. ": " .. message)
      end
    end
    assert.is_true(asked >= 19)
    for _, ask in ipairs {
      function()
        return #snapshot
      end,
      function()
        return core.user_value(snapshot, 1, core.user_fields.email)
      end,
      function()
        return core.user_id(snapshot, 1)
      end,
      function()
        return open:append(snapshot)
      end,
    } do
      assert.error_matches(ask, "the snapshot is closed")
    end
    assert.equal(1, #open)
  end)

  it("refuses rows and fields that are not there", function()
    local snapshot = rows.read '{"Users":{"1":{"username":"a@x"}}}'
    for _, row in ipairs { 0, 2, -1 } do
      assert.has_error(function()
        core.user_value(snapshot, row, core.user_fields.email)
      end)
    end
    for _, field in ipairs { 0, 26, -1 } do
      assert.has_error(function()
        core.user_value(snapshot, 1, field)
      end)
    end
    assert.has_error(function()
      core.user_value({}, 1, 1)
    end)
    assert.has_error(function()
      snapshot:feed(nil)
    end)
  end)
end)
