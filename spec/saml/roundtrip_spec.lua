-- Our service provider and our identity provider against each other, by the metadata that each publishes: every combination
-- of what is signed, of encryption, of bindings and of LastPass's generations.
local binding = require "lastpass.saml.binding"
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"
local saml_idp = require "lastpass.saml.idp"
local saml_lastpass = require "lastpass.saml.lastpass"
local saml_sp = require "lastpass.saml.sp"
local secret = require "lastpass.secret"
local state = require "lastpass.state"

local NOW = 1764500000
local SP = "https://sp.example/saml"

local function clock()
  return NOW
end

local user = { email = "ann@example.com", groups = { "Sales", "All & <Staff>" } }

-- What a page or an address carries, as the other side gets it.
local function source_of(url, form)
  if not form then
    return { query = url:match "%?(.*)$" }
  end
  local fields = {}
  for name, value in form:gmatch '<input name="([^"]*)" type="hidden" value="([^"]*)">' do
    fields[name] = value:gsub("&amp;", "&")
  end
  return { form = fields }
end

local function pair_of(idp_options, sp_options)
  local generation = saml_lastpass.generations[idp_options.generation or "current"]
  local idp
  local options = {
    entity_id = SP,
    acs_url = "https://sp.example/acs",
    slo_url = "https://sp.example/slo",
    key = secret.value(keys.of("sp").pem),
    cert = keys.of("sp").certificate,
    store = state.memory { now = clock },
    clock = clock,
    idp = function()
      return assert(metadata.read(assert(idp:metadata()), { role = "idp", now = NOW }))
    end,
  }
  for name, value in pairs(sp_options or {}) do
    options[name] = value
  end
  local sp
  local settings = {
    entity_id = generation.entity_id,
    sso_url = generation.sso,
    slo_url = generation.logout,
    key = secret.value(keys.of("idp").pem),
    cert = keys.of("idp").certificate,
    store = state.memory { now = clock },
    clock = clock,
    attributes = { mail = "email", groups = "groups" },
    sps = function()
      return assert(metadata.read(assert(sp:metadata()), { role = "sp", now = NOW }))
    end,
  }
  for name, value in pairs(idp_options) do
    if name ~= "generation" then
      settings[name] = value
    end
  end
  idp = assert(saml_idp.new(settings))
  local entity = assert(metadata.read(assert(idp:metadata()), { role = "idp", now = NOW }))
  options.idp = entity
  sp = assert(saml_sp.new(options))
  return sp, idp
end

-- From the service to the identity provider and back.
local function sign_on(sp, idp, login, answer)
  local url, asked = sp:login_url(login)
  assert.is_string(url, asked)
  local request = assert(idp:read_request(source_of(url, asked.form)))
  local sent = assert(idp:respond(request, user, answer))
  local form = source_of(nil, sent.form).form
  local identity, message, err = sp:consume(form, { browser = asked.browser, method = "POST" })
  return identity, message, err, sent, form, asked
end

local function each_combination(call)
  for _, sign in ipairs { "assertion", "response", "both" } do
    for _, encrypt in ipairs { false, true } do
      for _, by in ipairs { "redirect", "post" } do
        for _, generation in ipairs { "current", "legacy" } do
          call(sign, encrypt, by, generation)
        end
      end
    end
  end
end

