-- lua5.4 spec/fuzz/saml_response_fuzz.lua [SECONDS [LEAST [SEED]]]
-- Responses whose verified tree is changed at random (what a broken identity provider could sign), and signed messages whose
-- bytes are damaged: nothing raises, each refusal has a code that is known, what is accepted satisfies what can be said of it
-- without the reader's own code, and a damaged message is refused or means the same.
local checks = require "lastpass.saml.checks"
local draw = require "spec.fuzz.source_random"
local keys = require "spec.support.saml_keys"
local pair = require "spec.support.saml_pair"
local response = require "lastpass.saml.response"
local saml = require "lastpass.saml"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"
local xmldsig = require "lastpass.xmldsig"

local random, pick = draw.number, draw.pick
local current

local function expect(what, holds, detail)
  if not holds then
    io.stderr:write(
      ("seed %d: %s\ninput: %s\n%s\n"):format(draw.seed, what, current, tostring(detail))
    )
    os.exit(1)
  end
end

-- ---- trees ----

local texts = {
  "",
  " ",
  "evil",
  writer.SP,
  writer.ACS,
  writer.IDP,
  "_request",
  "2.0",
  writer.at(0),
  writer.at(60),
  writer.at(61),
  writer.at(-60),
  writer.at(-61),
  writer.at(300),
  "2026-11-30T10:00:00",
  "9999-12-31T23:59:59Z",
  "urn:oasis:names:tc:SAML:2.0:status:Success",
  "urn:oasis:names:tc:SAML:2.0:cm:bearer",
  ("x"):rep(5000),
  "\n",
  "%d%s",
}
local attribute_names = {
  "ID",
  "Version",
  "IssueInstant",
  "Destination",
  "InResponseTo",
  "Value",
  "Method",
  "Recipient",
  "NotBefore",
  "NotOnOrAfter",
  "SessionNotOnOrAfter",
  "AuthnInstant",
  "Format",
  "Name",
  "Address",
}
local element_names = {
  "Issuer",
  "Subject",
  "NameID",
  "SubjectConfirmation",
  "SubjectConfirmationData",
  "Conditions",
  "AudienceRestriction",
  "Audience",
  "OneTimeUse",
  "AuthnStatement",
  "AuthnContext",
  "AuthnContextClassRef",
  "AttributeStatement",
  "Attribute",
  "AttributeValue",
  "Condition",
  "StatusCode",
}

local function copy(element)
  local made = { ns = element.ns, name = element.name, text = element.text }
  made.attributes, made.children = {}, {}
  for name, value in pairs(element.attributes) do
    made.attributes[name] = value
  end
  for index, child in ipairs(element.children) do
    made.children[index] = copy(child)
  end
  return made
end

