-- Single logout, both sides of this module against each other and against hand-made messages (saml §6).
local binding = require "lastpass.saml.binding"
local keys = require "spec.support.saml_keys"
local logout = require "lastpass.saml.logout"
local messages = require "lastpass.saml.message"
local names = require "lastpass.saml.names"
local saml_idp = require "lastpass.saml.idp"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local time = require "lastpass.time"
local write = require "lastpass.saml.write"
local xmldsig = require "lastpass.xmldsig"

local START = 1764500000
local IDP, SLO = "https://idp.example", "https://idp.example/slo?logout=1"

local function certificate(name)
  return assert(xmldsig.certificate(keys.of(name).certificate))
end

local function private_key(name)
  return assert(xmldsig.private_key(secret.value(keys.of(name).pem)))
end

local function assert_refused(code, value, message, err)
  assert.is_nil(value)
  assert.equal(code, err and err.code, message)
end

-- A service provider of that name, whose only address for logout is by a binding.
local function sp_entity(name, by)
  local slo = by and { { binding = names.binding[by], location = "https://" .. name .. "/slo" } }
  return {
    entity_id = "https://" .. name,
    sp = {
      acs = { { binding = names.binding.post, location = "https://" .. name .. "/acs" } },
      slo = slo or {},
      certificates = { signing = { certificate "sp" }, encryption = {} },
      name_id_formats = {},
    },
  }
end

local user = { email = "ann@example.com" }

-- What a message goes to the browser as, as the other side gets it.
local function source_of(sent)
  if sent.url then
    return { query = sent.url:match "%?(.*)$" }
  end
  local fields = {}
  for name, value in sent.form:gmatch '<input name="([^"]*)" type="hidden" value="([^"]*)">' do
    fields[name] = value
  end
  return { form = fields }
end