describe("sign-on between both sides", function()
  it("works in every combination", function()
    local count = 0
    each_combination(function(sign, encrypt, by, generation)
      local name = ("%s %s %s %s"):format(sign, tostring(encrypt), by, generation)
      local sp, idp = pair_of({
        sign = sign,
        encrypt = encrypt,
        generation = generation,
      }, { sign_requests = by == "post" or sign == "both" })
      local identity, message = sign_on(sp, idp, { relay = "/reports?a=b", binding = by })
      assert.is_table(identity, name .. ": " .. tostring(message))
      assert.equal("ann@example.com", identity.name_id, name)
      assert.equal(names.format.email, identity.format, name)
      assert.same({ mail = { user.email }, groups = user.groups }, identity.attributes, name)
      assert.equal(sign, identity.signed, name)
      assert.equal(encrypt, identity.encrypted, name)
      assert.equal("/reports?a=b", identity.relay, name)
      assert.equal(saml_lastpass.generations[generation].entity_id, identity.issuer, name)
      count = count + 1
    end)
    assert.equal(24, count)
  end)

  it("is refused when what is wanted is not signed", function()
    for want, refusals in pairs {
      assertion = { response = "assertion_unsigned" },
      response = { assertion = "response_unsigned" },
      both = { assertion = "response_unsigned" },
    } do
      for sign, code in pairs(refusals) do
        local sp, idp = pair_of({ sign = sign }, { want = want })
        -- the metadata says what is wanted of assertions: here the identity provider does not heed it
        idp.find_sp = function()
          local entity = assert(metadata.read(assert(sp:metadata()), { role = "sp", now = NOW }))
          entity.sp.want_assertions_signed = false
          return entity
        end
        local identity, _, err = sign_on(sp, idp)
        assert.is_nil(identity)
        assert.equal(code, err.code)
      end
    end
  end)

  it("is good once, in its browser, and for its request", function()
    local sp, idp = pair_of {}
    local identity, _, _, _, form, asked = sign_on(sp, idp)
    assert.is_table(identity)
    local again, _, err = sp:consume(form, { browser = asked.browser, method = "POST" })
    assert.is_nil(again)
    assert.equal("request_unknown", err.code)
    local url, other = sp:login_url()
    local request = assert(idp:read_request(source_of(url, other.form)))
    form = source_of(nil, assert(idp:respond(request, user)).form).form
    local stolen
    stolen, _, err = sp:consume(form, { browser = asked.browser, method = "POST" })
    assert.is_nil(stolen)
    assert.equal("other_browser", err.code)
  end)

  it("begins at the identity provider where that is allowed", function()
    for _, encrypt in ipairs { false, true } do
      local sp, idp = pair_of({ encrypt = encrypt }, { allow_unsolicited = true })
      local sent = assert(idp:launch(SP, user, { relay = "/start" }))
      local form = source_of(nil, sent.form).form
      local identity = assert(sp:consume(form, { method = "POST" }))
      assert.is_true(identity.unsolicited)
      assert.equal("/start", identity.relay)
      local again, _, err = sp:consume(form, { method = "POST" })
      assert.is_nil(again)
      assert.equal("replayed", err.code)
      local strict = pair_of {}
      again, _, err = strict:consume(form, { method = "POST" })
      assert.is_nil(again)
      assert.equal("unsolicited", err.code)
    end
  end)

  it("tells the service why not", function()
    local sp, idp = pair_of {}
    local url, asked = sp:login_url { passive = true }
    local request = assert(idp:read_request(source_of(url)))
    assert.is_true(request.passive)
    local sent = assert(idp:refuse(request, "no_passive"))
    local form = source_of(nil, sent.form).form
    local identity, message, err = sp:consume(form, { browser = asked.browser, method = "POST" })
    assert.is_nil(identity)
    assert.equal("status", err.code)
    assert.is_truthy(message:find("NoPassive", 1, true), message)
  end)

  it("carries how the user was authenticated", function()
    local contexts = { names.context.multifactor }
    local sp, idp = pair_of({}, { authn_context = contexts })
    local identity, message =
      sign_on(sp, idp, nil, { authn_context = names.context.multifactor, session_index = "_s" })
    assert.is_table(identity, message)
    assert.equal(names.context.multifactor, identity.authn_context)
    assert.equal("_s", identity.session_index)
    local request = assert(idp:read_request(source_of((sp:login_url()))))
    local _, _, err = idp:respond(request, user)
    assert.equal("no_authn_context", err.code)
  end)

  it("survives the roll-over of either key", function()
    local sp, idp = pair_of {
      cert = { keys.of("idp").certificate, keys.of("next").certificate },
    }
    local next_idp = select(
      2,
      pair_of {
        key = secret.value(keys.of("next").pem),
        cert = { keys.of("next").certificate },
      }
    )
    next_idp.find_sp = idp.find_sp
    assert.is_table((sign_on(sp, idp)))
    assert.is_table((sign_on(sp, next_idp)))
  end)

  it("takes signatures of a curve", function()
    local sp, idp = pair_of {
      key = secret.value(keys.of("ec").pem),
      cert = keys.of("ec").certificate,
      algorithm = "ecdsa-sha256",
      sign = "both",
    }
    local identity, message = sign_on(sp, idp)
    assert.is_table(identity, message)
  end)
end)

describe("logout between both sides", function()
  it("begins at the service", function()
    for _, generation in ipairs { "current", "legacy" } do
      local sp, idp = pair_of { generation = generation }
      local identity, _, _, answer = sign_on(sp, idp)
      local url, details = sp:logout(identity, { relay = "/bye" })
      assert.equal("saml", details.kind)
      local result = assert(idp:consume_logout(source_of(url, details.form)))
      assert.equal(identity.name_id, result.name_id.value)
      assert.same({ identity.session_index }, result.session_indexes)
      local sent = assert(idp:answer_logout(result, { answer.participant }))
      local ended = assert(sp:consume_logout(source_of(sent.url, sent.form)))
      assert.equal("response", ended.kind)
      assert.is_false(ended.partial)
      assert.equal("/bye", ended.relay)
    end
  end)

  it("begins at the identity provider", function()
    local sp, idp = pair_of {}
    local identity, _, _, answer = sign_on(sp, idp)
    local sent = assert(idp:logout({ answer.participant }, { relay = "/done" }))
    local result = assert(sp:consume_logout(source_of(sent.url, sent.form)))
    assert.equal("request", result.kind)
    assert.equal(identity.name_id, result.name_id)
    local ended = assert(idp:consume_logout(source_of(result.reply_url, result.reply_form)))
    assert.is_true(ended.done)
    assert.is_false(ended.partial)
    assert.equal("/done", ended.relay)
    assert.is_string(binding.policy())
  end)
end)
