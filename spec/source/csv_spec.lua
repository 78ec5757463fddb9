-- People from CSV files. Every content is read from a file and from handles that give a few bytes
-- at a time: the rows that the parser shapes in C and those that Lua looks at must not differ.
local csv = require "lastpass.csv"
local files = require "spec.source.files"
local source = require "lastpass.source"

local unpack = table.unpack or rawget(_G, "unpack")

-- Under a sanitizer or valgrind, whose own memory is in the way of measuring.
local instrumented = os.getenv "LASTPASS_SLOW" ~= nil

local write_file, stream = files.write, files.stream

-- A copy of the options with the name that the messages are to show.
local function named(options)
  local copy = { name = "hr.csv" }
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  return copy
end

local function open(text, options)
  return assert(source.csv(write_file(text), named(options)))
end

local function read(text, options)
  local people = open(text, options)
  local list, problems, err, rows = people:read()
  return list, problems, err, rows, people
end

-- The addresses that were read and the problems as text.
local function outcome(text, options)
  local list, problems, err, rows = read(text, options)
  local emails, reasons = {}, {}
  for index, person in ipairs(list or rows) do
    emails[index] = person.email
  end
  for index, problem in ipairs(list and problems or {}) do
    reasons[index] = tostring(problem)
  end
  return emails, reasons, err
end

local function fails(text, options, kind, code, message)
  local people, got, err = source.csv(write_file(text), named(options))
  assert.is_nil(people)
  assert.equal(message, got)
  assert.equal(message, err.message)
  assert.equal(kind, err.kind)
  assert.equal(code, err.code)
  return err
end

local function raises(message, ...)
  local arguments, count = { ... }, select("#", ...)
  local ok, got = pcall(function()
    local people = source.csv(unpack(arguments, 1, count))
    return people
  end)
  assert.is_false(ok)
  assert.equal("csv_spec.lua", got:match "([%w_]+%.lua):%d+:", got)
  assert.equal(message, got:gsub("^.-:%d+: ", "", 1))
end

after_each(files.remove)

local basic = {
  columns = {
    email = "E-mail",
    fullname = { "First name", "Last name" },
    department = "Department",
    status = "Status",
  },
  required = { "email" },
  key = "email",
}

local header = "First name,Last name,E-mail,Department,Status\n"

