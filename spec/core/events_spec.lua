-- Replies of reporting as rows: what is read, what is refused and where, times, and what is written.
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local json = require "lastpass.json"
local support = require "spec.support.events"

local function read(text, piece)
  local rows = core.events()
  piece = piece or math.max(#text, 1)
  for at = 1, #text, piece do
    local ok, message, code, position = rows:feed(text:sub(at, at + piece - 1))
    if not ok then
      return nil, message, code, position
    end
  end
  local ok, message, code, position = rows:finish()
  if not ok then
    return nil, message, code, position
  end
  return rows
end

local function told(rows)
  local list = {}
  for row = 1, #rows do
    list[row] = table.concat({
      rows:at(row, "local_time"),
      rows:at(row, "username"),
      rows:at(row, "address"),
      rows:at(row, "action"),
      rows:at(row, "data"),
    }, "|")
  end
  return list
end

describe("core.events", function()
  it("reads a page, newest first", function()
    local rows = support.rows({
      { "2026-03-01 10:00:05", "ann@acme.com", "10.0.0.1", "Log in", 'a"\\\n\1é😀' },
      { "2026-03-01 10:00:04", "", "", "Site added", "" },
    }, '"1772377204123456"')
    assert.equal(2, #rows)
    assert.same({
      '2026-03-01 10:00:05|ann@acme.com|10.0.0.1|Log in|a"\\\n\1é😀',
      "2026-03-01 10:00:04|||Site added|",
    }, told(rows))
    assert.equal("1772377204123456", rows:next())
    assert.is_nil(rows:refusal())
    assert.is_true(rows:memory() > 0)
    assert.matches("2 events", tostring(rows))
  end)

  it("reads the same however the reply is cut, and in any order of fields", function()
    local text = '{"next":1772377204123456, "status":"ok","data":{'
      .. '"Event2":{"Action":"Log in","Data":null,"Time":"2026-03-01 10:00:00","ID":"9"} ,'
      .. '"Event10":{"Time":"no time","Data":"x"},\n'
      .. '"Event1":{"Time":"2026-03-01 10:00:01","Username":"\\u00e9","IP_Address":"::1",'
      .. '"Action":"S\\u00edte","Data":"'
      .. ("y"):rep(400)
      .. '"}}}'
    local whole = assert(read(text))
    assert.same({
      "2026-03-01 10:00:01|é|::1|Síte|" .. ("y"):rep(400),
      "2026-03-01 10:00:00|||Log in|",
      "no time||||x",
    }, told(whole))
    assert.equal("1772377204123456", whole:next())
    for piece = 1, 30 do
      assert.same(told(whole), told(assert(read(text, piece))))
    end
  end)

  it("reads damaged pages as a whole as it reads them in pieces", function()
    local random = fuzz.random(5)
    local good = support.reply {
      { "2026-03-01 10:00:05", "ann", "10.0.0.1", "Log in", "VID: 1 from é" },
      { "2026-03-01 10:00:04", "bob", "", "Site added", "" },
      { "2026-03-01 10:00:03", "bob", "", "Site added", ("z"):rep(300) },
    }
    for _ = 1, fuzz.rounds(2000) do
      local text = fuzz.damaged(random, good)
      local whole, _, code, position = read(text)
      local cut, _, cut_code, cut_position = read(text, random:upto(60))
      assert.equal(code, cut_code)
      assert.equal(position, cut_position)
      if whole then
        assert.same(told(whole), told(cut))
      end
    end
  end)

  it("turns a page round that comes oldest first", function()
    local rows = support.rows {
      { "2026-03-01 05:00:00", "a" },
      { "2026-03-01 08:00:00", "b" },
      { "2026-03-01 10:00:00", "c" },
    }
    assert.equal("c", rows:at(1, "username"))
    assert.equal("a", rows:at(3, "username"))
  end)

  local refused = {
    {
      "no JSON any more",
      '{"status":"OK","data":{"Event1":{"Time":}}}',
      "unexpected_character",
      40,
    },
    { "cut", '{"status":"OK","data":{"Event1":{"Time":"2026', "cut_short" },
    { "a number for a text", '{"status":"OK","data":{"Event1":{"Data":7}}}', "unexpected_shape" },
    { "an event that is none", '{"status":"OK","data":{"Event1":"x"}}', "unexpected_shape" },
    { "a key without a number", '{"status":"OK","data":{"Event":{}}}', "unexpected_shape" },
    { "events in a list", '{"status":"OK","data":[{}]}', "unexpected_shape" },
    { "a number twice", '{"status":"OK","data":{"Event1":{},"Event1":{}}}', "duplicate_key" },
    {
      "a field twice",
      '{"status":"OK","data":{"Event1":{"Data":"a","Data":"b"}}}',
      "duplicate_key",
    },
    { "a key of the reply twice", '{"status":"OK","status":"OK"}', "duplicate_key" },
    { "a continuation that is none", '{"status":"OK","next":"12a","data":[]}', "unexpected_shape" },
    {
      "a lone surrogate",
      '{"status":"OK","data":{"Event1":{"Data":"\\ud800"}}}',
      "lone_surrogate",
    },
    { "broken UTF-8", '{"status":"OK","data":{"Event1":{"Data":"\255"}}}', "invalid_utf8" },
    { "more behind the end", '{"status":"OK","data":[]}x', "trailing_data" },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1] .. ", and says where", function()
      local rows, message, code, position = read(case[2])
      assert.is_nil(rows)
      assert.equal(case[3], code)
      assert.matches("at byte %d+", message)
      assert.equal(case[4] or position, position)
      assert.is_number(position)
    end)
  end

  it("keeps what is no list of events, to be judged elsewhere", function()
    for _, text in ipairs {
      '{"status":"FAIL","error":"Please select a valid user."}',
      '{"status":"WARN","data":{"Event1":{}}}',
      '{"data":{"Event1":{}}}',
      '{"status":"OK"}',
      '<?xml version="1.0"?><lastpass rc="Authorization Error"/>',
      "[]",
    } do
      assert.equal(text, assert(read(text)):refusal())
    end
    assert.equal("cut_short", select(3, read ""))
    assert.is_nil(assert(read '{"status":"OK","data":[]}'):refusal())
  end)

  it("can be asked only when the reply has ended", function()
    local rows = core.events()
    rows:feed '{"status":"OK"'
    assert.has_error(function()
      rows:next()
    end)
    rows:reset()
    assert.equal(0, #rows)
    assert(rows:feed(support.reply { { "2026-03-01 10:00:05" } }))
    assert(rows:finish())
    assert.equal(1, #rows)
    assert.has_error(function()
      rows:at(2, "data")
    end)
    rows:close()
    rows:close()
    assert.equal("lastpass.events (closed)", tostring(rows))
    local methods = getmetatable(rows).__index
    for name in pairs(methods) do
      if name ~= "close" then
        local ok, message = pcall(methods[name], rows, 1)
        assert.is_false(ok, name)
        assert.truthy(message:find("the events are closed", 1, true), name .. ": " .. message)
      end
    end
    assert.has_error(function()
      return #rows
    end)
  end)

  it("appends older pages, and knows the same event again", function()
    local first = support.rows({ { "2026-03-01 10:00:05" }, { "2026-03-01 10:00:04", "b" } }, "12")
    local second = support.rows { { "2026-03-01 10:00:04", "b" }, { "2026-03-01 10:00:03", "c" } }
    assert.is_true(first:same(2, second, 1))
    assert.is_false(first:same(1, second, 1))
    first:append(second, 1)
    assert.equal(3, #first)
    assert.equal("c", first:at(3, "username"))
    assert.equal("Log in", first:at(3, "action"))
    assert.is_nil(first:next())
    assert(first:identify() and second:identify())
    assert.equal(first:at(2, "digest"), second:at(1, "digest"))
    assert.is_not.equal(first:at(2, "digest"), first:at(3, "digest"))
    assert.has_error(function()
      first:append(first)
    end)
  end)

  -- Receivers and cursors keep them: they never change.
  it("knows an event by a hash of its texts, and by which of several equal ones it is", function()
    local sha256 = require "openssl.digest"
    local function digest(text)
      return sha256.new("sha256"):final(text):sub(1, 16)
    end
    local rows = support.rows {
      { "2026-03-01 10:00:05", "é", "", "Log in", "x" },
      { "2026-03-01 10:00:04", "b" },
      { "no time", "b" },
      { "2026-03-01 10:00:05", "é", "", "Log in", "x" },
    }
    assert.has_error(function()
      rows:at(1, "digest")
    end)
    assert.is_true(rows:identify())
    assert.equal(digest "2026-03-01 10:00:05 2:é 0: 1:x 0:Log in", rows:at(1, "digest"))
    assert.equal(digest "2026-03-01 10:00:04 1:b 11:203.0.113.7 0: 0:Log in", rows:at(2, "digest"))
    assert.equal(digest " 1:b 11:203.0.113.7 0: 7:no timeLog in", rows:at(3, "digest"))
    assert.equal(rows:at(1, "digest"), rows:at(4, "digest"))
    assert.same({ 2, 1, 1, 1 }, {
      rows:at(1, "ordinal"),
      rows:at(2, "ordinal"),
      rows:at(3, "ordinal"),
      rows:at(4, "ordinal"),
    })
    rows:append(support.rows { { "2026-03-01 10:00:04", "b" } })
    assert.is_true(rows:identify())
    assert.equal(2, rows:at(2, "ordinal"))
    assert.equal(1, rows:at(5, "ordinal"))
  end)

  it("gives UTC times, also in both of autumn's hours", function()
    local rows = support.clocked {
      { "2026-11-01 02:30:00" },
      { "2026-11-01 01:10:00" },
      { "2026-11-01 01:50:00" },
      { "2026-11-01 00:30:00" },
      { "2026-03-08 03:00:00" },
      { "2026-03-08 01:59:59" },
      { "no time" },
    }
    local expected = { 1793518200, 1793513400, 1793512200, 1793507400, 1772953200, 1772953199 }
    for row, utc in ipairs(expected) do
      assert.equal(utc, rows:at(row, "utc"))
      assert.is_false(rows:at(row, "ambiguous"))
    end
    assert.is_nil(rows:at(7, "utc"))
    assert.equal("no time", rows:at(7, "local_time"))
    assert.equal(1793518200, rows:newest())
  end)

  it("marks a time that may be either, unless one of them is still to come", function()
    local list = { { "2026-11-01 01:50:00" }, { "2026-11-01 01:10:00" } }
    local rows = support.clocked(list)
    assert.is_true(rows:at(1, "ambiguous"))
    assert.equal(1793512200, rows:at(1, "utc"))
    assert.equal(1793515800, rows:at(1, "last_utc"))
    rows = support.clocked(list, 1793512300)
    assert.is_false(rows:at(1, "ambiguous"))
    assert.equal(1793512200, rows:at(1, "utc"))
  end)

  it("drops what is not asked for", function()
    local rows = support.clocked {
      { "2026-03-01 10:00:03" },
      { "2026-03-01 10:00:02" },
      { "2026-03-01 10:00:01" },
      { "no time" },
    }
    local low, high = rows:range()
    assert.equal(2, high - low)
    assert.equal(4, rows:kept())
    rows:keep_civil(low, high - 1)
    assert.is_true(rows:at(1, "dropped"))
    assert.equal(3, rows:kept())
    rows:keep_utc(rows:at(2, "utc"), rows:at(2, "utc") + 1)
    assert.is_true(rows:at(3, "dropped"))
    rows:drop(2)
    assert.equal(1, rows:kept())
  end)

  it("points at Data that may hold a secret", function()
    local suspects = support
      .rows({
        { "", "", "", "", "VID: 12 from Shared-A" },
        { "", "", "", "", "password: hunter2" },
        { "", "", "", "", "'Shared-A' 'ann@acme.com' 'Read only:no Admin:no Hide PW:no'" },
        { "", "", "", "", ("0123456789abcdef"):rep(4) },
        { "", "", "", "", "Length of master password New value: 14" },
      })
      :suspects()
    assert.same({ 2, 4 }, suspects)
  end)
end)

describe("core.events_write", function()
  local function mapping(template, slots)
    return core.events_mapping({ template }, slots)
  end

  it("writes what a template says, oldest first", function()
    local rows = support.clocked {
      { "2026-03-01 10:00:05", "ann@acme.com", "10.0.0.1", "Log in", "VID: 1 from A" },
      { "2026-03-01 10:00:04", "API", "nowhere", "Odd", 'x"y' },
    }
    local m = mapping({
      { "slot", 1 },
      " ",
      { "time", "iso" },
      " ",
      { "time", "iso_milliseconds" },
      " ",
      { "time", "seconds" },
      " ",
      { "time", "milliseconds" },
      " ",
      { "text", "local_time", "json" },
      { "when", "email", { " email" }, { " no email" } },
      { "when", "ip", { " ip" }, { " no ip" } },
      { "when", "folder", { " in ", { "text", "folder", "json" } } },
      " [",
      { "targets", { between = ";", after = ">", item = "i<", folder = "f<" }, "json" },
      "] ",
      { "text", "data", "json" },
      "\n",
    }, 1)
    assert.same({ "Log in", "Odd" }, m:missing(rows))
    m:define("Log in", 1, "login", { "in" })
    m:define("Odd", 1, "none", { "odd" })
    assert.same({}, m:missing(rows))
    local text, count, passed = core.events_write(rows, m)
    assert.equal(2, count)
    assert.is_nil(passed)
    local times = "2026-03-01T15:00:0%dZ 2026-03-01T15:00:0%d.000Z 177237720%d 177237720%d000 "
      .. "2026-03-01 10:00:0%d"
    assert.equal(
      "odd "
        .. times:gsub("%%d", "4")
        .. ' no email no ip [] x\\"y\n'
        .. "in "
        .. times:gsub("%%d", "5")
        .. " email ip in A [i<VID: 1>;f<A>] VID: 1 from A\n",
      text
    )
    assert.same({ ["Log in"] = 1, Odd = 1 }, m:counts())
  end)

  it("stops when there is enough, and goes on", function()
    local list = {}
    for number = 1, 10 do
      list[number] = { "2026-03-01 10:00:05", tostring(number) }
    end
    local rows = support.rows(list)
    rows:drop(9)
    local m = mapping { { "text", "username", "json" }, "," }
    m:define("Log in", 1)
    local text, count, passed = core.events_write(rows, m, 0, 3)
    assert.equal("10,8,7,", text)
    assert.equal(3, count)
    local more
    more, count, passed = core.events_write(rows, m, passed, nil, 4)
    assert.equal("6,5,", more)
    assert.equal(2, count)
    more, count, passed = core.events_write(rows, m, passed)
    assert.equal("4,3,2,1,", more)
    assert.equal(4, count)
    assert.is_nil(passed)
  end)

  local nasty = 'a"b\\c|d=e]f\tg\nh\1i\127é😀' .. ("x"):rep(40) .. '"'

  it("writes any text as JSON that others read", function()
    local rows = support.rows { { "2026-03-01 10:00:05", nasty } }
    local m = mapping { '{"v":"', { "text", "username", "json" }, '"}' }
    m:define("Log in", 1)
    local value = assert(json.decode((core.events_write(rows, m))))
    assert.equal(nasty, value.v)
  end)

  it("escapes as each encoding wants it", function()
    local rows = support.rows { { "2026-03-01 10:00:05", 'a"b\\c|d=e]f\tg\nh' } }
    local expected = {
      csv = 'a""b\\c|d=e]f\tg\nh',
      cef = 'a"b\\\\c|d\\=e]f g\\nh',
      cef_header = 'a"b\\\\c\\|d=e]f g h',
      leef = 'a"b\\c|d=e]f g h',
      sd = 'a\\"b\\\\c|d=e\\]f g h',
      line = 'a"b\\c|d=e]f g h',
    }
    for encoding, text in pairs(expected) do
      local m = mapping { { "text", "username", encoding } }
      m:define("Log in", 1)
      assert.equal(text, (core.events_write(rows, m)), encoding)
    end
  end)

  it("blames templates that are wrong", function()
    for _, template in ipairs {
      { { "text", "colour", "json" } },
      { { "text", "data", "xml" } },
      { { "time", "roman" } },
      { { "slot", 2 } },
      { { "jump", 1 } },
      { { "when", "colour", {} } },
      { { "when", "data" } },
      { { "targets", {}, "xml" } },
      { 7 },
    } do
      assert.has_error(function()
        core.events_mapping({ template }, 1)
      end)
    end
    local m = mapping({ { "slot", 1 } }, 1)
    assert.has_error(function()
      core.events_write(support.rows { { "" } }, m)
    end)
    assert.has_error(function()
      m:define("Log in", 2, "none", { "" })
    end)
    assert.has_error(function()
      m:define("Log in", 1, "none", {})
    end)
  end)
end)

describe("core.open_log", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
    os.remove(path .. ".2")
  end)

  it("writes, measures, cuts off, and lets nobody else in", function()
    local log = assert(core.open_log(path))
    assert.is_true(log:write "one\ntwo\n")
    assert.equal(8, log:size())
    assert.is_true(log:sync())
    local other, message, code = core.open_log(path)
    assert.is_nil(other)
    assert.equal("file_in_use", code)
    assert.is_string(message)
    assert.is_true(log:truncate(4))
    assert.is_true(log:write "2\n")
    log:close()
    log:close()
    local file = assert(io.open(path))
    assert.equal("one\n2\n", file:read "*a")
    file:close()
    assert.has_error(function()
      log:write "x"
    end)
    assert(core.open_log(path)):close()
  end)

  it("says why it cannot", function()
    assert.equal("no_such_file", select(3, core.open_log "/no/such/folder/file"))
    assert.equal("no_such_file", select(3, core.move_file(path .. ".no", path .. ".2")))
    assert.is_true(core.move_file(path, path .. ".2"))
    assert(io.open(path .. ".2")):close()
  end)
end)

describe("core.hmac", function()
  it("is HMAC-SHA-256", function()
    -- RFC 4231, test case 2
    local secret = require("lastpass.secret").value "Jefe"
    assert.equal(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      core.hmac(secret, "what do ya want for nothing?")
    )
    secret:close()
    assert.has_error(function()
      core.hmac(secret, "x")
    end)
  end)
end)
