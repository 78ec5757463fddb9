-- lua5.4 spec/fuzz/source_json_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Mutated and cut HR files through source.json: however the file comes in pieces, people, problems
-- and failure are the same, as JSON's own reader sees them; what is complete is whole JSON, and nothing
-- beside its list says that there is more.
local json = require "lastpass.json"
local json_reply = require "lastpass.source.json_reply"
local draw = require "spec.fuzz.source_random"
local source = require "lastpass.source"

local random, pick, stream = draw.number, draw.pick, draw.stream
local seed = draw.seed

local tokens = {
  ",",
  ":",
  '"',
  "\\",
  '\\"',
  "\\u00e9",
  "\n",
  "\r\n",
  " ",
  "[",
  "]",
  "{",
  "}",
  "[]",
  "{}",
  "null",
  "true",
  "1.5e3",
  "-0",
  "\0",
  "\255",
  "\195\188",
  "\239\187\191",
  '"mail"',
  '"a@b"',
  '"users":',
  "x",
  "",
}

local rows = {
  '{"mail":"ann@acme.com","name":{"given":"Ann","family":"Lee"},"groups":["A","B"]}',
  '{"mail":"ANN@acme.com","name":{"given":"Ann"},"groups":[]}',
  '{"mail":"bob@acme.com","note":"a } in [ a \\" text","groups":"A"}',
  '{"mail":"j\195\188@k","id":12345678901234567,"deep":{"x":[{"y":1}]}}',
  '{"mail":null,"id":1.5}',
  '{"mail":["c@d"],"name":null}',
  '{"mail":["c@d","e@f"]}',
  "7",
  "[]",
}

local function document()
  local parts = {}
  for index = 1, random(6) do
    parts[index] = pick(rows)
  end
  local text = pick {
    table.concat(parts, "\n") .. pick { "\n", "" },
    "[" .. table.concat(parts, ",") .. "]",
    "[\n" .. table.concat(parts, ",\n") .. "\n]\n",
    '{"total":1,"users":[' .. table.concat(parts, " , ") .. "]}",
    '{"data":{"x":[1],"users":[' .. table.concat(parts, ",\n") .. ']},"rest":"]"}',
    '{"meta":{"total":'
      .. random(6)
      .. '},"data":{"users":['
      .. table.concat(parts, ",")
      .. ']},"next":'
      .. pick { "null", '"x"', '""' }
      .. "}",
    '{"users":[' .. table.concat(parts, ",") .. '],"has_more":' .. pick { "true", "false" } .. "}",
  }
  for _ = 1, random(4) - 1 do
    local at = random(#text + 1)
    text = text:sub(1, at - 1) .. pick(tokens) .. text:sub(at + random(3) - 1)
  end
  return random(6) == 1 and text:sub(1, random(#text + 1) - 1) or text
end

local function shown(value)
  return type(value) == "table" and table.concat(value, "+") or tostring(value)
end

-- All that comes out of a source as one text, the source itself, and whether people came at all.
local function everything(file, options)
  local lines = {}
  local people, message, failure = source.json(file, options)
  if not people then
    return table.concat({ message, failure.kind, failure.code, tostring(failure.line) }, "|")
  end
  local list, problems, err, before = people:read()
  for _, person in ipairs(list or before) do
    local parts = { tostring(person.origin), tostring(person.origin.row) }
    for _, name in ipairs { "email", "fullname", "id", "groups", "mail" } do
      parts[#parts + 1] = shown(person[name])
    end
    lines[#lines + 1] = table.concat(parts, "|")
  end
  for _, p in ipairs(people.problems) do
    local parts = { tostring(p), p.code, tostring(p.field), tostring(p.key), tostring(p.first) }
    lines[#lines + 1] = table.concat(parts, "|")
  end
  if err then
    lines[#lines + 1] = problems .. "|" .. err.kind .. "|" .. err.code
  end
  return table.concat(lines, "\n"), people
end

local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(("seed %d: %s\ninput: %q\n%s\n"):format(seed, what, current, detail or ""))
    os.exit(1)
  end
end

-- What is complete holds to the letter: JSON's own reader finds as many elements or lines.
local function check_complete(text, people, list)
  local proof = people.proof
  expect("a failure with a complete proof", not people.failure)
  expect("bytes", proof.bytes == #text)
  text = text:gsub("^\239\187\191", "")
  local count = 0
  if proof.format == "json" then
    local value = json.decode(text)
    expect("complete, but no JSON", value ~= nil)
    local at, within, last = value, nil, nil
    for key in (list or ""):gmatch "[^.]+" do
      at, within, last = at[key], at, key
    end
    count = #at
    if within then
      within[last] = nil
      expect("more than what is complete", json_reply.fault(value, count, {}) == nil)
    end
  else
    for line in (text .. "\n"):gmatch "(.-)\n" do
      count = count + (line:find "[^ \t\r]" and 1 or 0)
    end
  end
  expect("rows", proof.rows == count, ("%d rows, %d counted"):format(proof.rows, count))
end

local deadline, rounds, complete = os.time() + draw.seconds, 0, 0
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 100 do
    rounds = rounds + 1
    local text = document()
    current = text
    local list = pick { false, false, "users", "data.users" } or nil
    local options = {
      name = "f.json",
      list = list,
      trim = random(4) > 1,
      key = pick { false, "email", "email" },
      format = not list and pick { false, false, "json", "ndjson" } or nil,
      columns = {
        email = "mail",
        fullname = { "name.given", "name.family", optional = true },
        id = { "id", optional = true },
        groups = { "groups", list = true, optional = true },
      },
      max_row = random(8) == 1 and random(80) or nil,
      max_bytes = random(8) == 1 and random(200) or nil,
    }
    if random(4) == 1 then
      options.columns, options.key = nil, pick { false, "mail" }
    end
    local whole, people = everything(stream(text, #text + 1), options)
    local cut = everything(stream(text), options)
    expect("cut", whole == cut, ("expected:\n%s\ngot:\n%s"):format(whole, cut))
    if people and people.proof.complete then
      complete = complete + 1
      check_complete(text, people, list)
    elseif people then
      expect("neither complete nor failed", people.failure)
      expect("a hash of a part", people.proof.sha256 == nil)
    end
  end
end
print(("source_json_fuzz: %d rounds, %d complete, seed %d"):format(rounds, complete, seed))