describe("source.csv", function()
  it("gives people with named fields and where they come from", function()
    local people =
      open(header .. "Ann,Lee,ann@acme.com,Sales,active\n\nBob,Roy,bob@acme.com,IT,\n", basic)
    local list = {}
    for person in people:rows() do
      list[#list + 1] = person
    end
    assert.equal(2, #list)
    assert.same({
      email = "ann@acme.com",
      fullname = "Ann Lee",
      department = "Sales",
      status = "active",
      origin = { file = "hr.csv", row = 2, line = 2 },
    }, list[1])
    assert.equal("", list[2].status)
    assert.same({ file = "hr.csv", row = 4, line = 4 }, list[2].origin)
    assert.equal("hr.csv:4", tostring(list[2].origin))
    assert.same({}, people.problems)
    assert.same({ "First name", "Last name", "E-mail", "Department", "Status" }, people.header)
  end)

  it("takes the first of several columns that is not empty", function()
    local list, problems = read(
      "mail,upn,x\nann@acme.com,a@ad.local,1\n,b@ad.local,2\n , ,3\nbad,c@ad.local,4\n",
      { columns = { email = { first = { "mail", "upn" } } } }
    )
    assert.equal("ann@acme.com b@ad.local", list[1].email .. " " .. list[2].email)
    assert.equal(2, #list)
    assert.equal("hr.csv:4: 'mail or upn' is empty", tostring(problems[1]))
    assert.equal("hr.csv:5: 'bad' is not an e-mail address: it has no @", tostring(problems[2]))
  end)

  it("takes every column under a name of its own when no columns are given", function()
    local list =
      read "Employee number,E-mail,First name,origin,Größe,%\n7,ann@acme.com,Ann,x,y,z\n"
    assert.same({
      employee_number = "7",
      email = "ann@acme.com",
      first_name = "Ann",
      origin_ = "x",
      ["größe"] = "y",
      origin = { file = "hr.csv", row = 2, line = 2 },
    }, list[1])
  end)

  it("names the file by its path when no name is given", function()
    local path = write_file(header .. "Ann,Lee,ann@acme.com,Sales,active\n")
    local list = assert(source.csv(path, basic)):read()
    assert.equal(path .. ":2", tostring(list[1].origin))
    list = assert(source.csv(stream(header .. "Ann,Lee,ann@acme.com,,\n", 99), basic)):read()
    assert.equal("(stream):2", tostring(list[1].origin))
  end)

  it("reads a byte order mark, CRLF and CR", function()
    local row = "Ann,Lee,ann@acme.com,Sales,active\n"
    for _, line_end in ipairs { "\n", "\r\n", "\r" } do
      local text = "\239\187\191" .. (header .. row):gsub("\n", line_end)
      local list, problems = read(text, basic)
      assert.equal("ann@acme.com", list[1].email)
      assert.equal("active", list[1].status)
      assert.same({}, problems)
    end
  end)

  it("reads quotes and keeps the lines right after embedded newlines", function()
    local text = 'E-mail,Note\r\nann@acme.com,"two\r\nlines, ""quoted"""\r\nbob@acme.com,x\r\n'
    local list = read(text)
    assert.equal('two\r\nlines, "quoted"', list[1].note)
    assert.equal(2, list[1].origin.line)
    assert.equal(4, list[2].origin.line)
    assert.equal(3, list[2].origin.row)
  end)

  it("trims, no-break spaces too, unless told not to", function()
    local text = ' E-mail ,Name\n ann@acme.com\194\160," Ann "\n'
    assert.equal("Ann", read(text)[1].name)
    assert.equal("ann@acme.com", read(text)[1].email)
    local list = read(text:gsub("^ E%-mail ", "E-mail"):gsub('"', ""), { trim = false })
    assert.equal("ann@acme.com", list[1].email)
    assert.equal(" Ann ", list[1].name)
  end)

  it("joins columns with what it is told, leaving out empty ones", function()
    local columns = { email = "E", name = { "A", "B", "C", join = "-" } }
    local list = read("E,A,B,C\nx@y,a,,c\nz@y,,,\nq@y,,b,\n", { columns = columns })
    assert.equal("a-c", list[1].name)
    assert.equal("", list[2].name)
    assert.equal("b", list[3].name)
  end)

  it("lets an optional column be missing, not a required one", function()
    local columns = { email = "E", phone = { "Phone", optional = true } }
    local list = read("E\nx@y\n", { columns = columns })
    assert.is_nil(list[1].phone)
    assert.equal("1", read("E,Phone\nx@y,1\n", { columns = columns })[1].phone)
    fails(
      "E\nx@y\n",
      { columns = columns, required = { "phone" } },
      "argument",
      "missing_column",
      "hr.csv: no column 'Phone' (for the field 'phone'); the header is the one column 'E'"
    )
  end)

  it("reads another delimiter and quote", function()
    local list = read("E-mail;Name\nann@acme.com;'Lee; Ann'\n", { delimiter = ";", quote = "'" })
    assert.equal("Lee; Ann", list[1].name)
  end)

  it("leaves out rows of nothing but delimiters and does not count them", function()
    local list, problems, _, _, people = read "E-mail,Name\n,\nann@acme.com,Ann\n,,,\n , \n"
    assert.equal(1, #list)
    assert.same({}, problems)
    assert.equal(1, people.proof.rows)
  end)

  it("closes what it opened and leaves open what it was given", function()
    local path = write_file "E-mail\nann@acme.com\n"
    local file = assert(io.open(path, "rb"))
    finally(function()
      file:close()
    end)
    assert.equal(1, #assert(source.csv(file)):read())
    assert.equal("file", io.type(file))
    local people = assert(source.csv(path))
    people:close()
    people:close()
    local person, message, err = people:next()
    assert.is_nil(person)
    assert.equal(path .. ": was closed", message)
    assert.equal("cancelled", err.kind)
    assert.is_false(people.proof.complete)
  end)

  it("can be read once only, and says so", function()
    local people = open "E-mail\nann@acme.com\n"
    people:read()
    for _, method in ipairs { "rows", "read" } do
      local ok, message = pcall(people[method], people)
      assert.is_false(ok)
      assert.matches("hr.csv has been read already", message)
    end
  end)

  it("shows what it is", function()
    local people = open "E-mail\nann@acme.com\n"
    assert.equal("lastpass.source.csv: hr.csv (0 rows, open)", tostring(people))
    people:read()
    assert.equal("lastpass.source.csv: hr.csv (1 rows, complete)", tostring(people))
  end)
end)

describe("a refused row of source.csv", function()
  it("is a problem beside the good rows", function()
    local people = open(header .. 'Ann,Lee,ann@acme.com,a,b\nJan,K,"jan@acme,example",a,b\n', basic)
    local seen = {}
    for person in people:rows() do
      seen[#seen + 1] = person.email
    end
    assert.same({ "ann@acme.com" }, seen)
    assert.equal(1, #people.problems)
    assert.same({
      file = "hr.csv",
      row = 3,
      line = 3,
      origin = { file = "hr.csv", row = 3, line = 3 },
      code = "bad_email",
      reason = "'jan@acme,example' is not an e-mail address: ',' cannot be in an address",
      field = "email",
      column = "E-mail",
      value = "jan@acme,example",
    }, people.problems[1])
    assert.equal(
      "hr.csv:3: 'jan@acme,example' is not an e-mail address: ',' cannot be in an address",
      tostring(people.problems[1])
    )
    assert.equal("hr.csv:3", tostring(people.problems[1].origin))
  end)

  it("lacks a value that is required", function()
    local _, reasons = outcome(header .. "Ann,Lee, ,a,b\n", basic)
    assert.same({ "hr.csv:2: 'E-mail' is empty" }, reasons)
    local options = named(basic)
    options.required = { "fullname", "department" }
    _, reasons = outcome(header .. ",,ann@acme.com,a,b\nBob,,bob@acme.com,\194\160,b\n", options)
    assert.same({
      "hr.csv:2: 'First name + Last name' is empty",
      "hr.csv:3: 'Department' is empty",
    }, reasons)
    local columns = { email = "E", name = { "N", required = true } }
    _, reasons = outcome("E,N\na@b,\n", { columns = columns })
    assert.same({ "hr.csv:2: 'N' is empty" }, reasons)
  end)

  it("is too short or too long, with the numbers", function()
    local emails, reasons = outcome(header .. "Ann,Lee,ann@acme.com,a\nx\nA,B,c@d,e,f,g\n", basic)
    assert.same({}, emails)
    assert.same({
      "hr.csv:2: the row has 4 fields, the header 5",
      "hr.csv:3: the row has 1 field, the header 5",
      "hr.csv:4: the row has 6 fields, the header 5",
    }, reasons)
    local _, problems = read(header .. "Ann,Lee,Ann@Acme.com,a\nx\nA,B,c@d,e,f,g\n", basic)
    assert.equal("too_few_fields", problems[1].code)
    assert.equal("ann@acme.com", problems[1].key)
    assert.is_nil(problems[2].key)
    assert.equal("too_many_fields", problems[3].code)
  end)

  it("says when a quote left open may have swallowed others", function()
    local text = 'E-mail,Name\nann@acme.com,"Ann\nbob@acme.com,"\ncat@acme.com,Cat\n"x\ny"\n'
    local emails, reasons = outcome(text)
    assert.same({ "ann@acme.com", "cat@acme.com" }, emails)
    assert.same({
      "hr.csv:5: the row has 1 field, the header 2; "
        .. "it runs from line 5 to line 6 (a quote left open?)",
    }, reasons)
  end)

  it("has the key of another, whatever its case, and names the first", function()
    local text = header
      .. "Ann,Lee,ann@acme.com,a,b\n"
      .. "Bob,Roy,bob@acme.com,a,b\n"
      .. "Ann,Lee,ann@acme.com,a,b\n"
      .. "Ann,Lee, ANN@Acme.com ,a,b\n"
    local emails, reasons = outcome(text, basic)
    assert.same({ "ann@acme.com", "bob@acme.com" }, emails)
    assert.same({
      "hr.csv:4: 'ann@acme.com' is already on line 2",
      "hr.csv:5: 'ANN@Acme.com' is already on line 2",
    }, reasons)
    local _, problems = read(text, basic)
    assert.equal("duplicate", problems[2].code)
    assert.equal(2, problems[2].first_line)
    assert.equal("ann@acme.com", problems[2].key)
    assert.equal("ANN@Acme.com", problems[2].value)
  end)

  it("does not take the key away from a good row that follows", function()
    local text = header .. "Ann,Lee,ann@acme.com,a\nAnn,Lee,ann@acme.com,a,b\n"
    local emails, reasons = outcome(text, basic)
    assert.same({ "ann@acme.com" }, emails)
    assert.equal(1, #reasons)
  end)

  it("is found whether or not the first was a plain address", function()
    local first, second = "j\195\188rgen@acme.com", "J\195\188RGEN@acme.com"
    local text = "E-mail\n" .. first .. "\nann@acme.com\n" .. second .. "\nANN@ACME.COM\n"
    local emails, reasons = outcome(text)
    assert.same({ first, "ann@acme.com" }, emails)
    assert.same({
      "hr.csv:4: '" .. second .. "' is already on line 2",
      "hr.csv:5: 'ANN@ACME.COM' is already on line 3",
    }, reasons)
  end)

  it("needs a key that is there, and only a key that is asked for", function()
    local text = "E-mail,Id\na@b,1\na@b,2\nc@d,2\ne@f,\n"
    assert.same({ "a@b", "c@d", "e@f" }, (outcome(text)))
    local emails, reasons = outcome(text, { key = "id" })
    assert.same({ "a@b", "a@b" }, emails)
    assert.same({ "hr.csv:4: '2' is already on line 3", "hr.csv:5: 'Id' is empty" }, reasons)
    assert.same({ "a@b", "a@b", "c@d", "e@f" }, (outcome(text, { key = false })))
  end)

  it("has another address than the e-mail that is none", function()
    local columns = { email = "E", manager = { "M", email = true } }
    local emails, reasons = outcome("E,M\na@b,c@d\ne@f,\ng@h,boss\n", { columns = columns })
    assert.same({ "a@b", "e@f" }, emails)
    assert.same({ "hr.csv:4: 'boss' is not an e-mail address: it has no @" }, reasons)
    columns.email = { "E", email = false }
    emails = outcome("E,M\nann,c@d\n", { columns = columns })
    assert.same({ "ann" }, emails)
  end)

  it("is not valid UTF-8, in any column", function()
    local text = "E-mail,Name,Note\na@b,J\252rgen,\nc@d,x,\255\ne@f,M\195\188ller,x\n"
    local columns = { columns = { email = "E-mail", name = "Name" } }
    local emails, reasons = outcome(text, columns)
    assert.same({ "e@f" }, emails)
    assert.same({
      "hr.csv:2: column 'Name' is not valid UTF-8",
      "hr.csv:3: column 'Note' is not valid UTF-8",
    }, reasons)
    local _, problems = read(text, columns)
    assert.equal("bad_encoding", problems[1].code)
    assert.equal("name", problems[1].field)
    assert.is_nil(problems[2].field)
    assert.equal("Note", problems[2].column)
    assert.equal("a@b", problems[1].key)
  end)

  it("is shown without what a terminal would act on, and shortened", function()
    local _, reasons = outcome('E-mail\n"\27[2J@\n"\n' .. ("\195\188"):rep(200) .. "\n")
    assert.equal(
      "hr.csv:2: '?[2J@' is not an e-mail address: it has a control character",
      reasons[1]
    )
    assert.matches("^hr.csv:4: '\195\188[\195\188]+…' is not an e%-mail address: ", reasons[2])
    assert.is_true(#reasons[2] < 160)
  end)

  it("ends the reading when there are too many of them", function()
    local rows = { "E-mail", "ann@acme.com" }
    for index = 3, 60 do
      rows[index] = "none"
    end
    local text = table.concat(rows, "\n")
    local list, message, err, before, people = read(text, { max_problems = 50 })
    assert.is_nil(list)
    assert.equal(
      "hr.csv: 50 of 51 rows were refused; the first: 'none' is not an e-mail address: it has no @",
      message
    )
    assert.equal("too_many_problems", err.code)
    assert.equal(1, #before)
    assert.equal(50, #people.problems)
    assert.is_false(people.proof.complete)
    assert.is_not_nil(read(text, { max_problems = 100 }))
  end)
end)

describe("the header of source.csv", function()
  it("lacks a column: the nearest is named", function()
    local err = fails(
      "First name,Email,Department\nx,y,z\n",
      { columns = { email = "E-mail" } },
      "argument",
      "missing_column",
      "hr.csv: no column 'E-mail' (for the field 'email'); the nearest is 'Email'"
    )
    assert.equal("hr.csv", err.file)
    assert.equal(1, err.line)
    assert.equal("E-mail", err.column)
    assert.equal("Email", err.nearest)
    fails(
      "a,b,c\n",
      { columns = { email = "Electronic address" } },
      "argument",
      "missing_column",
      "hr.csv: no column 'Electronic address' (for the field 'email'); there are 'a', 'b', 'c'"
    )
  end)

  it("is one column when the delimiter is another", function()
    local err = fails(
      "Name;E-mail;Department\n",
      { columns = { email = "E-mail" } },
      "argument",
      "missing_column",
      "hr.csv: no column 'E-mail' (for the field 'email'); "
        .. "the header is the one column 'Name;E-mail;Department'"
    )
    assert.equal("its columns are separated otherwise: delimiter = ';'", err.hint)
    local _, _, other = source.csv(write_file "Name;Mail\n", { columns = { email = "E-mail" } })
    assert.equal("is the option 'delimiter' right?", other.hint)
  end)

  it("has a title twice", function()
    fails(
      "E-mail,Name,E-mail\n",
      basic,
      "argument",
      "duplicate_column",
      "hr.csv: the header has 'E-mail' twice, in columns 1 and 3"
    )
    fails(
      "Phone,phone,E-mail\n",
      nil,
      "argument",
      "duplicate_column",
      "hr.csv: the columns 'Phone' and 'phone' both make the field 'phone'"
    )
    assert.equal("x@y", read("E-mail,,\nx@y,,\n")[1].email)
  end)

  it("makes no field that is required or the key", function()
    fails(
      "Name,Id\n",
      { required = { "mail" } },
      "argument",
      "missing_column",
      "hr.csv: no column makes the field 'mail', which 'required' names; the header makes: id, name"
    )
    fails(
      "Name,Id\n",
      { key = "email" },
      "argument",
      "missing_column",
      "hr.csv: no column makes the field 'email', which 'key' names; the header makes: id, name"
    )
  end)

  it("is not there", function()
    local message = "hr.csv: is empty, not even a header"
    for _, text in ipairs { "", "\n\r\n\n", "\239\187\191", " \n,,\n" } do
      fails(text, basic, "argument", "empty_file", message)
    end
  end)

  it("is all there is", function()
    local list, problems, _, _, people = read(header, basic)
    assert.same({}, list)
    assert.same({}, problems)
    assert.is_true(people.proof.complete)
    assert.equal(0, people.proof.rows)
    assert.same({}, (read((header:gsub("\n", "")), basic)))
  end)

  it("may follow blank lines", function()
    local list = read("\n\n" .. header .. "Ann,Lee,ann@acme.com,a,b\n", basic)
    assert.equal(4, list[1].origin.line)
  end)

  it("is not UTF-8", function()
    local err = fails(
      "E-mail,Gr\246\223e\n",
      nil,
      "protocol",
      "bad_encoding",
      "hr.csv:1: the header is not valid UTF-8"
    )
    assert.matches("encoding = 'windows-1252'", err.hint, 1, true)
  end)

  it("is broken", function()
    fails(
      'a,b"c\n',
      nil,
      "protocol",
      "stray_quote",
      "hr.csv:1: field 2 has a quote inside but does not begin with one"
    )
    fails(
      '"a,b\nc,d\n',
      nil,
      "protocol",
      "unterminated_quote",
      "hr.csv:1: the quote of field 1 is never closed: the file ends inside it"
    )
  end)
end)

describe("a file that cannot be read", function()
  it("does not exist", function()
    local people, message, err = source.csv("/nowhere/hr.csv", basic)
    assert.is_nil(people)
    assert.equal("/nowhere/hr.csv: No such file or directory", message)
    assert.equal("argument", err.kind)
    assert.equal("no_such_file", err.code)
  end)

  it("is a directory", function()
    local people, message, err = source.csv("/tmp", basic)
    assert.is_nil(people)
    assert.equal("/tmp: Is a directory", message)
    assert.equal("is_a_directory", err.code)
  end)

  it("gives an error at once", function()
    -- Reading the first page of a process's memory fails, whoever asks.
    local people, message, err = source.csv("/proc/self/mem", basic)
    assert.is_nil(people)
    assert.equal("/proc/self/mem: Input/output error", message)
    assert.equal("transport", err.kind)
    assert.equal("read_failed", err.code)
  end)

  it("gives an error half-way: the rows before it are there, and it is not complete", function()
    local given = 0
    local handle = {
      read = function()
        given = given + 1
        if given == 1 then
          return header .. "Ann,Lee,ann@acme.com,a,b\nBob,"
        end
        return nil, "Input/output error", 5
      end,
    }
    local people = assert(source.csv(handle, named(basic)))
    local list, message, err, rows = people:read()
    assert.is_nil(list)
    assert.equal("hr.csv: Input/output error", message)
    assert.equal("transport", err.kind)
    assert.equal(1, #rows)
    assert.equal(err, people.failure)
    assert.is_false(people.proof.complete)
    assert.equal("lastpass.source.csv: hr.csv (1 rows, broken off)", tostring(people))
  end)

  it("grows or shrinks while it is read", function()
    local path = write_file(header .. ("x,y,z@z,a,b\n"):rep(10))
    local options = named(basic)
    options.key = false
    local people = assert(source.csv(path, options))
    local file = assert(io.open(path, "ab"))
    file:write(("x,y,q@z,a,b\n"):rep(10000))
    file:close()
    local list, message, err = people:read()
    assert.is_nil(list)
    assert.equal("conflict", err.kind)
    assert.equal("file_changed", err.code)
    assert.matches(
      "^hr.csv: the file changed while it was read %(%d+ bytes at first, %d+ read%)$",
      message
    )
  end)
end)

describe("a file that breaks off", function()
  local broken = header
    .. 'Ann,Lee,ann@acme.com,a,b\nBob,Roy,bob@acme.com,a,b\nC"at,,c@d,,\nDan,,d@e,,\n'
  local reason = "hr.csv:4: field 1 has a quote inside but does not begin with one"

  it("is returned by read, with the rows before it", function()
    local list, message, err, rows, people = read(broken, basic)
    assert.is_nil(list)
    assert.equal(reason, message)
    assert.equal("protocol", err.kind)
    assert.equal("stray_quote", err.code)
    assert.equal("hr.csv", err.file)
    assert.equal(4, err.line)
    assert.equal(2, #rows)
    assert.is_false(people.proof.complete)
    assert.equal(2, people.proof.rows)
  end)

  it("is raised by rows, after the rows before it", function()
    local people = open(broken, basic)
    local seen = {}
    local ok, err = pcall(function()
      for person in people:rows() do
        seen[#seen + 1] = person.email
      end
    end)
    assert.is_false(ok)
    assert.same({ "ann@acme.com", "bob@acme.com" }, seen)
    assert.equal("stray_quote", err.code)
    assert.equal(reason, tostring(err))
    assert.equal(err, people.failure)
    assert.is_false(people.proof.complete)
  end)

  it("is returned by next, again and again", function()
    local people = open(broken, basic)
    assert.equal("ann@acme.com", people:next().email)
    assert.equal("bob@acme.com", people:next().email)
    for _ = 1, 3 do
      local person, message, err = people:next()
      assert.is_nil(person)
      assert.equal(reason, message)
      assert.equal("stray_quote", err.code)
    end
  end)

  it("ends inside a quote, and the line of the quote is named", function()
    local emails, _, err =
      outcome(header .. 'Ann,Lee,ann@acme.com,a,b\nBob,"Roy,b@c,d,e\nx,y,z,a,b\n', basic)
    assert.same({ "ann@acme.com" }, emails)
    assert.equal(
      "hr.csv:3: the quote of field 2 is never closed: the file ends inside it",
      err.message
    )
    assert.equal("unterminated_quote", err.code)
  end)

  it("has a NUL byte, a huge field or a row of too many fields", function()
    local start = "E-mail,Note\nann@acme.com,x\n"
    local emails, _, err = outcome(start .. "bob@acme.com,a\0b\n")
    assert.same({ "ann@acme.com" }, emails)
    assert.equal("nul_byte", err.code)
    assert.equal(3, err.line)
    emails, _, err = outcome(start .. "bob@acme.com," .. ("x"):rep(2 ^ 20 + 1) .. "\n")
    assert.same({ "ann@acme.com" }, emails)
    assert.equal("field_too_large", err.code)
    assert.equal("hr.csv:3: field 2 is longer than 1048576 bytes", err.message)
    _, _, err = outcome(start .. "b@c,xxxxx\n", { max_field = 12 })
    assert.is_nil(err)
    _, _, err = outcome(start .. (","):rep(20000) .. "\n")
    assert.equal("too_many_fields", err.code)
    _, _, err = outcome(start .. "bob@acme.com,1234567\n", { max_row = 18 })
    assert.equal("row_too_large", err.code)
  end)

  it("reads loose quotes when told to", function()
    local emails, reasons, err = outcome(broken, {
      columns = basic.columns,
      strict = false,
    })
    assert.is_nil(err)
    assert.same({ "ann@acme.com", "bob@acme.com", "c@d", "d@e" }, emails)
    assert.same({}, reasons)
  end)
end)

describe("the proof of source.csv", function()
  local text = "E-mail,Name\r\nann@acme.com,Ann\r\nbob,Bob\r\n"

  it("counts rows and bytes and is complete at the end only", function()
    local people = open(text)
    assert.is_false(people.proof.complete)
    people:next()
    assert.is_false(people.proof.complete)
    assert.is_nil(people:next())
    assert.same({
      kind = "csv",
      file = "hr.csv",
      rows = 2,
      refused = 1,
      bytes = #text,
      final_newline = true,
      complete = true,
    }, people.proof)
  end)

  it("is not complete before the last row was handed out", function()
    local people = open "E-mail\na@b\nc@d"
    people:next()
    people:next()
    assert.is_false(people.proof.complete)
    assert.is_nil(people:next())
    assert.is_true(people.proof.complete)
    assert.is_false(people.proof.final_newline)
  end)

  it("stays open when a loop is left", function()
    local people = open "E-mail\na@b\nc@d\n"
    for person in people:rows() do
      if person then
        break
      end
    end
    assert.is_false(people.proof.complete)
  end)

  it("counts the bytes of the file, not of the text in it", function()
    local utf16 = "\255\254" .. ("E-mail\na@b\n"):gsub(".", "%0\0")
    local _, _, _, _, people = read(utf16, { encoding = "utf-16" })
    assert.equal(#utf16, people.proof.bytes)
    assert.is_true(people.proof.final_newline)
  end)

  it("has a SHA-256 when asked", function()
    local path = write_file(text)
    local pipe = assert(io.popen("sha256sum " .. path))
    local expected = pipe:read "*a":match "^%x+"
    pipe:close()
    local people = assert(source.csv(path, { sha256 = true }))
    assert.is_nil(people.proof.sha256)
    people:read()
    assert.equal(64, #expected)
    assert.equal(expected, people.proof.sha256)
    assert.equal(expected, people:sha256())
    local later = assert(source.csv(path))
    local hex, message, err = later:sha256()
    assert.is_nil(hex)
    assert.equal(path .. ": not read to its end, so there is nothing to prove", message)
    assert.equal("not_read", err.code)
    later:read()
    assert.equal(expected, later:sha256())
    assert.equal(expected, later.proof.sha256)
  end)

  it("refuses to hash a file that has changed", function()
    local path = write_file(text)
    local people = assert(source.csv(path))
    people:read()
    local file = assert(io.open(path, "ab"))
    file:write "x"
    file:close()
    local hex, _, err = people:sha256()
    assert.is_nil(hex)
    assert.equal("file_changed", err.code)
    os.remove(path)
    hex, _, err = people:sha256()
    assert.is_nil(hex)
    assert.equal("file_changed", err.code)
    people = assert(source.csv(stream(text, 100)))
    people:read()
    hex, _, err = people:sha256()
    assert.is_nil(hex)
    assert.equal("not_read", err.code)
  end)

  it("says what to install when luaossl is missing", function()
    local loaded, preload = package.loaded["openssl.digest"], package.preload["openssl.digest"]
    package.loaded["openssl.digest"] = nil
    package.preload["openssl.digest"] = function()
      error "module 'openssl.digest' not found"
    end
    finally(function()
      package.loaded["openssl.digest"], package.preload["openssl.digest"] = loaded, preload
    end)
    local people, message, err = source.csv(write_file(text), { sha256 = true })
    assert.is_nil(people)
    assert.equal("SHA-256 needs luaossl, which is not installed", message)
    assert.equal("no_luaossl", err.code)
    assert.equal("apt install lua-luaossl, or luarocks install luaossl", err.hint)
    people = open(text)
    people:read()
    local hex
    hex, message, err = people:sha256()
    assert.is_nil(hex)
    assert.equal("SHA-256 needs luaossl, which is not installed", message)
    assert.equal("no_luaossl", err.code)
  end)
end)

describe("encodings of source.csv", function()
  local function name_of(bytes, encoding)
    local list, problems = read(bytes, { encoding = encoding })
    assert.same({}, problems)
    return list[1].name
  end

  it("are read under all their names", function()
    local latin = "E-mail,Name\nj@acme.com,J\252rgen\n"
    for _, encoding in ipairs {
      "latin1",
      "Latin-1",
      "ISO-8859-1",
      "iso_8859_1",
      "windows-1252",
      "CP1252",
    } do
      assert.equal("J\195\188rgen", name_of(latin, encoding))
    end
    local plain = "E-mail,Name\nj@acme.com,J\195\188rgen\n"
    for _, encoding in ipairs { "utf-8", "UTF-8", "utf8", "ascii" } do
      assert.equal("J\195\188rgen", name_of(plain, encoding))
    end
    assert.equal("Euro \226\130\172", name_of("E-mail,Name\na@b,Euro \128\n", "windows-1252"))
    local wide = ("E-mail,Name\na@b,J\252rgen\n"):gsub(".", "%0\0")
    assert.equal("J\195\188rgen", name_of("\255\254" .. wide, "utf-16"))
    assert.equal("J\195\188rgen", name_of("\255\254" .. wide, "utf-16le"))
    assert.equal("J\195\188rgen", name_of(wide, "UTF-16LE"))
  end)

  it("have bytes that are no character: that row is refused", function()
    local list, problems = read("E-mail,Name\na@b,x\129\nc@d,y\n", { encoding = "windows-1252" })
    assert.equal(1, #list)
    assert.equal("c@d", list[1].email)
    assert.equal("hr.csv:2: column 'Name' is not valid UTF-8", tostring(problems[1]))
  end)

  it("end in the middle of a character", function()
    local text = "\255\254" .. ("E-mail\na@b\nc@d"):gsub(".", "%0\0") .. "x"
    local emails, _, err = outcome(text, { encoding = "utf-16" })
    assert.same({ "a@b", "c@d" }, emails)
    assert.equal("hr.csv: the file ends in the middle of a character", err.message)
    assert.equal("bad_encoding", err.code)
  end)

  it("are known by the mark at the beginning", function()
    for _, name in ipairs { "utf-16le", "utf-16be" } do
      local text = "\239\187\191sep=;\nE-mail;Name\na@b;J\195\188rgen\n"
      local wide = {}
      for _, code in ipairs { 0xFEFF } do
        wide[1] = name == "utf-16le" and string.char(code % 256, math.floor(code / 256))
          or string.char(math.floor(code / 256), code % 256)
      end
      for character in text:sub(4):gsub("\195\188", "\252"):gmatch "." do
        wide[#wide + 1] = name == "utf-16le" and character .. "\0" or "\0" .. character
      end
      assert.equal("J\195\188rgen", name_of(table.concat(wide)))
      local list = assert(source.csv(stream(table.concat(wide), 1))):read()
      assert.same({ "a@b", 3 }, { list[1].email, list[1].origin.line })
    end
    local err = fails(
      "\239\187\191E-mail\n",
      { encoding = "windows-1252" },
      "protocol",
      "bad_encoding",
      "hr.csv: the file says that it is UTF-8 (byte order mark), not windows-1252"
    )
    assert.equal("leave out the option 'encoding'", err.hint)
  end)

  it("are guessed at in messages", function()
    local err = fails(
      "\255\254E\0",
      { encoding = "utf-8" },
      "protocol",
      "bad_encoding",
      "hr.csv: this is UTF-16, not UTF-8"
    )
    assert.equal("give encoding = 'utf-16'", err.hint)
    for text, encoding in pairs { ["E\0-\0m\0"] = "utf-16le", ["\0E\0-\0m"] = "utf-16be" } do
      err = fails(
        text,
        nil,
        "protocol",
        "bad_encoding",
        "hr.csv: this looks like UTF-16 without a byte order mark"
      )
      assert.equal(("give encoding = '%s'"):format(encoding), err.hint)
    end
    fails(
      "E\0-\0",
      { encoding = "utf-16" },
      "protocol",
      "bad_encoding",
      "hr.csv: UTF-16 without a byte order mark: say 'utf-16le' or 'utf-16be'"
    )
  end)
end)

describe("the header of source.csv, among other rows,", function()
  local rows = "E-mail,Name\nann@acme.com,Ann\nbob@acme.com,Bob\n"
  local columns = { email = "E-mail", name = "Name" }

  it("is in the row that is named, and rows keep their numbers", function()
    local text = '"People, of 2026"\n\n"two\nlines",x\n' .. rows
    for _, size in ipairs { 1, 7, 1000 } do
      local options = { columns = columns, header = 4, name = "hr.csv" }
      local people = assert(source.csv(stream(text, size), options))
      local list = people:read()
      assert.equal("ann@acme.com bob@acme.com", list[1].email .. " " .. list[2].email)
      assert.same({ file = "hr.csv", row = 5, line = 6 }, list[1].origin)
      assert.same({ "E-mail", "Name" }, people.header)
      assert.same({ 2, true }, { people.proof.rows, people.proof.complete })
    end
  end)

  it("comes after titles with quotes wherever they please, and is strict itself", function()
    local above = 'The "HR" list, all\nthe so-called "staff"\n'
    local options = { columns = { email = "E-mail", name = "Name" }, header = 3, name = "hr.csv" }
    for size = 1, 40, 3 do
      local file = files.stream(above .. 'E-mail,Name\na@x.com,"Ann, M."\n', size)
      local list = assert(source.csv(file, options)):read()
      assert.equal("Ann, M.", list[1].name)
      assert.equal("hr.csv:4", tostring(list[1].origin))
      file = files.stream(above .. 'E-mail,Name\na@x.com,Ann "M"\n', size)
      local _, message = assert(source.csv(file, options)):read()
      assert.matches("^hr.csv:4: field 2 has a quote inside", message)
    end
  end)

  it("is missing where it is to be", function()
    fails(
      "a\n\n" .. rows,
      { header = 2 },
      "argument",
      "no_header",
      "hr.csv: row 2, where its header is to be, is blank"
    )
    fails(
      "a,b\n,\n" .. rows,
      { header = 2 },
      "argument",
      "no_header",
      "hr.csv: row 2, where its header is to be, is blank"
    )
    fails(
      rows,
      { header = 4 },
      "argument",
      "no_header",
      "hr.csv: has no row 4, where its header is to be"
    )
    raises(
      "source.csv: option 'header' must be the number of a row, from 1, not number",
      "x",
      { header = 0 }
    )
  end)

  it("is looked for to say where it is", function()
    local err = fails(
      "People of 2026\n\nall of them\n" .. rows,
      { columns = columns },
      "argument",
      "missing_column",
      "hr.csv: no column 'E-mail' (for the field 'email'); "
        .. "the header is the one column 'People of 2026'"
    )
    assert.equal("row 4 has these titles: header = 4", err.hint)
  end)

  it("is a person already", function()
    local hint = "give the file a first row with the titles of its columns, or say in which row "
      .. "they are: header = 4"
    for text, options in pairs {
      ["Ann,ann@acme.com,x\nBob,bob@acme.com,x\n"] = {},
      ["Ann; ann@acme.com;x\n"] = {},
      ["x,y\nAnn,ann@acme.com\n"] = { header = 2 },
    } do
      options.name = "hr.csv"
      local _, message, err = source.csv(write_file(text), options)
      assert.equal("no_header", err.code)
      assert.equal(
        ("hr.csv:%d: the row is a person ('ann@acme.com'), not a header"):format(
          options.header or 1
        ),
        message
      )
      assert.equal(hint, err.hint)
    end
  end)

  it("may be told its delimiter by a line for Excel", function()
    for _, first in ipairs { "sep=;\n", "\239\187\191sep=;\r\n", '"sep=;"\n', "SEP=;\r" } do
      local text = first .. "E-mail;Name\nann@acme.com;Lee, Ann\nbob;x\n"
      for _, size in ipairs { 1, 5, 1000 } do
        local people =
          assert(source.csv(stream(text, size), { columns = columns, name = "hr.csv" }))
        local list, problems = people:read()
        assert.same({ "ann@acme.com", "Lee, Ann" }, { list[1].email, list[1].name })
        assert.equal("hr.csv:3", tostring(list[1].origin))
        assert.equal("hr.csv:4: 'bob' is not an e-mail address: it has no @", tostring(problems[1]))
      end
    end
    local list = read("sep=;\n" .. rows, { columns = columns, delimiter = "," })
    assert.equal(2, #list) -- what the caller says holds
    list = read("sep=\t\nx\n" .. rows:gsub(",", "\t"), { columns = columns, header = 3 })
    assert.equal(2, #list)
    list = read("sep=;\n" .. rows:gsub(",", ";"), { columns = columns, header = 1 })
    assert.equal(2, #list)
    fails("sep=;\n", nil, "argument", "empty_file", "hr.csv: is empty, not even a header")
  end)

  it("has spaces that do not break, line ends and characters that cannot be seen", function()
    local text = '"E\194\173-mail",First\194\160Name,"Last\r\n  \226\128\175name\226\128\139"\n'
      .. "ann@acme.com,Ann,Lee\n"
    local list = read(text, {
      columns = { email = "E-mail", fullname = { "First Name", "Last\194\160 name" } },
    })
    assert.same({ "ann@acme.com", "Ann Lee" }, { list[1].email, list[1].fullname })
    list = read(text)
    assert.same({ "Ann", "Lee" }, { list[1].first_name, list[1].last_name })
    fails(
      "A B,A\194\160B\n",
      nil,
      "argument",
      "duplicate_column",
      "hr.csv: the header has 'A B' twice, in columns 1 and 2"
    )
  end)
end)

describe("a file that is not CSV", function()
  it("is called what it is", function()
    for _, case in ipairs {
      { "PK\3\4\20\0\6\0\8\0\0\0!\0[Content_Types].xml", "an Excel workbook (.xlsx)" },
      {
        "PK\3\4mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "an OpenDocument spreadsheet",
      },
      { "PK\3\4\20\0\0\0hr.csv", "a zip archive" },
      { "\208\207\17\224\161\177\26\225" .. ("\0"):rep(600), "an old Excel workbook (.xls)" },
      { "\31\139\8\0\0", "compressed by gzip" },
      { "%PDF-1.7\n", "a PDF file" },
      { "<!DOCTYPE html>\n<html>", "an HTML page" },
      { "\n\n  <table border=1>\n<tr>", "an HTML page" },
      { '<?xml version="1.0"?>\n', "XML" },
      { '\239\187\191{"users":[]}', "JSON" },
      { "[\n{", "JSON" },
      { '[{"email":"a@b"}]', "JSON" },
      { "dn: uid=ann,dc=acme\nmail: a@b\n", "LDIF" },
      { "\255\254" .. ("<html>\n"):gsub(".", "%0\0"), "an HTML page" },
    } do
      for _, size in ipairs { 1, 1000 } do
        local people, message, err = source.csv(stream(case[1], size), { name = "hr.csv" })
        assert.is_nil(people)
        assert.truthy(message:find("hr.csv: this is " .. case[2], 1, true), message)
        assert.truthy(message:find ", not CSV$")
        assert.same({ "argument", "not_csv" }, { err.kind, err.code })
        assert.truthy(#err.hint > 10)
      end
    end
    for _, text in ipairs { "[E-mail],x\n", "{id},x\n", "PK,x\n", "<5,x\n", "dn,x\n" } do
      assert(source.csv(write_file(text), { key = false }), text)
    end
  end)
end)

describe("what source.csv is told to expect", function()
  local rows = "E-mail,Name\nann@acme.com,Ann\nbob@acme.com,Bob\n"

  local function outcome_of(text, expect, more)
    local options = { name = "hr.csv", expect = expect, key = more }
    local people = assert(source.csv(write_file(text), options))
    local list, message, err, before = people:read()
    assert.equal(list ~= nil, people.proof.complete)
    assert.equal(list == nil, people.failure ~= nil)
    return list and #list or #before, list and "complete" or message, err and err.code
  end

  it("is a number of rows", function()
    for _, expect in ipairs { 2, { min = 2 }, { max = 2 }, { min = 1, max = 5 } } do
      assert.same({ 2, "complete" }, { outcome_of(rows, { rows = expect }) })
    end
    for message, expect in pairs {
      ["hr.csv: has 2 rows, and 3 were expected"] = 3,
      ["hr.csv: has 2 rows, and 1 were expected"] = 1,
      ["hr.csv: has 2 rows, and 3 were expected at least"] = { min = 3, max = 9 },
      ["hr.csv: has 2 rows, and 1 were expected at most"] = { min = 0, max = 1 },
    } do
      assert.same({ 2, message, "wrong_row_count" }, { outcome_of(rows, { rows = expect }) })
    end
  end)

  it("is a trailer, which is nobody, and may say how many rows there are", function()
    for trailer, last in pairs {
      ["END"] = "END\n",
      ["*** END [2] ***"] = "*** END [2] ***\n",
      ["^TRAILER,(%d+)$"] = "TRAILER,000002",
      ["^T,(%d+),,"] = "T,2,,\n\n,\n",
    } do
      assert.same({ 2, "complete" }, { outcome_of(rows .. last, { trailer = trailer }) })
    end
    local expect = { trailer = "^TRAILER,(%d+)$" }
    assert.same({
      2,
      "hr.csv: the trailer '^TRAILER,(%d+)$' is missing: the file was cut at the end of a row",
      "no_trailer",
    }, { outcome_of(rows, expect) })
    assert.same({
      2,
      "hr.csv: its trailer on line 4 says 3 rows, and there are 2",
      "wrong_row_count",
    }, { outcome_of(rows .. "TRAILER,3\n", expect) })
    assert.same({
      3,
      "hr.csv: there are rows after the trailer on line 4: line 5",
      "rows_after_trailer",
    }, { outcome_of(rows .. "TRAILER,2\ncid@acme.com,Cid\n", expect) })
    -- a row that is refused was there
    assert.same({ 2, "complete" }, { outcome_of(rows .. "bad,x\nTRAILER,3\n", expect) })
  end)

  it("says how it is written", function()
    for message, expect in pairs {
      ["source.csv: 'expect' needs 'rows' or 'trailer'"] = {},
      ["source.csv: 'expect': unknown option 'row' (did you mean 'rows'?)"] = { row = 1 },
      ["source.csv: 'expect': 'rows' needs 'min' or 'max'"] = { rows = {} },
      ["source.csv: 'expect': rows: 'min' must be a whole number"] = { rows = { min = 1.5 } },
      ["source.csv: 'expect': rows: no number is from 'min' 250 to 'max' 150"] = {
        rows = { min = 250, max = 150 },
      },
      ["source.csv: 'expect': 'trailer' must be a string, or a Lua pattern"] = { trailer = "(x" },
    } do
      raises(message, "x", { expect = expect })
    end
  end)
end)

describe("dates of source.csv", function()
  local text = "E-mail,Hired,Left\nann@acme.com,12/31/2026,\nbob@acme.com,31/12/2026,46387\n"
    .. "cid@acme.com,2026-02-03,1 Jan 2027\n"
  local columns = { email = "E-mail", hired = "Hired", left = "Left" }

  it("come in one form, and a bad one makes its row one that is not used", function()
    local list, problems = read(text, {
      columns = columns,
      dates = { hired = "MM/DD/YYYY", left = "auto" },
    })
    assert.same({ "2026-12-31", "" }, { list[1].hired, list[1].left })
    assert.same({ "2026-02-03", "2027-01-01" }, { list[2].hired, list[2].left })
    local in_lower_case = { hired = "mm/dd/yyyy", left = "auto" }
    assert.equal("2026-12-31", read(text, { columns = columns, dates = in_lower_case })[1].hired)
    assert.same({ "hr.csv:3: '31/12/2026' in 'Hired' is not a date: month 31 is not 1 to 12" }, {
      tostring(problems[1]),
    })
    assert.same({ "bad_date", "hired", "bob@acme.com" }, {
      problems[1].code,
      problems[1].field,
      problems[1].key,
    })
  end)

  it("are of fields that there are", function()
    raises(
      "source.csv: 'dates' names 'hierd', not a column (did you mean 'hired'?)",
      "x",
      { columns = columns, dates = { hierd = "iso" } }
    )
    fails(
      text,
      { dates = { start = "iso" } },
      "argument",
      "missing_column",
      "hr.csv: no column makes the field 'start', which 'dates' names; the header makes: email, "
        .. "hired, left"
    )
  end)
end)

describe("a mistake in the call of source.csv", function()
  it("is raised at the caller's line", function()
    raises("source.csv: the file must be a path or an open file, not nil", nil)
    raises("source.csv: the file must be a path or an open file, not table", {})
    raises(
      "source.csv: 'options' must be a table, not a string: source.csv(file?, options?)",
      "x",
      "y"
    )
    raises(
      "source.csv: unknown option 'delimeter' (did you mean 'delimiter'?)",
      "x",
      { delimeter = ";" }
    )
    raises("source.csv: option 'columns' must be table, not string", "x", { columns = "a" })
    raises("source.csv: option 'key' must be a string or false, not boolean", "x", { key = true })
    raises("source.csv: option 'delimiter' must be one ASCII character", "x", { delimiter = ";;" })
    raises("source.csv: option 'quote' must be one ASCII character", "x", { quote = "\n" })
    raises("source.csv: options 'delimiter' and 'quote' must differ", "x", { delimiter = '"' })
    raises("source.csv: option 'max_field' must be from 1 to 2^30", "x", { max_field = 0 })
    raises(
      "source.csv: unknown encoding 'windws-1252' (did you mean 'windows-1252'?)",
      "x",
      { encoding = "windws-1252" }
    )
    raises("source.csv: 'columns' is a table of field = header", "x", { columns = { "E-mail" } })
    raises(
      "source.csv: column 'email' must be a header or a list of headers, not boolean",
      "x",
      { columns = { email = true } }
    )
    raises("source.csv: column 'email' names no header", "x", { columns = { email = {} } })
    raises(
      "source.csv: column 'email': a header must be a string, not number",
      "x",
      { columns = { email = { 7 } } }
    )
    raises(
      "source.csv: column 'email': unknown option 'requird' (did you mean 'required'?)",
      "x",
      { columns = { email = { "E", requird = true } } }
    )
    raises(
      "source.csv: column 'origin': that name is reserved for where a person comes from",
      "x",
      { columns = { origin = "E" } }
    )
    raises(
      "source.csv: 'required' names 'emial', not a column (did you mean 'email'?)",
      "x",
      { columns = { email = "E" }, required = { "emial" } }
    )
    raises(
      "source.csv: 'key' names 'id', not a column",
      "x",
      { columns = { email = "E" }, key = "id" }
    )
    raises("source.csv: 'required' must name fields by strings", "x", { required = { 1 } })
  end)

  it("does not change the options it was given", function()
    local options = { columns = { email = { "E-mail", required = true }, name = "Name" } }
    read("E-mail,Name\na@b,c\n", options)
    assert.same({ columns = { email = { "E-mail", required = true }, name = "Name" } }, options)
  end)
end)

describe("pieces of a file", function()
  local text = "\239\187\191E-mail,Name,Boss\r\n"
    .. 'ann@acme.com,"Ann\r\nLee",\r\n'
    .. "\r\n"
    .. "BOB@acme.com, Bob ,ann@acme.com\r\n"
    .. "bob@Acme.com,Bob,\r\n"
    .. "j\195\188rgen@acme.com,J\195\188rgen,none\r\n"
    .. "j\195\188rgen@acme.com,J\195\188rgen,\r\n"
    .. ",,\r\n"
    .. "cat@acme.com,Cat\r\n"
    .. '"dan@acme,com",Dan,\r\n'
    .. "eve@acme.com,\255,\r\n"
    .. "fay@acme.com,,\r\n"
    .. "gus@acme.com,Gus,"

  local options = named {
    columns = {
      email = "E-mail",
      name = { "Name", required = true },
      boss = { "Boss", email = true },
      both = { "Name", "Boss" },
    },
  }

  -- Everything that a caller can see, as text.
  local function everything(people)
    local lines = {}
    local list, problems, err = people:read()
    assert(list, err)
    for _, person in ipairs(list) do
      lines[#lines + 1] = table.concat({
        person.email,
        person.name,
        person.boss,
        person.both,
        person.origin.row,
        tostring(person.origin),
      }, "|")
    end
    for _, problem in ipairs(problems) do
      lines[#lines + 1] = table.concat({
        tostring(problem),
        problem.row,
        tostring(problem.field),
        tostring(problem.column),
        tostring(problem.value),
        tostring(problem.key),
        problem.code,
      }, "|")
    end
    lines[#lines + 1] = ("%d %d %d %s"):format(
      people.proof.rows,
      people.proof.refused,
      people.proof.bytes,
      tostring(people.proof.complete)
    )
    return table.concat(lines, "\n")
  end

  local expected = table.concat({
    "ann@acme.com|Ann\r\nLee||Ann\r\nLee|2|hr.csv:2",
    "BOB@acme.com|Bob|ann@acme.com|Bob ann@acme.com|4|hr.csv:5",
    "j\195\188rgen@acme.com|J\195\188rgen||J\195\188rgen|7|hr.csv:8",
    "gus@acme.com|Gus||Gus|13|hr.csv:14",
    "hr.csv:6: 'bob@Acme.com' is already on line 5"
      .. "|5|email|E-mail|bob@Acme.com|bob@acme.com|duplicate",
    "hr.csv:7: 'none' is not an e-mail address: it has no @"
      .. "|6|boss|Boss|none|j\195\188rgen@acme.com|bad_email",
    "hr.csv:10: the row has 2 fields, the header 3|9|nil|nil|nil|cat@acme.com|too_few_fields",
    "hr.csv:11: 'dan@acme,com' is not an e-mail address: ',' cannot be in an address"
      .. "|10|email|E-mail|dan@acme,com|nil|bad_email",
    "hr.csv:12: column 'Name' is not valid UTF-8|11|name|Name|\255|eve@acme.com|bad_encoding",
    "hr.csv:13: 'Name' is empty|12|name|Name||fay@acme.com|missing_value",
    "10 6 " .. #text .. " true",
  }, "\n")

  it("give the same people and problems, whatever their size", function()
    assert.equal(expected, everything(open(text, options)))
    for size = 1, #text do
      local people = assert(source.csv(stream(text, size), options))
      assert.equal(expected, everything(people), "pieces of " .. size)
    end
  end)

  it("give the same when Lua looks at every row", function()
    local methods = getmetatable(csv.parser()).__index
    local shape = methods.shape
    methods.shape = function() end
    finally(function()
      methods.shape = shape
    end)
    assert.equal(expected, everything(open(text, options)))
    for size = 1, #text, 5 do
      local people = assert(source.csv(stream(text, size), options))
      assert.equal(expected, everything(people), "pieces of " .. size)
    end
  end)
end)

describe("a file of 100,000 rows", function()
  local count = 100000

  -- Resident memory in KiB.
  local function resident()
    local file = assert(io.open "/proc/self/statm")
    local pages = file:read "*a":match "^%d+ (%d+)"
    file:close()
    return tonumber(pages) * 4
  end

  -- Rows made on the way, so that the test itself holds nothing.
  local function endless()
    local row = 0
    return {
      read = function(_, bytes)
        if row == 0 then
          row = 1
          return "Id,First name,Last name,E-mail,Department,Note\r\n"
        elseif row > count then
          return nil
        end
        local parts, length = {}, 0
        while length < bytes - 200 and row <= count do
          local note = row % 10 == 0 and '"two\r\nlines, ""quoted"""' or ""
          local line = ("%d,J\195\188rgen,Last %d,user%d@acme.example,Dept %d,%s\r\n"):format(
            row,
            row,
            row,
            row % 50,
            note
          )
          parts[#parts + 1] = line
          length = length + #line
          row = row + 1
        end
        return table.concat(parts)
      end,
    }
  end

  local columns = { email = "E-mail", fullname = { "First name", "Last name" }, note = "Note" }

  it("streams in memory that does not grow with it", function()
    for _, key in ipairs { "email", false } do
      local people = assert(source.csv(endless(), { columns = columns, key = key }))
      collectgarbage()
      collectgarbage()
      local before, resident_before, most, rows, last =
        collectgarbage "count", resident(), 0, 0, nil
      for person in people:rows() do
        rows = rows + 1
        last = person
        if rows % 1000 == 0 then
          most = math.max(most, collectgarbage "count" - before)
        end
      end
      assert.equal(count, rows)
      assert.equal(count + 1, last.origin.row)
      assert.equal(count + 1 + count / 10 - 1, last.origin.line)
      assert.equal("user100000@acme.example", last.email)
      assert.is_true(people.proof.complete)
      assert.is_true(most < 6000, "Lua memory grew by " .. most .. " KiB")
      -- The keys are some 70 bytes each; the allocator may keep twice that.
      local grown = resident() - resident_before
      assert.is_true(instrumented or grown < 32000, "the process grew by " .. grown .. " KiB")
    end
  end)
end)
