-- The binding of libcsv and the decoder: what the bytes are, and that cuts do not matter.
local csv = require "lastpass.csv"

local BOM = "\239\187\191"

-- A row as one readable string: "line:field|field".
local function flat(rows)
  local list = {}
  for index, row in ipairs(rows) do
    list[index] = row.line .. ":" .. table.concat(row, "|")
  end
  return list
end

-- Parses pieces; gives all rows, and the failure as "line code message".
local function parse_pieces(pieces, options)
  local parser = csv.parser(options)
  local all = {}
  local function take(rows, message, line, code, before)
    for _, row in ipairs(rows or before) do
      all[#all + 1] = row
    end
    return not rows and ("%d %s %s"):format(line, code, message) or nil
  end
  for _, piece in ipairs(pieces) do
    local failure = take(parser:feed(piece))
    if failure then
      return all, failure, parser
    end
  end
  return all, take(parser:finish()), parser
end

local function parse(text, options)
  return parse_pieces({ text }, options)
end

local function rows_of(text, options)
  local rows, failure = parse(text, options)
  assert.is_nil(failure)
  return flat(rows)
end

describe("csv.parser", function()
  it("gives rows of fields", function()
    assert.same({ "1:a|b|c", "2:1|2|3" }, rows_of "a,b,c\n1,2,3\n")
    assert.same({ "1:a|", "2:|b", "3:|" }, rows_of "a,\n,b\n,\n")
    assert.same({}, rows_of "")
  end)

  it("needs no line end at the end of the file", function()
    assert.same({ "1:a|b", "2:1|2" }, rows_of "a,b\n1,2")
    assert.same({ "1:a|" }, rows_of "a,")
    assert.same({ '1:"' }, rows_of '""""')
  end)

  it("reads LF, CRLF, CR and a mix of them", function()
    assert.same({ "1:a|b", "2:1|2", "3:3|4" }, rows_of "a,b\n1,2\n3,4\n")
    assert.same({ "1:a|b", "2:1|2", "3:3|4" }, rows_of "a,b\r\n1,2\r\n3,4\r\n")
    assert.same({ "1:a|b", "2:1|2", "3:3|4" }, rows_of "a,b\r1,2\r3,4\r")
    assert.same({ "1:a", "2:b", "3:c", "5:d" }, rows_of "a\rb\nc\r\n\rd")
  end)

  it("reads quotes, doubled quotes and what they protect", function()
    assert.same({ '1:a,b|say "hi"|' }, rows_of '"a,b","say ""hi""",""\n')
    assert.same({ "1:x|a\nb", "3:y|c\r\nd", "5:z|e" }, rows_of 'x,"a\nb"\ny,"c\r\nd"\r\nz,e\n')
    assert.same({ "1:a\r\rb", "4:c" }, rows_of '"a\r\rb"\rc\r')
  end)

  it("says on which line a row starts and ends, and its number with blank lines", function()
    local rows = parse 'h\n\n\n"a\nb\nc",d\n\ne\n'
    assert.same({ 1, 4, 8 }, { rows[1].line, rows[2].line, rows[3].line })
    assert.same({ 1, 4, 6 }, { rows[1].number, rows[2].number, rows[3].number })
    assert.is_nil(rows[1].last)
    assert.equal(6, rows[2].last)
  end)

  it("skips blank lines, also of spaces when it trims", function()
    assert.same({ "3:a", "6:b" }, rows_of "\n\r\na\n\n\nb\n\n")
    assert.same({ "2:a" }, rows_of("  \t \na\n   ", { trim = true }))
    assert.same({ "1:  ", "2:a" }, rows_of("  \na\n", { trim = false }))
  end)

  it("tells an empty quoted field from a blank line", function()
    assert.same({ "1:", "3:a" }, rows_of '""\n\na\n')
  end)

  it("drops a byte order mark, at the beginning only", function()
    assert.same({ "1:a|b" }, rows_of(BOM .. "a,b\n"))
    assert.same({ "1:a|b" }, rows_of(BOM .. '"a",b\n'))
    assert.same({ "1:a|" .. BOM .. "b" }, rows_of("a," .. BOM .. "b\n"))
    assert.same({}, rows_of(BOM))
    assert.same({ "1:\239\187" }, rows_of "\239\187")
    assert.same({ "1:\239\187a" }, rows_of "\239\187a")
  end)

  it("keeps spaces, or trims them with non-breaking ones", function()
    local text = ' a , \194\160b\226\128\175 ," c "\n'
    local rows, failure = parse(text, { trim = true })
    assert.is_nil(failure)
    assert.same({ "1:a|b|c" }, flat(rows))
    assert.same({ "1: a | \194\160b " }, rows_of(" a , \194\160b \n", { trim = false }))
    assert.same({ "1:a b||x" }, rows_of(" a b ,\194\160 \194\160,\239\187\191x\n", { trim = true }))
    assert.same({ "1:a|b" }, rows_of(' "a" ,\t"b"\t\n', { trim = true }))
  end)

  it("takes another delimiter and quote", function()
    assert.same({ "1:a,b|c" }, rows_of("a,b;c\n", { delimiter = ";" }))
    assert.same({ "1:a|b c" }, rows_of("a\tb c\n", { delimiter = "\t", trim = true }))
    assert.same({ '1:it\'s|"x"' }, rows_of("'it''s',\"x\"\n", { quote = "'" }))
  end)

  it("refuses a quote in the wrong place, naming line and field", function()
    local rows, failure = parse 'a,b\nc,d\ne,f"g\nh,i\n'
    assert.same({ "1:a|b", "2:c|d" }, flat(rows))
    assert.equal("3 stray_quote field 2 has a quote inside but does not begin with one", failure)
    rows, failure = parse 'a,b\n"c"d,e\n'
    assert.same({ "1:a|b" }, flat(rows))
    assert.equal("2 stray_quote field 1 continues after its closing quote", failure)
    rows, failure = parse 'a,"b\nc,d\ne,"f"\n'
    assert.same({}, flat(rows))
    assert.equal(
      "3 stray_quote field 2, which begins on line 1, continues after its closing quote",
      failure
    )
  end)

  it("refuses a quote that is never closed, naming the line it is on", function()
    local rows, failure = parse 'a,b\nc,"d\ne,f\ng,h\n'
    assert.same({ "1:a|b" }, flat(rows))
    assert.equal(
      "2 unterminated_quote the quote of field 2 is never closed: the file ends inside it",
      failure
    )
    rows, failure = parse 'a,"'
    assert.same({}, rows)
    assert.matches("^1 unterminated_quote", failure)
  end)

  it("lets quotes be when it is not strict", function()
    local options = { strict = false }
    assert.same({ '1:a"b|c' }, rows_of('a"b,c\n', options))
    assert.same({ "1:a|b\n" }, rows_of('a,"b\n', options))
  end)

  it("refuses a NUL byte", function()
    local rows, failure = parse "a,b\nc,d\0e\nf,g\n"
    assert.same({ "1:a|b" }, flat(rows))
    assert.equal("2 nul_byte there is a NUL byte: this is no text, or it is UTF-16", failure)
    rows, failure = parse '"a\n\0"\n'
    assert.same({}, rows)
    assert.matches("^2 nul_byte", failure)
  end)

  it("marks the first field that is not UTF-8", function()
    local rows = parse "a,b\nc,\255d\ne,f\n\195\40,\255\nM\195\188ller,x\n"
    assert.is_nil(rows[1].invalid)
    assert.equal(2, rows[2].invalid)
    assert.is_nil(rows[3].invalid)
    assert.equal(1, rows[4].invalid)
    assert.is_nil(rows[5].invalid)
    -- A character cut by a delimiter is wrong in both fields.
    assert.equal(1, parse("\195,\188\n")[1].invalid)
    assert.is_nil(parse("\255\n", { utf8 = false })[1].invalid)
  end)

  it("refuses overlong forms, surrogates and what is beyond Unicode", function()
    for _, bytes in ipairs {
      "\192\128",
      "\193\191",
      "\224\128\128",
      "\224\159\191",
      "\237\160\128",
      "\240\128\128\128",
      "\240\143\191\191",
      "\244\144\128\128",
      "\245\128\128\128",
      "\128",
      "\226\130",
    } do
      assert.equal(1, parse(bytes .. "\n")[1].invalid, (bytes:gsub(".", function(byte)
        return ("%02X "):format(byte:byte())
      end)))
    end
    for _, bytes in ipairs { "\223\191", "\238\128\128", "\239\191\191", "\244\143\191\191" } do
      assert.is_nil(parse("x" .. bytes .. "\n")[1].invalid)
    end
  end)

  it("refuses a field over the limit, at the same place however it is cut", function()
    local options = { max_field = 10 }
    assert.same({ "1:1234567890" }, rows_of("1234567890\n", options))
    local rows, failure = parse("a\nb,12345678901\nc\n", options)
    assert.same({ "1:a" }, flat(rows))
    assert.equal("2 field_too_large field 2 is longer than 10 bytes", failure)
  end)

  it("does not collect a field without end", function()
    local options = { max_field = 100000 }
    local piece = ("x"):rep(1000)
    local parser = csv.parser(options)
    assert(parser:feed 'a,b\nc,"')
    local fed = 0
    while fed < 1e6 and parser:feed(piece) do
      fed = fed + #piece
    end
    local ok, message, line, code = parser:feed(piece)
    assert.is_nil(ok)
    assert.equal("field_too_large", code)
    assert.equal(2, line)
    assert.equal("field 2 is longer than 100000 bytes (is its quote never closed?)", message)
    assert.is_true(fed < 110000)
  end)

  it("refuses a huge field of a default parser, and takes one just below", function()
    local limit = 2 ^ 20
    local rows = parse("a," .. ("x"):rep(limit) .. "\n")
    assert.equal(limit, #rows[1][2])
    local _, failure = parse("a," .. ("x"):rep(limit + 1) .. "\n")
    assert.matches("^1 field_too_large", failure)
  end)

  it("refuses a row of too many fields and a row too long", function()
    assert.same({ "1:1|2|3" }, rows_of("1,2,3\n", { max_fields = 3 }))
    local _, failure = parse("1,2,3\n1,2,3,4\n", { max_fields = 3 })
    assert.equal("2 too_many_fields the row has more than 3 fields", failure)
    _, failure = parse((","):rep(10000) .. "\n")
    assert.equal("1 too_many_fields the row has more than 10000 fields", failure)
    _, failure = parse("aaa,bbb\naaa,bbbb\n", { max_row = 6 })
    assert.equal("2 row_too_large the row is longer than 6 bytes", failure)
  end)

  it("gives the same failure again after a failure", function()
    local parser = csv.parser()
    local _, first = parser:feed 'a"\n'
    local rows, message, line, code, before = parser:feed "b\n"
    assert.is_nil(rows)
    assert.equal(first, message)
    assert.equal(1, line)
    assert.equal("stray_quote", code)
    assert.same({}, before)
    rows, message = parser:finish()
    assert.is_nil(rows)
    assert.equal(first, message)
  end)

  it("counts lines", function()
    local parser = csv.parser()
    assert.equal(1, parser:line())
    parser:feed "a\r"
    assert.equal(2, parser:line())
    parser:feed "\n"
    assert.equal(2, parser:line())
    parser:feed '"b\n'
    assert.equal(3, parser:line())
    parser:feed '\r\n"'
    assert.equal(4, parser:line())
    assert.equal("lastpass.csv.parser: line 4", tostring(parser))
  end)

  it("may be finished twice but not fed after its end", function()
    local parser = csv.parser()
    assert.same({}, parser:feed "a")
    assert.equal(1, #parser:finish())
    assert.same({}, parser:finish())
    assert.has_error(function()
      parser:feed "b"
    end)
  end)

  it("hands out rows one by one when it is asked to", function()
    local parser = csv.parser()
    assert.is_true(parser:parse "a\nb\nc")
    assert.same("a", parser:next()[1])
    local ok, _, line, code = parser:parse 'd\ne"\n'
    assert.is_nil(ok)
    assert.equal(4, line)
    assert.equal("stray_quote", code)
    assert.same("b", parser:next()[1])
    assert.same("cd", parser:next()[1])
    assert.is_nil(parser:next())
    assert.is_nil((parser:parse()))
  end)

  it("remembers the first line of a key", function()
    local parser = csv.parser()
    assert.is_nil(parser:take_key("ann", 2))
    assert.equal(2, parser:take_key("ann", 9))
    assert.is_nil(parser:take_key("", 3))
    assert.equal(3, parser:take_key("", 4))
    for number = 1, 20000 do
      assert(not parser:take_key("key " .. number, number))
    end
    for number = 1, 20000 do
      assert(parser:take_key("key " .. number, 0) == number)
    end
    assert.equal(2, parser:take_key("ann", 1))
  end)

  it("raises for options that cannot be", function()
    local function refuses(options, pattern)
      local ok, message = pcall(csv.parser, options)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    refuses({ delimeter = ";" }, "unknown option 'delimeter'")
    refuses({ "x" }, "unknown option 'number'")
    refuses({ delimiter = "" }, "'delimiter' must be one ASCII character")
    refuses({ delimiter = "ab" }, "'delimiter' must be one ASCII character")
    refuses({ delimiter = "\n" }, "no line end")
    refuses({ quote = "\0" }, "'quote' must be")
    refuses({ quote = "\195" }, "'quote' must be")
    refuses({ quote = 7 }, "'quote' must be")
    refuses({ delimiter = '"' }, "must differ")
    refuses({ strict = 1 }, "'strict' must be true or false")
    refuses({ max_field = 0 }, "'max_field' must be a number")
    refuses({ max_field = 0 / 0 }, "'max_field' must be a number")
    refuses({ max_fields = "9" }, "'max_fields' must be a number")
    refuses({ max_row = 2 ^ 40 }, "'max_row' must be a number")
    refuses("x", "table expected")
  end)

  it("survives being collected by hand", function()
    local parser = csv.parser()
    parser:feed "a,b\nc"
    local meta = getmetatable(parser)
    meta.__gc(parser)
    meta.__gc(parser)
    assert.is_nil(parser:next())
    assert.same({}, parser:finish())
    assert.has_error(function()
      parser:feed "x"
    end)
  end)
end)

describe("a shape", function()
  local origin = { __name = "origin" }

  local function shaped(text, columns, more)
    local parser = csv.parser { trim = true }
    local shape = { width = 3, columns = columns, file = "f.csv", origin = origin }
    for name, value in pairs(more or {}) do
      shape[name] = value
    end
    parser:shape(shape)
    return assert(parser:feed(text))
  end

  local columns = {
    { name = "email", join = " ", email = true, required = true, positions = { 3 } },
    { name = "fullname", join = " ", positions = { 1, 2 } },
  }

  it("names the fields and says where they come from", function()
    local rows = shaped("Ann,Lee,ann@acme.com\n\nBob,,bob@acme.com\n", columns)
    assert.same({
      email = "ann@acme.com",
      fullname = "Ann Lee",
      origin = { file = "f.csv", row = 1, line = 1 },
    }, rows[1])
    assert.equal(origin, getmetatable(rows[1].origin))
    assert.equal("Bob", rows[2].fullname)
    assert.same({ file = "f.csv", row = 3, line = 3 }, rows[2].origin)
  end)

  it("leaves every row that needs a closer look as a list", function()
    local rows = shaped(
      table.concat({
        "Ann,Lee,",
        "Ann,Lee,ann",
        "Ann,Lee,a b@c",
        "Ann,Lee,a@b@c",
        "Ann,Lee,ann@\195\188.com",
        "Ann,Lee",
        "Ann,Lee,ann@acme.com,x",
        "\255,Lee,ann@acme.com",
        ",,",
        "",
      }, "\n"),
      columns
    )
    assert.equal(9, #rows)
    for index, row in ipairs(rows) do
      assert.is_string(row[1], "row " .. index)
      assert.is_nil(row.origin)
    end
  end)

  it("takes off the guard that our own CSV has against spreadsheets", function()
    for written, read in pairs {
      ["'=1+1"] = "=1+1",
      ["'+49"] = "+49",
      ["''=x"] = "'=x",
      ["''"] = "'",
      ["'tis"] = "'tis",
      ["'"] = "'",
      ["=1"] = "=1",
    } do
      local row = shaped("a@b.c," .. written .. ',"' .. written .. '"\n', {
        { name = "x", join = " ", positions = { 2 } },
        { name = "y", join = " ", positions = { 3 } },
      })[1]
      assert.equal(read, row.x)
      assert.equal(read, row.y)
    end
  end)

  it("takes the same plain addresses as lastpass.email", function()
    local csv_text = require "lastpass.text.csv"
    local email = require "lastpass.email"
    local alphabet = { "a", "B", "9", ".", "-", "_", "+", "'", "@", "@", ",", " ", "\195\188", "/" }
    local state = 42
    for _ = 1, 3000 do
      local text = {}
      state = (state * 16807) % 2147483647
      local length = 1 + state % 7
      for index = 1, length do
        state = (state * 16807) % 2147483647
        text[index] = alphabet[1 + state % #alphabet]
      end
      -- a guard against spreadsheets is taken off by the parser
      text = csv_text.unguard(table.concat(text))
      local row = shaped('a,b,"' .. csv_text.guard(text) .. '"\n', columns)[1]
      if row.origin then
        assert.equal(row.email, email.check(text))
      elseif email.check(text) then
        -- Only what is not plain ASCII may need the second look.
        assert.matches("[\128-\255/_' ]", text)
      end
    end
  end)

  it("leaves a second key as a list, folding only addresses", function()
    local text = "x,y,ann@acme.com\nx,y,ANN@Acme.com\n"
    local rows = shaped(text, columns, { key = 1 })
    assert.equal("ann@acme.com", rows[1].email)
    assert.equal("ANN@Acme.com", rows[2][3])
    local plain = { { name = "id", join = "", required = true, positions = { 3 } } }
    rows = shaped(text, plain, { key = 1 })
    assert.equal("ANN@Acme.com", rows[2].id)
  end)

  it("raises for a description that is wrong", function()
    local function refuses(more, pattern)
      local ok, message = pcall(shaped, "", columns, more)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    refuses({ columns = {} }, "needs columns")
    refuses({ columns = { {} } }, "'positions' of a shape")
    refuses({ columns = { { positions = { 1 } } } }, "'name' of a shape")
    refuses({ columns = { { name = "a", positions = { 1 } } } }, "'join' of a shape")
    refuses({ columns = { { name = "a", join = "", positions = { 4 } } } }, "position of a shape")
    refuses({ columns = { { name = "a", join = "", positions = { 0 } } } }, "position of a shape")
    refuses({ columns = { "a" } }, "table expected")
    refuses({ key = 3 }, "the key of a shape")
    refuses({ width = 0 }, "the width of a shape")
    refuses({ file = 1 }, "'file' of a shape")
    refuses({ origin = "x" }, "'origin' of a shape")
  end)
end)

describe("cuts", function()
  local documents = {
    plain = "a,b\n1,2\n3,4\n",
    crlf = 'h1,h2\r\n"x\r\ny",z\r\n\r\n"",q\r\n',
    cr = 'a\r"b\rc"\r\rd\r',
    bom = BOM .. 'a,"b ""c"""\n\226\130\172,\195\188\n',
    half_bom = "\239\187a,b\n",
    stray = 'a,b\nc"d,e\nf\n',
    after = 'a,"b\nc"d\ne\n',
    unterminated = 'a,b\nc,"d\ne\n',
    nul = "a,b\nc\0d\n",
    long = "a,b\n1,123456789\n",
    many = "a\n1,2,3,4\nb\n",
    invalid = "a\n\195\n\188\n",
    blank = "\n\n  \r\n\ta ,\n\n",
  }

  local function fingerprint(rows, failure, parser)
    local list = {}
    for index, row in ipairs(rows) do
      list[index] = ("%d %d %s %s %s"):format(
        row.line,
        row.number,
        tostring(row.last),
        tostring(row.invalid),
        table.concat(row, "\1")
      )
    end
    return table.concat(list, "\2") .. "\3" .. tostring(failure) .. "\3" .. parser:line()
  end

  for name, text in pairs(documents) do
    it("anywhere in '" .. name .. "' change nothing", function()
      local options = { max_field = 8, max_fields = 3 }
      for trim = 0, 1 do
        options.trim = trim == 1
        local whole = fingerprint(parse(text, options))
        for first = 0, #text do
          for second = first, #text do
            local pieces = { text:sub(1, first), text:sub(first + 1, second), text:sub(second + 1) }
            assert.equal(whole, fingerprint(parse_pieces(pieces, options)))
          end
        end
        local bytes = {}
        for index = 1, #text do
          bytes[index] = text:sub(index, index)
        end
        assert.equal(whole, fingerprint(parse_pieces(bytes, options)))
      end
    end)
  end

  it("do not move the place where a long field is refused", function()
    local text = "a\n" .. ("x"):rep(9000) .. "   \n" .. ("y"):rep(9000)
    for _, limit in ipairs { 4000, 8190, 8999, 9000 } do
      local options = { max_field = limit, trim = true }
      local whole = fingerprint(parse(text, options))
      for _, size in ipairs { 1, 7, 4095, 4096, 4097, 8192, 9001 } do
        local pieces = {}
        for index = 1, #text, size do
          pieces[#pieces + 1] = text:sub(index, index + size - 1)
        end
        assert.equal(whole, fingerprint(parse_pieces(pieces, options)), limit .. " " .. size)
      end
    end
  end)

  it("do not matter for rows written at random, which come back as they were", function()
    local state = 7
    local function random(limit)
      state = (state * 16807) % 2147483647
      return 1 + state % limit
    end
    local atoms = { "a", "b", ",", '"', "\n", "\r\n", "\r", " ", "\195\188", "", "x" }
    local ends = { "\n", "\r\n", "\r" }
    for _ = 1, 200 do
      local rows, text = {}, {}
      local line_end = ends[random(#ends)]
      for number = 1, random(5) do
        local row, written = {}, {}
        for column = 1, random(4) do
          local parts = {}
          for index = 1, random(4) do
            parts[index] = atoms[random(#atoms)]
          end
          row[column] = table.concat(parts)
          if row[column]:find '[,"\r\n]' or random(2) == 1 then
            written[column] = '"' .. row[column]:gsub('"', '""') .. '"'
          else
            written[column] = row[column]
          end
        end
        if table.concat(written) == "" and #written == 1 then
          written[1] = '""'
        end
        rows[number] = table.concat(row, "|")
        text[number] = table.concat(written, ",")
      end
      text = table.concat(text, line_end) .. line_end
      local cut = random(#text)
      local got, failure = parse_pieces { text:sub(1, cut), text:sub(cut + 1) }
      assert.is_nil(failure)
      for index, row in ipairs(got) do
        got[index] = table.concat(row, "|")
      end
      assert.same(rows, got)
    end
  end)
end)

describe("csv.decoder", function()
  local function decode(encoding, pieces)
    local decoder = assert(csv.decoder(encoding))
    local parts = {}
    for index, piece in ipairs(pieces) do
      local text, message = decoder:feed(piece)
      if not text then
        return nil, message
      end
      parts[index] = text
    end
    local ok, message = decoder:finish()
    if not ok then
      return nil, message
    end
    return table.concat(parts)
  end

  it("knows single-byte encodings", function()
    assert.equal("M\195\188ller", decode("latin1", { "M\252ller" }))
    assert.equal("\226\130\172 \226\128\147", decode("windows-1252", { "\128 \150" }))
    assert.equal("\197\129\195\179d\197\186", decode("windows-1250", { "\163\243d\159" }))
    assert.equal("\208\159", decode("windows-1251", { "\207" }))
    assert.equal("\226\130\172", decode("iso-8859-15", { "\164" }))
  end)

  it("knows UTF-16 of both orders by its mark", function()
    assert.equal("a\195\188\n", decode("utf-16", { "\255\254a\0\252\0\n\0" }))
    assert.equal("a\195\188\n", decode("utf-16", { "\254\255\0a\0\252\0\n" }))
    assert.equal("\240\159\152\128", decode("utf-16le", { "\61\216\0\222" }))
    assert.equal("\240\159\152\128", decode("utf-16be", { "\216\61\222\0" }))
    assert.equal("", decode("utf-16", { "" }))
  end)

  it("says when the mark is missing", function()
    local text, message = decode("utf-16", { "a\0b\0" })
    assert.is_nil(text)
    assert.equal("UTF-16 without a byte order mark: say 'utf-16le' or 'utf-16be'", message)
  end)

  it("says when a file ends inside a character", function()
    for encoding, bytes in pairs {
      ["utf-16"] = "\255\254a",
      ["utf-16le"] = "\61\216",
      ["gb18030"] = "\129\48",
      ["shift_jis"] = "\130",
    } do
      local text, message = decode(encoding, { bytes })
      assert.is_nil(text)
      assert.equal("the file ends in the middle of a character", message)
    end
  end)

  it("makes FF, never UTF-8, of what is no character, and goes on", function()
    assert.equal("a\255b", decode("windows-1252", { "a\129b" }))
    assert.equal("\255a", decode("utf-16le", { "\0\216a\0" }))
    assert.equal("\255\255", decode("utf-16le", { "\0\220\0\220" }))
  end)

  it("is not changed by cuts", function()
    local samples = {
      ["utf-16"] = "\255\254a\0\61\216\0\222\0\216b\0\252\0",
      ["gb18030"] = "a\129\48\129\48\176\161b\255c",
      ["shift_jis"] = "\130\160a\131\255\177",
      ["big5"] = "\164\164a\164\52b",
      ["euc-kr"] = "\176\161a\176\52",
      ["windows-1252"] = "a\129\128b",
    }
    for encoding, text in pairs(samples) do
      local whole, failure = decode(encoding, { text })
      for first = 0, #text do
        for second = first, #text do
          local pieces = { text:sub(1, first), text:sub(first + 1, second), text:sub(second + 1) }
          local got, message = decode(encoding, pieces)
          assert.equal(whole, got)
          assert.equal(failure, message)
        end
      end
    end
  end)

  it("converts much at once", function()
    local text = decode("latin1", { ("\252"):rep(300000) })
    assert.equal(("\195\188"):rep(300000), text)
  end)

  it("lists its encodings and refuses others", function()
    local decoder, message = csv.decoder "utf-7"
    assert.is_nil(decoder)
    assert.equal("unknown encoding 'utf-7'", message)
    assert.is_true(#csv.encodings >= 18)
    for _, name in ipairs(csv.encodings) do
      local known = assert(csv.decoder(name))
      assert.equal("lastpass.csv.decoder: " .. name, tostring(known))
    end
  end)
end)