describe("logout at an identity provider", function()
  local now, idp, store

  local function clock()
    return now
  end

  local function new_idp(...)
    local sps = {}
    for position, one in ipairs { ... } do
      sps[position] = sp_entity(one[1], one[2])
    end
    return assert(saml_idp.new {
      entity_id = IDP,
      sso_url = "https://idp.example/sso",
      slo_url = SLO,
      key = secret.value(keys.of("idp").pem),
      cert = keys.of("idp").certificate,
      sps = sps,
      store = state.memory(),
      clock = clock,
    })
  end

  before_each(function()
    now, store = START, state.memory()
    idp = new_idp({ "a.example", "redirect" }, { "b.example", "post" }, { "c.example" })
  end)

  -- The service provider's side: reads what the identity provider sent.
  local function read_as(name, sent, more)
    local options = {
      own_entity_id = "https://" .. name,
      find = function(issuer)
        if issuer ~= IDP then
          return nil, "unknown", {}
        end
        return {}, { certificate "idp" }
      end,
      destination = "https://" .. name .. "/slo",
      store = store,
      now = now,
      skew = 60,
    }
    for key, value in pairs(more or {}) do
      options[key] = value
    end
    return logout.read(source_of(sent), options)
  end

  local function request_of(name, more)
    local options = {
      issuer = "https://" .. name,
      peer = IDP,
      endpoint = { binding = names.binding.redirect, location = SLO },
      now = now,
      name_id = { value = "ann@example.com", format = names.format.email },
      session_index = "_s1",
      store = store,
      key = private_key "sp",
      relay = "to & fro",
    }
    for key, value in pairs(more or {}) do
      options[key] = value or nil
    end
    if more and more.unsigned then
      options.unsigned, options.key = nil, nil
    end
    return assert(logout.write_request(options))
  end

  local function answer_of(name, request, more)
    local options = {
      issuer = "https://" .. name,
      endpoint = { binding = names.binding.redirect, location = SLO },
      now = now,
      in_response_to = request.id,
      status = "success",
      relay = request.relay,
      key = private_key "sp",
    }
    for key, value in pairs(more or {}) do
      options[key] = value or nil
    end
    if more and more.unsigned then
      options.unsigned, options.key = nil, nil
    end
    return assert(logout.write_response(options))
  end

  local function participants(...)
    local list = {}
    for position, name in ipairs { ... } do
      local sent = assert(idp:launch("https://" .. name, user, { session_index = "_s1" }))
      list[position] = sent.participant
    end
    return list
  end

  it("asks one service after the other, by its binding, then is done", function()
    local sent = assert(idp:logout(participants("a.example", "b.example"), { relay = "/bye" }))
    assert.is_false(sent.done)
    local request = assert(read_as("a.example", sent))
    assert.equal("request", request.kind)
    assert.same({ value = "ann@example.com", format = names.format.email }, request.name_id)
    assert.same({ "_s1" }, request.session_indexes)
    assert.equal(names.logout_reason.user, request.reason)
    local result = assert(idp:consume_logout(source_of(answer_of("a.example", request))))
    assert.equal("response", result.kind)
    assert.is_false(result.done)
    request = assert(read_as("b.example", result.next))
    assert.equal("post", request.binding)
    result = assert(idp:consume_logout(source_of(answer_of("b.example", request))))
    assert.is_true(result.done)
    assert.is_false(result.partial)
    assert.is_nil(result.next)
    assert.equal("/bye", result.relay)
  end)

  it("reports services that cannot or will not", function()
    local sent = assert(idp:logout(participants("c.example", "a.example")))
    local request = assert(read_as("a.example", sent))
    local result = assert(idp:consume_logout(source_of(answer_of("a.example", request))))
    assert.is_true(result.done and result.partial)
    for _, status in ipairs { "failed", "unknown_principal", "partial_logout" } do
      sent = assert(idp:logout(participants "a.example"))
      request = assert(read_as("a.example", sent))
      local answer = answer_of("a.example", request, { status = status })
      result = assert(idp:consume_logout(source_of(answer)))
      assert.is_true(result.partial, status)
    end
    assert.same({ done = true, partial = true }, assert(idp:logout(participants "c.example")))
    assert.same({ done = true }, assert(idp:logout {}))
  end)

  it("answers the service that began it, after the others", function()
    for _, by in ipairs { "redirect", "post" } do
      local endpoint = { binding = names.binding[by], location = SLO }
      local relay = by == "redirect" and "to & fro" or "abc"
      local asked = request_of("a.example", { endpoint = endpoint, relay = relay })
      local result = assert(idp:consume_logout(source_of(asked)))
      assert.equal("request", result.kind)
      assert.equal("https://a.example", result.sp)
      assert.equal("ann@example.com", result.name_id.value)
      local sent = assert(idp:answer_logout(result, participants("a.example", "b.example")))
      local request = assert(read_as("b.example", sent))
      local step = assert(idp:consume_logout(source_of(answer_of("b.example", request))))
      assert.is_true(step.done)
      local answer = assert(read_as("a.example", step.next))
      assert.equal("response", answer.kind)
      assert.equal(asked.id, answer.in_response_to)
      assert.equal(relay, answer.relay)
      assert.is_false(answer.partial)
    end
  end)

  it("says so when sessions elsewhere go on, and when there was none", function()
    local asked = request_of "a.example"
    local result = assert(idp:consume_logout(source_of(asked)))
    local sent = assert(idp:answer_logout(result, participants "c.example"))
    assert.is_true(assert(read_as("a.example", sent)).partial)
    asked = request_of "a.example"
    result = assert(idp:consume_logout(source_of(asked)))
    local answer = assert(read_as("a.example", assert(idp:answer_logout(result))))
    assert.equal("UnknownPrincipal", answer.status)
    assert.is_true(answer.partial)
  end)

  it("acts on signed messages alone", function()
    for _, by in ipairs { "redirect", "post" } do
      local endpoint = { binding = names.binding[by], location = SLO }
      local unsigned = source_of(request_of("a.example", { endpoint = endpoint, unsigned = true }))
      assert_refused("logout_unsigned", idp:consume_logout(unsigned))
      local foreign = { endpoint = endpoint, key = private_key "other" }
      assert_refused(
        "signature_invalid",
        idp:consume_logout(source_of(request_of("a.example", foreign)))
      )
      local request = assert(read_as("a.example", assert(idp:logout(participants "a.example"))))
      local answer = answer_of("a.example", request, { endpoint = endpoint, unsigned = true })
      assert_refused("logout_unsigned", idp:consume_logout(source_of(answer)))
      -- the answer can still be given
      assert(idp:consume_logout(source_of(answer_of("a.example", request))))
    end
    local source = source_of(request_of "a.example")
    assert(source.query:find("RelayState=", 1, true))
    source.query = source.query:gsub("RelayState=[^&]*", "RelayState=x")
    assert_refused("signature_invalid", idp:consume_logout(source))
    source = source_of(request_of "a.example")
    source.query = source.query:gsub("&Signature=[^&]*", "")
    assert_refused("logout_signature_order", idp:consume_logout(source))
  end)

  it("takes the octets of the query as they came", function()
    local sent = request_of("a.example", { unsigned = true })
    local message = sent.url:match "SAMLRequest=([^&]*)"
    local octets = "SAMLRequest="
      .. message:gsub("%%%x%x", string.lower)
      .. "&RelayState=a+b%2f&SigAlg="
      .. "http%3a//www.w3.org/2001/04/xmldsig-more%23rsa-sha256"
    local bytes =
      assert(xmldsig.sign_octets(private_key "sp", octets, names.algorithm["rsa-sha256"]))
    local encoded =
      require("lastpass.text.percent").encode(require("lastpass.text.base64").encode(bytes))
    local result = assert(idp:consume_logout {
      query = "Signature=" .. encoded .. "&logout=1&" .. octets,
    })
    assert.equal("a b/", result.relay)
  end)

  it("once, in time, to this address, of known services", function()
    local source = source_of(request_of "a.example")
    assert(idp:consume_logout(source))
    assert_refused("logout_replayed", idp:consume_logout(source))
    source = source_of(request_of "a.example")
    now = START + 360
    assert_refused("logout_expired", idp:consume_logout(source))
    now = START + 359
    assert(idp:consume_logout(source))
    now = START
    source = source_of(request_of("a.example", { now = START + 61 }))
    assert_refused("issued_early", idp:consume_logout(source))
    local elsewhere = { binding = names.binding.redirect, location = "https://idp.example/slo" }
    source = source_of(request_of("a.example", { endpoint = elsewhere }))
    assert_refused("wrong_destination", idp:consume_logout(source))
    assert_refused("unknown_sp", idp:consume_logout(source_of(request_of "x.example")))
  end)

  it("answers of those who were asked, once", function()
    local request = assert(read_as("a.example", assert(idp:logout(participants "a.example"))))
    local of_another = answer_of("b.example", request)
    assert_refused("logout_unknown", idp:consume_logout(source_of(of_another)))
    request = assert(read_as("a.example", assert(idp:logout(participants "a.example"))))
    local source = source_of(answer_of("a.example", request))
    assert(idp:consume_logout(source))
    assert_refused("logout_unknown", idp:consume_logout(source))
    source = source_of(answer_of("a.example", { id = "_never" }))
    assert_refused("logout_unknown", idp:consume_logout(source))
  end)

  -- A LogoutRequest by hand, signed in the query.
  local function by_hand(attributes, ...)
    local root = messages.element("LogoutRequest", {
      id = messages.new_id(),
      now = now,
      issuer = "https://a.example",
      destination = SLO,
      attributes = attributes,
    }, ...)
    return source_of {
      url = assert(binding.redirect {
        location = SLO,
        kind = "SAMLRequest",
        xml = assert(write.document(root)),
        key = private_key "sp",
      }),
    }
  end

  it("reads qualifiers, and all sessions where none is named", function()
    local name_id = write.element("saml:NameID", {
      Format = names.format.persistent,
      NameQualifier = "q",
      SPNameQualifier = "s",
    }, "x")
    local result = assert(idp:consume_logout(by_hand(nil, name_id)))
    assert.same({
      value = "x",
      format = names.format.persistent,
      name_qualifier = "q",
      sp_name_qualifier = "s",
    }, result.name_id)
    assert.same({}, result.session_indexes)
  end)

  it("refuses requests that name nobody, or nobody legible", function()
    local name_id = write.element("saml:NameID", nil, "x")
    local cases = {
      { "name_id_missing" },
      { "name_id_empty", nil, write.element("saml:NameID") },
      { "repeated_element", nil, name_id, name_id },
      { "encrypted_part", nil, write.element("saml:EncryptedID") },
      {
        "repeated_element",
        nil,
        write.element("saml:EncryptedID"),
        write.element("saml:EncryptedID"),
      },
      { "bad_time", { NotOnOrAfter = "tomorrow" }, name_id },
      { "logout_expired", { NotOnOrAfter = time.iso(START - 60) }, name_id },
      { "wrong_version", { Version = "1.1" }, name_id },
    }
    for _, case in ipairs(cases) do
      assert_refused(case[1], idp:consume_logout(by_hand(case[2], case[3], case[4])))
    end
  end)

  it("answers who began it although another cannot be asked", function()
    local result = assert(idp:consume_logout(source_of(request_of "a.example")))
    local others = participants("b.example", "b.example")
    others[1].name_id.value = "a control character \1"
    local sent = assert(idp:answer_logout(result, others))
    local request = assert(read_as("b.example", sent))
    assert.equal(others[2].name_id.value, request.name_id.value)
    result = assert(idp:consume_logout(source_of(answer_of("b.example", request))))
    assert.is_true(assert(read_as("a.example", result.next)).partial)
    -- nobody else can be asked
    result = assert(idp:consume_logout(source_of(request_of "a.example")))
    sent = assert(idp:answer_logout(result, { others[1] }))
    assert.is_true(assert(read_as("a.example", sent)).partial)
    -- nor would anybody get the answer, who did not ask for it
    assert.is_nil((idp:logout { others[1] }))
  end)

  it("goes on after somebody else's answer was refused", function()
    local request = assert(read_as("b.example", assert(idp:logout(participants "b.example"))))
    local foreign = source_of(answer_of("a.example", request))
    assert_refused("logout_unknown", idp:consume_logout(foreign))
    assert.is_true(assert(idp:consume_logout(source_of(answer_of("b.example", request)))).done)
  end)

  it("reports sessions that no message ends", function()
    local sent = assert(idp:logout(participants "a.example", { partial = true }))
    local request = assert(read_as("a.example", sent))
    local result = assert(idp:consume_logout(source_of(answer_of("a.example", request))))
    assert.is_true(result.partial)
    assert.is_true(idp:logout({}, { partial = true }).partial)
    result = assert(idp:consume_logout(source_of(request_of "a.example")))
    sent = assert(idp:answer_logout(result, {}, { partial = true }))
    assert.is_true(assert(read_as("a.example", sent)).partial)
  end)

  it("refuses when its state is full or fails", function()
    local broken = setmetatable({}, {
      __index = function()
        return function()
          return nil, "the state is full", { code = "state_full" }
        end
      end,
    })
    idp.store = broken
    assert_refused("replay_failed", idp:consume_logout(source_of(request_of "a.example")))
    assert_refused("state_failed", idp:logout(participants "a.example"))
  end)

  it("names what a program does wrong", function()
    local without = assert(saml_idp.new {
      entity_id = IDP,
      sso_url = "https://idp.example/sso",
      key = secret.value(keys.of("idp").pem),
      cert = keys.of("idp").certificate,
      sps = {},
    })
    assert.has_error(function()
      without:logout {}
    end, "idp:logout: needs the options 'slo_url' and 'store' of saml.idp.new")
    assert.has_error(function()
      idp:logout { {} }
    end)
    assert.has_error(function()
      idp:answer_logout { kind = "response" }
    end)
    local many = {}
    for position = 1, 51 do
      many[position] = { sp = "https://a.example", name_id = { value = "x" } }
    end
    assert.has_error(function()
      idp:logout(many)
    end)
  end)
end)
