-- lua5.4 spec/fuzz/saml_metadata_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Metadata: damaged texts are read or refused with a code, and never raise; what is read is written and read the same; one
-- entity out of many is the same whether the document is in memory or streams from a file; what is compared has words.
local check = require "spec.support.check"
local draw = require "spec.fuzz.source_random"
local files = require "lastpass.files"
local inspect = require "lastpass.saml.inspect"
local load = require "lastpass.saml.metadata.load"
local metadata = require "lastpass.saml.metadata"
local samples = require "spec.support.saml_metadata"

local random, pick = draw.number, draw.pick
local seed, current = draw.seed, nil
local path = os.tmpname()

local function expect(what, holds, detail)
  if not holds then
    os.remove(path)
    io.stderr:write(("seed %d: %s\ninput: %q\n%s\n"):format(seed, what, current, tostring(detail)))
    os.exit(1)
  end
end

-- ------------------------------------------------------------------ texts

local BINDINGS = { "Redirect", "POST", "Artifact", "" }
local LOCATIONS = {
  "https://idp.acme.com/sso",
  "https://idp.acme.com/sso?a=b&amp;c=d",
  "https://[::1]:8443/",
  "http://127.0.0.1/",
  "javascript:alert(1)",
  "https://u@h/",
  "",
}
local NAMES = { "SingleSignOnService", "SingleLogoutService", "AssertionConsumerService", "Other" }
local ATTRIBUTES = {
  "",
  ' validUntil="2099-01-01T00:00:00Z"',
  ' validUntil="2001-01-01T00:00:00Z"',
  ' validUntil="soon"',
  ' cacheDuration="PT1H"',
  ' cacheDuration="P1Y2M3DT4H5M6.7S"',
  ' cacheDuration="P"',
  ' ID="_a"',
  ' ID="1"',
  ' WantAuthnRequestsSigned="1"',
  ' WantAuthnRequestsSigned="no"',
}

local function several(make, most)
  local parts = {}
  for index = 1, random(most + 1) - 1 do
    parts[index] = make()
  end
  return table.concat(parts)
end

local function endpoint()
  local more = pick {
    "",
    ' index="0"',
    ' index="70000"',
    ' isDefault="true"',
    ' ResponseLocation="https://a.b/"',
  }
  return samples.endpoint(pick(NAMES), pick(BINDINGS), pick(LOCATIONS), more)
end

local function key()
  return samples.key(
    pick { "idp", "next", "ec" },
    pick { "signing", "encryption", "both", false } or nil
  )
end

local function role()
  local o = {
    keys = several(key, 3),
    slo = several(endpoint, 2),
    formats = several(function()
      return "<md:NameIDFormat>" .. pick { "a", " urn:x ", "" } .. "</md:NameIDFormat>"
    end, 2),
    attributes = pick(ATTRIBUTES),
  }
  if random(2) == 1 then
    o.sso = random(4) > 1 and samples.endpoint("SingleSignOnService", "POST", LOCATIONS[1])
      or several(endpoint, 2)
    return samples.idp_role(o)
  end
  o.acs = random(4) == 1 and several(endpoint, 2) or nil
  return samples.sp_role(o)
end

local IDS = { "https://a.example", "https://b.example", "urn:c" }

local function entity()
  return samples.entity {
    id = random(20) == 1 and "" or pick(IDS),
    attributes = pick(ATTRIBUTES),
    roles = random(4) == 1 and several(role, 3) or samples.idp_role(),
  }
end

local function entities(depth)
  local list = {}
  for index = 1, random(3) do
    list[index] = depth > 0 and random(3) == 1 and entities(depth - 1) or entity()
  end
  return samples.entities(list, pick(ATTRIBUTES))
end

local PIECES = {
  "<",
  ">",
  "&",
  '"',
  "\0",
  "\255",
  "&#0;",
  "]]>",
  "<!--",
  "<!-- -->",
  "<?a?>",
  "<!DOCTYPE a>",
  "<![CDATA[x]]>",
  "\239\187\191",
  ' xml:id="a"',
  "<md:EntityDescriptor>",
  "</md:EntitiesDescriptor>",
  "text",
}

local function damaged(text)
  for _ = 1, random(3) do
    local at = random(#text + 1)
    local what = random(5)
    if what == 1 then
      text = text:sub(1, at - 1) .. pick(PIECES) .. text:sub(at)
    elseif what == 2 then
      text = text:sub(1, at - 1) .. text:sub(at + random(20))
    elseif what == 3 then
      text = text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
    elseif what == 4 then
      text = text:sub(1, at)
    else
      local last = math.min(#text, at + random(200))
      text = text:sub(1, last) .. text:sub(at)
    end
  end
  return text
end

-- ------------------------------------------------------------------ what must hold

local function judged(value, message, err)
  if value == nil then
    local ok, problem = pcall(check.failure, nil, nil, value, message, err)
    expect("no failure of the contract", ok, problem)
  end
  return value, err
end

local function check_entity(entity_, options)
  for position, one in ipairs(entity_.sp and entity_.sp.acs or {}) do
    one.index = one.index or 100 + position -- which the schema asks for, and writing fills in
  end
  local xml = metadata.write(entity_)
  expect("what was read is not written", xml)
  local again, message = metadata.read(xml, { allow_http = options.allow_http })
  expect("what was written is not read", again, message)
  local difference = metadata.diff(entity_, again)
  -- NameID formats without a name, and white space around them, are all that writing may change
  expect("another entity comes back", #difference.changes == 0, difference.text)
  metadata.warnings(entity_)
end

local function check_file(text, options, expected, err)
  assert(files.write(path, text))
  local before = load.STREAM_FROM
  load.STREAM_FROM = 0
  local streamed, failure = judged(metadata.load(path, options))
  load.STREAM_FROM = before
  -- what streams looks at the IDs and the cacheDuration of nothing but the entity
  local beside = { duplicate_id = true, bad_id = true, metadata_value = true }
  if expected == nil and beside[err.code] then
    return
  end
  expect(
    "streaming and reading differ",
    (streamed == nil) == (expected == nil),
    (failure or err or {}).message
  )
  if streamed then
    expect("another entity is streamed", #metadata.diff(expected, streamed).changes == 0)
    expect("another validUntil is streamed", expected.valid_until == streamed.valid_until)
  end
end

local function check_text(text)
  current = text
  local options = {
    entity_id = random(3) > 1 and pick(IDS) or nil,
    allow_http = random(2) == 1,
    role = pick { "idp", "sp", false } or nil,
  }
  local read, err = judged(metadata.read(text, options))
  if options.entity_id and random(4) == 1 and text:find "^%s*<" then
    check_file(text, options, read, err)
  end
  if read then
    check_entity(read, options)
  end
  judged(inspect.describe(text, { entity_id = options.entity_id }))
end

local deadline, rounds = os.time() + draw.seconds, 0
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 20 do
    rounds = rounds + 1
    local text = random(2) == 1 and entity() or entities(3)
    check_text(text)
    check_text(damaged(text))
  end
end
os.remove(path)
print(("saml_metadata_fuzz: %d rounds, seed %d"):format(rounds, seed))
