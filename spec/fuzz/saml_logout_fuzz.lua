-- lua5.4 spec/fuzz/saml_logout_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Messages of logout, in queries and forms, damaged at random: nothing raises, each refusal has a code that is known, and what
-- is accepted says what was signed.
local checks = require "lastpass.saml.checks"
local draw = require "spec.fuzz.source_random"
local pair = require "spec.support.saml_pair"

local random, pick = draw.number, draw.pick

local function clock()
  return pair.NOW
end

local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(
      ("seed %d: %s\ninput: %s\n%s\n"):format(draw.seed, what, current, tostring(detail))
    )
    os.exit(1)
  end
end

local pieces = {
  "&",
  "=",
  "%",
  "%00",
  "&RelayState=x",
  "&SigAlg=x",
  "&Signature=x",
  "&SAMLRequest=x",
  "SAMLResponse=",
  "+",
  "\255",
  "\0",
  "SAML%52equest=",
  "&samlrequest=",
  "&SAMLEncoding=x",
  "%2B",
}

local function damaged(text)
  for _ = 1, random(3) do
    local at = random(#text)
    local kind = random(4)
    if kind == 1 then
      text = text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
    elseif kind == 2 then
      text = text:sub(1, at - 1) .. text:sub(at + random(20))
    elseif kind == 3 then
      text = text:sub(1, at) .. pick(pieces) .. text:sub(at + 1)
    else
      local from = random(#text)
      text = text:sub(1, at) .. text:sub(from, from + random(200)) .. text:sub(at + 1)
    end
  end
  return text
end

local idp = pair.idp("idp", clock)
local participant = {
  sp = pair.SP,
  name_id = { value = "ann@acme.example" },
  session_index = "_session",
}
local query = pair.query(assert(idp:logout({ participant }, { relay = "r" })).url)

local rounds, accepted = 0, 0
local deadline = os.time() + draw.seconds
while os.time() < deadline or rounds < draw.least do
  local sp = pair.sp(clock)
  for _ = 1, 50 do
    rounds = rounds + 1
    current = damaged(query)
    local is_query = random(4) > 1
    local result, message, err =
      sp:consume_logout(is_query and { query = current } or { form = current })
    if result then
      accepted = accepted + 1
      expect("kind", result.kind == "request")
      expect("name", result.name_id == "ann@acme.example", result.name_id)
      expect("session", result.session_index[1] == "_session")
      sp = pair.sp(clock)
    else
      expect("a message", type(message) == "string" and type(err) == "table", message)
      expect("a code", checks.of(err.code) ~= nil, err.code)
      expect("one line", not message:find "%c", message)
    end
  end
end
print(("saml_logout_fuzz: %d rounds, %d accepted, seed %d"):format(rounds, accepted, draw.seed))
