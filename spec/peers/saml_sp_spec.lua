-- Runs once: the peers are the same under every interpreter.
-- Our identity provider beside service providers that nobody here wrote: @node-saml/node-saml and saml2-js.
local check = require "spec.support.check"
local keys = require "spec.support.saml_keys"
local peers = require "spec.peers.saml_peers"
local percent = require "lastpass.text.percent"
local roles = require "spec.peers.saml_roles"

-- What each of them says of a sign-on, in one form.
local readers = {
  ["@node-saml/node-saml"] = function(value)
    local profile = value.profile
    return {
      name_id = profile.nameID,
      session_index = profile.sessionIndex,
      mail = profile.mail,
      groups = profile.groups,
      profile = profile,
    }
  end,
  ["saml2-js"] = function(value)
    local user = value.user
    return {
      name_id = user.name_id,
      session_index = user.session_index,
      mail = user.attributes.mail[1],
      groups = user.attributes.groups,
      profile = user,
    }
  end,
}

-- Whether a peer can do something at all.
local abilities = {
  ["@node-saml/node-saml"] = { post_request = true, replay = true, audience = true },
  ["saml2-js"] = { audience = true },
}

local function describe_peer(name)
  local reason = peers.missing(name)
  local can, peer, idp = abilities[name], nil, nil

  -- The peer anew, and our identity provider with its metadata.
  local function set_up(options, ours)
    local given = {
      issuer = roles.IDP,
      sp = roles.SP,
      acs = roles.ACS,
      sso = roles.SSO,
      slo = roles.SLO,
      own_slo = roles.SP_SLO,
      cert = keys.of("idp").certificate,
      key = keys.of("sp").pem,
      own_cert = keys.of("sp").certificate,
      sign = true,
    }
    for key, value in pairs(options or {}) do
      given[key] = value
    end
    peer:must("configure", given)
    idp = roles.idp(peer:must "metadata", ours)
  end

  local function begin(relay)
    local sent = peer:must("login", { relay = relay })
    local source = sent.query and { query = sent.query } or { form = roles.body(sent.form) }
    return assert(idp:read_request(source))
  end

  local function consume(answer)
    local fields, url = roles.form(answer.form)
    assert.equal(roles.ACS, url)
    local value, message = peer:call("consume", { form = fields })
    return value and readers[name](value), message, fields
  end

  local function sign_in(options)
    return assert(consume(assert(idp:respond(begin "r17", roles.user, options))))
  end

  -- A message of logout, by whichever binding the peer's metadata name.
  local function deliver(sent, op)
    if sent.url then
      return peer:must("read_redirect", { query = roles.query(sent.url) })
    end
    return peer:must(op, { form = (roles.form(sent.form)) })
  end

  local function test(title, run)
    it(title, function()
      if reason then
        return pending(reason)
      end
      run()
    end)
  end

  setup(function()
    if not reason then
      peer = peers.start(name)
    end
  end)

  teardown(function()
    if peer then
      peer:stop()
    end
  end)

  test("its metadata are read, and name what it can", function()
    set_up()
    local entity = assert(idp:sp(roles.SP)).entity
    assert.equal(roles.SP, entity.entity_id)
    assert.equal(roles.ACS, entity.sp.acs[1].location)
    assert.equal(1, #entity.sp.certificates.encryption)
  end)

  for _, sign in ipairs { "assertion", "response", "both" } do
    test("a login, the " .. sign .. " signed", function()
      set_up(nil, { sign = sign })
      local request = begin "r17"
      assert.equal(roles.SP, request.issuer)
      assert.equal("r17", request.relay)
      assert.is_true(request.signed)
      local answer = assert(idp:respond(request, roles.user))
      local identity, message, fields = consume(answer)
      assert.truthy(identity, message)
      assert.equal("r17", fields.RelayState)
      assert.equal("ann@x.example", identity.name_id)
      assert.equal("ann@x.example", identity.mail)
      assert.same(roles.user.groups, identity.groups)
      assert.equal(answer.session_index, identity.session_index)
    end)
  end

  test("a login, the assertion encrypted", function()
    for _, sign in ipairs { "assertion", "both" } do
      for _, algorithm in ipairs { "aes128-gcm", "aes256-gcm" } do
        set_up(
          { encrypted = true },
          { sign = sign, encrypt = true, encryption_algorithm = algorithm }
        )
        assert.equal("ann@x.example", sign_in().name_id)
      end
    end
  end)

  test("a request that is not signed is refused where it has to be", function()
    set_up({ sign = false }, { require_signed = true })
    local sent = peer:must("login", {})
    check.failure("refused", "request_unsigned", idp:read_request { query = sent.query })
  end)

  test("a request whose signature is another's is refused", function()
    set_up()
    local sent = peer:must("login", { relay = "r17" })
    local query = sent.query:gsub("RelayState=r17", "RelayState=r18")
    check.failure("refused", "signature_invalid", idp:read_request { query = query })
    local forged = sent.query:gsub("Signature=([^&]*)", function(text)
      local signature = assert(percent.decode(text))
      local other = signature:sub(1, 1) == "A" and "B" or "A"
      return "Signature=" .. percent.encode(other .. signature:sub(2))
    end)
    check.failure("refused", "signature_invalid", idp:read_request { query = forged })
  end)

  if can.post_request then
    test("a request that is posted", function()
      set_up { post = true }
      local request = begin "r17"
      assert.is_true(request.signed)
      assert.truthy(consume(assert(idp:respond(request, roles.user))))
    end)
  end

  test("ForceAuthn arrives", function()
    set_up { force = true }
    assert.is_true(begin().force_authn)
  end)

  if can.replay then
    test("a response is taken once", function()
      set_up { in_response_to = "always" }
      local answer = assert(idp:respond(begin(), roles.user))
      assert.truthy(consume(answer))
      local identity, message = consume(answer)
      assert.is_nil(identity)
      assert.truthy(message:find "InResponseTo")
    end)
  end

  test("a launch that nobody asked for", function()
    set_up()
    local answer = assert(idp:launch(roles.SP, roles.user, { relay = "/start" }))
    local identity, message, fields = consume(answer)
    assert.truthy(identity, message)
    assert.equal("/start", fields.RelayState)
  end)

  test("a refusal", function()
    set_up()
    local answer = assert(idp:refuse(begin(), "authn_failed", "nobody is here"))
    local identity, message = consume(answer)
    assert.is_nil(identity)
    assert.truthy(message)
  end)

  test("a response by another key is not taken", function()
    set_up { cert = keys.of("other").certificate }
    local identity, message = consume(assert(idp:respond(begin(), roles.user)))
    assert.is_nil(identity)
    assert.truthy(message:lower():find "signature" or message:lower():find "signed", message)
  end)

  test("a response for another service provider is not taken", function()
    set_up()
    local request = begin()
    peer:must("configure", {
      issuer = roles.IDP,
      sp = "https://other.example/saml",
      in_response_to = "never",
      acs = roles.ACS,
      sso = roles.SSO,
      slo = roles.SLO,
      cert = keys.of("idp").certificate,
      key = keys.of("sp").pem,
      own_cert = keys.of("sp").certificate,
    })
    local identity, message = consume(assert(idp:respond(request, roles.user)))
    assert.is_nil(identity)
    assert.truthy(message:lower():find "audience", message)
  end)

  test("a logout that it begins", function()
    set_up()
    local answer = assert(idp:respond(begin(), roles.user))
    local identity = assert(consume(answer))
    local sent = peer:must("logout", {
      user = name == "saml2-js" and identity.name_id or identity.profile,
      session = identity.session_index,
      relay = "bye",
    })
    local result = assert(idp:consume_logout { query = sent.query })
    assert.equal("request", result.kind)
    assert.equal(roles.SP, result.sp)
    assert.equal("ann@x.example", result.name_id.value)
    assert.same({ answer.session_index }, result.session_indexes)
    check.failure("refused", "logout_replayed", idp:consume_logout { query = sent.query })
    local reply = assert(idp:answer_logout(result, { answer.participant }))
    local read = deliver(reply, "consume")
    assert.truthy(read.logged_out or read.type == "logout_response")
  end)

  test("a logout that we begin", function()
    set_up()
    local answer = assert(idp:respond(begin(), roles.user))
    local identity = assert(consume(answer))
    assert.equal("ann@x.example", identity.name_id)
    local sent = assert(idp:logout({ answer.participant }, { relay = "/done" }))
    local read = deliver(sent, "read_request")
    local id = read.profile and read.profile.ID or read.response_header.id
    local reply = peer:must("answer_logout", { request = read.profile or id, relay = "x" })
    local result = assert(idp:consume_logout { query = reply.query })
    assert.equal("response", result.kind)
    assert.is_true(result.done)
    assert.is_false(result.partial)
    assert.equal("/done", result.relay)
    check.failure("refused", "logout_unknown", idp:consume_logout { query = reply.query })
  end)
end

for _, name in ipairs { "@node-saml/node-saml", "saml2-js" } do
  describe("our identity provider and " .. name, function()
    describe_peer(name)
  end)
end
