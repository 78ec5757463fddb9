-- lua5.4 spec/fuzz/source_csv_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Mutated HR files through source.csv: however the file is cut, and whether rows are shaped in C or
-- looked at in Lua, people, problems and failure are the same; so with title rows, a line "sep=", a
-- trailer and dates. The decoder is fed in cuts likewise.
local csv = require "lastpass.csv"
local draw = require "spec.fuzz.source_random"
local source = require "lastpass.source"

local random, pick, stream = draw.number, draw.pick, draw.stream
local seed = draw.seed

local tokens = {
  ",",
  ",",
  '"',
  '""',
  "\n",
  "\r\n",
  "\r",
  "\n\n",
  " ",
  "\t",
  ";",
  "\0",
  "\255",
  "\195",
  "\195\188",
  "\194\160",
  "\239\187\191",
  "@",
  ".",
  "..",
  "a@b",
  "ann@acme.com",
  "ANN@Acme.com",
  "j\195\188rgen@acme.com",
  "jan@acme,example",
  '"two\nlines"',
  '"say ""hi"""',
  ("x"):rep(40),
  "x",
  "",
  "sep=;\n",
  "<html>",
  "{\n",
  "03/04/2026",
  "2026-12-31",
  "END,2\n",
}

local headers = {
  "E-mail,First name,Last name\n",
  "\239\187\191E-mail,First name,Last name\r\n",
  '"E-mail","First name",Last name\r',
  "\nE-mail,First name,Last name,Note\n",
  "sep=,\nE-mail,First\194\160name,Last name\n",
  "sep=;\r\nE-mail;First name;Last name\n",
  'People,2026\n\n"E-mail","First\nname",Last name\n',
}

local rows = {
  "a@b,c,d\n",
  "A@B,c,d\r",
  "ann@acme.com,Ann,Lee\r\n",
  "Ann@acme.com,Ann,\n",
  "e@f,,\n",
  ",,\n",
  '"g@h","i"\n',
  "j\195\188@k,x,y\n",
  "k@l,31 Dec 2026,46387\n",
  "END,3\n",
}

local function document()
  local parts = { pick(headers) }
  for index = 2, 1 + random(6) do
    parts[index] = pick(rows)
  end
  local text = table.concat(parts)
  for _ = 1, random(8) - 1 do
    local at = random(#text + 1)
    -- Mostly behind the header, which else would be all that is read.
    at = random(8) > 1 and math.max(at, #parts[1] + 1) or at
    text = text:sub(1, at - 1) .. pick(tokens) .. text:sub(at + random(3) - 1)
  end
  return text
end

local function add(lines, ...)
  local values = { ... }
  for index = 1, select("#", ...) do
    values[index] = tostring(values[index])
  end
  lines[#lines + 1] = table.concat(values, "|")
end

local function everything(file, options)
  local lines = {}
  local people, message, failure = source.csv(file, options)
  if not people then
    add(lines, message, failure.code, failure.line)
    return table.concat(lines, "\n")
  end
  local list, problems, err, before = people:read()
  for _, person in ipairs(list or before) do
    add(lines, person.email, person.fullname, person.first, person.origin, person.origin.row)
    add(lines, getmetatable(person.origin) ~= nil)
  end
  for _, p in ipairs(people.problems) do
    add(lines, p, p.row, p.code, p.field, p.column, p.value, p.key, p.first_line)
  end
  if not list then
    add(lines, problems, err.kind, err.code, err.line)
  end
  local proof = people.proof
  add(lines, proof.rows, proof.refused, proof.complete)
  return table.concat(lines, "\n")
end

local methods = getmetatable(csv.parser()).__index
local shape = methods.shape

local function unshaped(...)
  methods.shape = function() end
  local text = everything(...)
  methods.shape = shape
  return text
end

local function same(what, expected, got, text)
  if expected ~= got then
    io.stderr:write(
      ("seed %d: %s\ninput: %q\nexpected:\n%s\ngot:\n%s\n"):format(seed, what, text, expected, got)
    )
    os.exit(1)
  end
end

local function decoded(encoding, text, size)
  local decoder = assert(csv.decoder(encoding))
  local reader = stream(text, size)
  local parts = {}
  for piece in reader.read do
    local out, message = decoder:feed(piece)
    if not out then
      return message
    end
    parts[#parts + 1] = out
  end
  local _, message = decoder:finish()
  return table.concat(parts) .. tostring(message)
end

local function random_bytes()
  local bytes = {}
  for index = 1, random(40) do
    bytes[index] =
      string.char(pick { 0, 10, 48, 65, 0x81, 0x8E, 0xA1, 0xD8, 0xDC, 0xFE, 0xFF, random(256) - 1 })
  end
  return table.concat(bytes)
end

local deadline, rounds = os.time() + draw.seconds, 0
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 100 do
    rounds = rounds + 1
    local text = document()
    local options = {
      name = "f.csv",
      trim = random(4) > 1,
      strict = random(4) > 1,
      key = pick { false, "email", "email", "first" },
      max_field = random(4) == 1 and random(40) or nil,
      max_fields = random(4) == 1 and random(5) or nil,
      columns = {
        email = "E-mail",
        fullname = { "First name", "Last name" },
        first = { "First name", required = random(2) == 1, email = random(8) == 1 },
      },
    }
    if random(4) == 1 then
      options.header = random(4)
    end
    if random(4) == 1 then
      options.expect =
        { rows = random(2) == 1 and { min = random(4) } or nil, trailer = "^END.(%d*)" }
    end
    if random(4) == 1 then
      options.dates = { first = pick { "auto", "DD/MM/YYYY", "excel" } }
    end
    local whole = everything(stream(text, #text + 1), options)
    same("cut", whole, everything(stream(text), options), text)
    same("not shaped", whole, unshaped(stream(text), options), text)
    local encoding, bytes = pick(csv.encodings), random_bytes()
    same(encoding, decoded(encoding, bytes, 1000), decoded(encoding, bytes), bytes)
  end
end
print(("source_csv_fuzz: %d rounds, seed %d"):format(rounds, seed))