local function all_of(element, list)
  list[#list + 1] = element
  for _, child in ipairs(element.children) do
    all_of(child, list)
  end
  return list
end

local changes = {
  function(element)
    table.remove(element.children, random(#element.children + 1))
  end,
  function(element)
    local child = element.children[random(#element.children + 1)]
    if child then
      table.insert(element.children, random(#element.children), copy(child))
    end
  end,
  function(element)
    local child =
      { ns = pick { writer.SAML, writer.SAMLP, "", "urn:x" }, name = pick(element_names) }
    child.attributes, child.children, child.text = {}, {}, pick(texts)
    table.insert(element.children, random(#element.children + 1), child)
  end,
  function(element)
    element.attributes[pick(attribute_names)] = random(3) > 1 and pick(texts) or nil
  end,
  function(element)
    for name in pairs(element.attributes) do
      if random(2) == 1 then
        element.attributes[name] = random(4) > 1 and pick(texts) or nil
      end
    end
  end,
  function(element)
    element.text = pick(texts)
  end,
  function(element)
    element.name = pick(element_names)
  end,
  function(element)
    element.ns = pick { writer.SAML, writer.SAMLP, "urn:x" }
  end,
}

local function changed(tree)
  tree = copy(tree)
  for _ = 1, random(3) do
    local list = all_of(tree, {})
    pick(changes)(list[random(#list)])
  end
  return tree
end

-- ---- what is true of everything that is accepted ----

local function find(element, name, found)
  found = found or {}
  if element.name == name and element.ns == writer.SAML then
    found[#found + 1] = element
  end
  for _, child in ipairs(element.children) do
    find(child, name, found)
  end
  return found
end

local function check_identity(identity, assertion, answer)
  expect("a user", identity.name_id:find "%S", identity.name_id)
  expect("an issuer", identity.issuer == writer.IDP)
  local ours = false
  for _, audience in ipairs(find(assertion, "Audience")) do
    ours = ours or audience.text == writer.SP
  end
  expect("an audience", ours)
  local bearer = false
  for _, data in ipairs(find(assertion, "SubjectConfirmationData")) do
    local attributes = data.attributes
    bearer = bearer
      or attributes.Recipient == writer.ACS
        and attributes.InResponseTo == "_request"
        and (attributes.NotOnOrAfter or "") > writer.at(-60)
        and attributes.NotBefore == nil
  end
  expect("a bearer", bearer)
  local conditions
  for _, child in ipairs(assertion.children) do
    conditions = child.name == "Conditions" and child.ns == writer.SAML and child.attributes
      or conditions
  end
  expect("conditions", conditions.NotBefore <= writer.at(60), conditions.NotBefore)
  expect("conditions' end", conditions.NotOnOrAfter > writer.at(-60), conditions.NotOnOrAfter)
  expect(
    "a destination",
    answer.attributes.Destination == nil or answer.attributes.Destination == writer.ACS
  )
  expect("an authentication", #find(assertion, "AuthnStatement") > 0)
end

local function check_refusal(message, err)
  expect("a message", type(message) == "string" and type(err) == "table", message)
  expect("a code", checks.of(err.code) ~= nil, err.code)
  expect("one line", not message:find "%c", message)
  expect("short", #message < 3000, #message)
end

-- ---- rounds ----

local settings = saml.sp.new(pair.written_options())._settings
settings.store = state.memory { max = 1000000 }
local entity = pair.written_entity()
local good = writer.parts("_request", "assertion")
local good_response = assert(xmldsig.parse(writer.build(good))):tree()
local good_assertion = assert(xmldsig.parse(writer.assertion_text(good.assertion))):tree()

-- The steps after the signatures.
local first = 1
while response.steps[first].name ~= "status" do
  first = first + 1
end

local rounds, accepted = 0, 0

local function read_tree()
  local c = {
    settings = settings,
    now = writer.NOW,
    signers = {},
    idp = entity,
    encrypted = 0,
    response_signed = random(4) == 1,
    assertion_signed = true,
    request = { id = "_request", at = writer.NOW - 20, relay = "/" },
    response = random(3) == 1 and changed(good_response) or good_response,
    assertion = changed(good_assertion),
  }
  current = "a tree"
  for index = first, #response.steps do
    local step = response.steps[index]
    if step.name ~= "replay" and step.name ~= "use_request" then
      local ok, message, err = step.run(c)
      if not ok then
        return check_refusal(message, err)
      end
    end
  end
  accepted = accepted + 1
  check_identity(c.identity, c.assertion, c.response)
end

local place_options = pair.written_options()
local place = saml.sp.new(place_options)
local _, scenario = assert(place:login_url())
local signed = { "assertion", "response", "both" }
local messages = {}
for index, sign in ipairs(signed) do
  messages[index] = writer.build(writer.parts(scenario.id, sign))
end

local function damaged(text)
  for _ = 1, random(3) do
    local at = random(#text)
    local kind = random(5)
    if kind == 1 then
      text = text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
    elseif kind == 2 then
      text = text:sub(1, at - 1) .. text:sub(at + random(40))
    elseif kind == 3 then
      text = text:sub(1, at)
        .. pick { "<!---->", "<?x?>", "<a/>", " ", "&#65;", "<![CDATA[]]>" }
        .. text:sub(at + 1)
    elseif kind == 4 then
      local from = random(#text)
      text = text:sub(1, at) .. text:sub(from, from + random(300)) .. text:sub(at + 1)
    else
      text = text:sub(1, at - 1) .. pick(texts) .. text:sub(at)
    end
  end
  return text
end

-- Its request is never used up, and no assertion was used before.
local reader = saml.sp.new(pair.written_options {
  store = {
    get = function(_, key)
      return place_options.store:get(key)
    end,
    take = function(_, key)
      return place_options.store:get(key)
    end,
    add = function()
      return true
    end,
  },
})

local function read_bytes()
  local text = damaged(pick(messages))
  current = text
  local identity, message, err = reader:consume(
    { SAMLResponse = keys.base64(text) },
    { browser = scenario.browser }
  )
  if not identity then
    return check_refusal(message, err)
  end
  accepted = accepted + 1
  expect("the same user", identity.name_id == "ann@x.example", identity.name_id)
  expect("the same groups", table.concat(identity.attributes.groups, " ") == "Staff Admins")
end

local deadline = os.time() + draw.seconds
while os.time() < deadline or rounds < draw.least do
  for _ = 1, 50 do
    rounds = rounds + 1
    read_tree()
  end
  read_bytes()
  rounds = rounds + 1
end
print(("saml_response_fuzz: %d rounds, %d accepted, seed %d"):format(rounds, accepted, draw.seed))
