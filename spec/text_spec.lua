local text = require "lastpass.text"
local characters = require "lastpass.text.characters"

describe("text.width", function()
  it("counts terminal columns", function()
    local cases = {
      { "", 0 },
      { "plain", 5 },
      { "José", 4 },
      -- e and a combining acute accent
      { "e\204\129", 1 },
      { "日本語", 6 },
      { "ｱｲｳ", 3 },
      { "ＡＢ", 4 },
      { "한국", 4 },
      -- the same syllable in its three parts
      { "\225\132\146\225\133\161\225\134\171", 2 },
      { "👍", 2 },
      { "Ελλάδα", 6 },
      { "עברית", 5 },
      { "नमस्ते", 4 },
      { "a\226\128\141b", 2 },
      { "soft\194\173hyphen", 11 },
      { "…", 1 },
      { "─", 1 },
    }
    for _, case in ipairs(cases) do
      assert.are.equal(case[2], text.width(case[1]), case[1])
    end
  end)

  it("counts broken bytes one each", function()
    for _, broken in ipairs {
      "\128",
      "\255",
      "\192\128",
      "\224\128\128",
      "\237\160\128",
      "\240\128\128\128",
      "\244\144\128\128",
      "\228\189",
      "\245\128\128\128",
    } do
      assert.are.equal(#broken, text.width(broken))
    end
    assert.are.equal(3, text.width "\228\189日" - 1)
  end)
end)

describe("characters", function()
  -- Every code point, written by the plain definition of UTF-8.
  local function encode(code)
    if code < 0x80 then
      return string.char(code)
    elseif code < 0x800 then
      return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
    elseif code < 0x10000 then
      return string.char(
        0xE0 + math.floor(code / 4096),
        0x80 + math.floor(code / 64) % 64,
        0x80 + code % 64
      )
    end
    return string.char(
      0xF0 + math.floor(code / 262144),
      0x80 + math.floor(code / 4096) % 64,
      0x80 + math.floor(code / 64) % 64,
      0x80 + code % 64
    )
  end

  it("are read back, surrogates and what lies beyond Unicode refused", function()
    local step = 7
    for code = 0, 0x120000, step do
      local bytes = encode(code)
      local position, found, count = characters.each(bytes)()
      local valid = code < 0xD800 or code > 0xDFFF and code <= 0x10FFFF
      assert(position == 1)
      if valid then
        assert(found == code and count == #bytes, ("U+%04X"):format(code))
      else
        assert(found == false and count == 1, ("U+%04X"):format(code))
      end
    end
    for _, edge in ipairs { 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF } do
      assert.are.equal(edge, (select(2, characters.each(encode(edge))())))
    end
  end)
end)

describe("text.cut and text.pad", function()
  it("fit text into columns", function()
    assert.are.equal("hello", text.cut("hello", 5))
    assert.are.equal("hel…", text.cut("hello", 4))
    assert.are.equal("…", text.cut("hello", 1))
    assert.are.equal("", text.cut("hello", 0))
    assert.are.equal("", text.cut("", 0))
    assert.are.equal("日本…", text.cut("日本語", 5))
    assert.are.equal("日…", text.cut("日本語", 4))
    assert.are.equal("e\204\129…", text.cut("e\204\129xyz", 2))
    assert.are.equal("ab   ", text.pad("ab", 5))
    assert.are.equal("ab   ", text.pad("ab", 5, "left"))
    assert.are.equal("   ab", text.pad("ab", 5, "right"))
    assert.are.equal("日本 ", text.pad("日本", 5))
    assert.are.equal("abcdef", text.pad("abcdef", 3))
  end)

  it("never give more columns than asked for", function()
    local sample = "aé日\255e\204\129👍b한z"
    for width = 0, 20 do
      local short = text.cut(sample, width)
      assert.is_true(text.width(short) <= width)
      assert.is_true(text.width(text.pad(short, width)) == width)
    end
  end)
end)

describe("text.wrap", function()
  it("breaks at blanks, and words that are too long anywhere", function()
    assert.same({ "one two", "three" }, text.wrap("one two three", 8))
    assert.same({ "one two", "three" }, text.wrap("one two three", 7))
    assert.same({ "one", "two", "three" }, text.wrap("one two three", 6))
    assert.same({ "abcd", "efgh", "ij k" }, text.wrap("abcdefghij k", 4))
    assert.same({ "日本", "語" }, text.wrap("日本語", 5))
    assert.same({ "" }, text.wrap("", 5))
    assert.same({ "a", "b" }, text.wrap("a    b", 3))
    assert.same({ "日本" }, text.wrap("日本", 1))
    for width = 2, 30 do
      local words = "the quick bröwn fox, jumps over 日本 the lazy dog's  back"
      local lines = text.wrap(words, width)
      for _, line in ipairs(lines) do
        assert.is_true(text.width(line) <= width, line)
      end
      assert.equal((words:gsub(" ", "")), (table.concat(lines):gsub(" ", "")))
    end
  end)
end)

describe("text.clean", function()
  it("leaves what people write alone", function()
    for _, kept in ipairs {
      "",
      "Ann Lee",
      "José",
      "日本語",
      "👩‍🚀",
      "می‌خواهم",
      [[DOM\user]],
    } do
      assert.are.equal(kept, text.clean(kept))
    end
  end)

  it("writes out what would act on the terminal or hide", function()
    local cases = {
      { "a\nb\r\tc", [[a\nb\r\tc]] },
      { "\27[31mred\27[0m", [[\x1b[31mred\x1b[0m]] },
      { "\27]0;title\7", [[\x1b]0;title\x07]] },
      { "nul\0del\127", [[nul\x00del\x7f]] },
      -- 0x9B starts a terminal command too, as a byte and as a character
      { "\155" .. "31m", [[\x9b31m]] },
      { "\194\155" .. "31m", [[\u{9b}31m]] },
      { "a\226\128\174b", [[a\u{202e}b]] },
      { "a\226\129\166b", [[a\u{2066}b]] },
      { "a\226\128\168b", [[a\u{2028}b]] },
      { "a\226\128\139b", [[a\u{200b}b]] },
      { "a\239\187\191b", [[a\u{feff}b]] },
      { "a\243\160\129\129b", [[a\u{e0041}b]] },
      { "latin1 \233", [[latin1 \xe9]] },
    }
    for _, case in ipairs(cases) do
      assert.are.equal(case[2], text.clean(case[1]))
      assert.are.equal(case[2], text.clean(text.clean(case[1])))
    end
  end)

  it("leaves no control byte of any kind", function()
    for byte = 0, 255 do
      local cleaned = text.clean("x" .. string.char(byte) .. "y")
      assert.is_nil(cleaned:find "[%c\128-\255]", tostring(byte))
    end
  end)
end)

describe("text.table", function()
  local people = {
    { email = "ann@acme.com", groups = { "Finance", "Sales" }, sites = 12, admin = true },
    { email = "bob@acme.com", groups = {}, sites = 1234567, admin = false },
    { email = "日本@例え.jp", sites = 3.0 },
  }
  local columns = {
    { title = "E-mail", field = "email" },
    { title = "Groups", field = "groups" },
    { title = "Sites", field = "sites", align = "right" },
    "admin",
  }

  local function lines_of(...)
    return "\n" .. text.table(...) .. "\n"
  end

  it("aligns columns", function()
    assert.are.equal(
      [[

E-mail        Groups            Sites  admin
------------  --------------  -------  -----
ann@acme.com  Finance, Sales       12  yes
bob@acme.com                  1234567  no
日本@例え.jp                        3
]],
      lines_of(people, columns)
    )
  end)

  it("fits a terminal without cutting numbers", function()
    assert.are.equal(
      [[

E-mail     Groups       Sites  admin
---------  ---------  -------  -----
ann@acme…  Finance,…       12  yes
bob@acme…             1234567  no
日本@例…                    3
]],
      lines_of(people, columns, { width = 36 })
    )
    for width = 0, 60 do
      assert.is_truthy(text.table(people, columns, { width = width }):find("1234567", 1, true))
      if width >= 30 then
        for line in lines_of(people, columns, { width = width }):gmatch "[^\n]+" do
          assert.is_true(text.width(line) <= width)
        end
      end
    end
  end)

  it("keeps what is whole, leaves out what is missed least, and wraps", function()
    local rows =
      { { who = "ann@acme.example", why = "one two three", note = "a long note", n = 7 } }
    local ranked = {
      { field = "who", whole = true },
      { field = "why", wrap = true },
      { field = "note", rank = 2 },
      { field = "n", rank = 1, align = "right" },
    }
    local function lines(width)
      return text.table(rows, ranked, { width = width, header = false })
    end
    assert.equal("ann@acme.example  one two three  a long note  7", lines(47))
    assert.equal(
      "ann@acme.example  one two       a long note  7\n" .. (" "):rep(18) .. "three",
      lines(46)
    )
    assert.equal("ann@acme.example  one two three  7", lines(45))
    assert.equal("ann@acme.example  one two\n" .. (" "):rep(18) .. "three", lines(30))
    assert.equal(
      "ann@acme.example  one\n" .. (" "):rep(18) .. "two\n" .. (" "):rep(18) .. "three",
      lines(5)
    )
  end)

  it("has its lines painted row by row", function()
    local painted = text.table({ { "a b" }, { "c" } }, { { title = "t", wrap = true } }, {
      paint = function(lines, number)
        return (number or "head") .. ":" .. lines
      end,
    })
    assert.equal("head:t\nhead:---\n1:a b\n2:c", painted)
  end)

  it("takes lists, names of fields, functions and limits", function()
    assert.are.equal("a  b\n-  -\n1  x\n2  y", text.table({ { 1, "x" }, { 2, "y" } }, { "a", "b" }))
    assert.are.equal("1  x", text.table({ { 1, "x" } }, { "a", "b" }, { header = false }))
    assert.are.equal(
      "last login\n----------\nnever",
      text.table({ { last_login = "never" } }, { "last_login" })
    )
    assert.are.equal(
      "N\n------\nAnn A…",
      text.table({ { name = "Ann" } }, {
        {
          title = "N",
          field = function(row)
            return row.name .. " Abcdef"
          end,
          max = 6,
        },
      })
    )
    assert.are.equal("B\n-\ny", text.table({ { "x", "y" } }, { { title = "B", field = 2 } }))
    local object = setmetatable({}, {
      __index = function(_, key)
        return "<" .. key .. ">"
      end,
    })
    assert.are.equal("email\n-------\n<email>", text.table({ object }, { "email" }))
  end)

  it("says when there is nothing", function()
    assert.are.equal("email  admin\n-----  -----\n(none)", text.table({}, { "email", "admin" }))
    assert.are.equal("(none)", text.table({}, { "email" }, { header = false }))
  end)

  it("cleans every cell and title", function()
    local output = text.table({ { "\27[2J", { "a\nb" } } }, { "x\7", "y" })
    assert.are.equal(
      [[x\x07    y
-------  ----
\x1b[2J  a\nb]],
      output
    )
  end)

  it("shows JSON's null as nothing", function()
    local null = require("cjson").null
    assert.are.equal("a  b\n-  -\n   1", text.table({ { a = null, b = 1 } }, { "a", "b" }))
  end)

  it("raises for mistakes and names the nearest word", function()
    local ok, message = pcall(text.table, {}, { { titel = "x" } })
    assert.is_false(ok)
    assert.is_truthy(message:find("unknown option 'titel' (did you mean 'title'?)", 1, true))
    ok, message = pcall(text.table, {}, { { title = "x", align = "centre" } })
    assert.is_false(ok)
    assert.is_truthy(message:find('"left" or "right"', 1, true))
    ok, message = pcall(text.table, {}, {}, { widht = 3 })
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean 'width'?", 1, true))
    assert.has_error(function()
      text.table(nil, {})
    end, "text.table: 'rows' is missing: text.table(rows, columns, options?)")
  end)
end)

describe("text.table with one column that yields", function()
  local columns = {
    { title = "email", field = "email", whole = true },
    { title = "status", rank = 1, field = "status", whole = true },
    { title = "last", rank = 2, field = "last", whole = true },
    { title = "groups", field = "groups" },
    {
      title = "n",
      align = "right",
      field = function(row)
        return row.n
      end,
    },
  }
  local rows = {
    {
      email = "ann@acme.com",
      status = "active",
      last = "2026-01-01",
      groups = { "All", "Finance" },
      n = 1,
    },
    { email = "robert@acme.com", status = "disabled", groups = {}, n = 12 },
  }

  local function first_line(width)
    return (text.table(rows, columns, { width = width }):match "^[^\n]*"):gsub(" +", " ")
  end

  it("is as wide as needed where there is no terminal", function()
    assert.equals("email status last groups n", first_line(nil))
    assert.truthy(text.table(rows, columns):find("All, Finance", 1, true))
  end)

  it("lets one column give way, then leaves out what is missed least", function()
    assert.equals("email status last groups n", first_line(60))
    assert.equals("email status groups n", first_line(44))
    assert.equals("email groups n", first_line(34))
    for width = 34, 80 do
      for line in text.table(rows, columns, { width = width }):gmatch "[^\n]+" do
        assert.truthy(text.width(line) <= width, line)
      end
      assert.truthy(
        text.table(rows, columns, { width = width }):find("robert@acme.com", 1, true),
        width
      )
    end
  end)

  it("does what it can in no space at all", function()
    assert.is_string(text.table(rows, columns, { width = 5 }))
  end)
end)

describe("numbers", function()
  it("are counted with commas", function()
    local cases = {
      { 0, "0" },
      { 999, "999" },
      { 1000, "1,000" },
      { 12345, "12,345" },
      { 1234567, "1,234,567" },
      { -1000000, "-1,000,000" },
      { -1234.5, "-1,234.5" },
      { 1e15, "1,000,000,000,000,000" },
    }
    for _, case in ipairs(cases) do
      assert.are.equal(case[2], text.count(case[1]))
    end
  end)

  it("come with the right noun", function()
    assert.are.equal("0 users", text.plural(0, "user"))
    assert.are.equal("1 user", text.plural(1, "user"))
    assert.are.equal("12,345 users", text.plural(12345, "user"))
    assert.are.equal("2 entries", text.plural(2, "entry", "entries"))
  end)

  it("of seconds become durations", function()
    local cases = {
      { 0, "0 s" },
      { 0.0001, "1 ms" },
      { 0.34, "340 ms" },
      { 0.9996, "1.0 s" },
      { 4.24, "4.2 s" },
      { 5, "5 s" },
      { 9.96, "10 s" },
      { 59.4, "59 s" },
      { 59.7, "1 m 00 s" },
      { 125, "2 m 05 s" },
      { 3599.4, "59 m 59 s" },
      { 3599.7, "1 h 00 m" },
      { 10920, "3 h 02 m" },
      { 86399, "1 d 00 h" },
      { 183600, "2 d 03 h" },
      { -5, "-5 s" },
    }
    for _, case in ipairs(cases) do
      assert.are.equal(case[2], text.duration(case[1]))
    end
  end)
end)
