-- Runs once: the peers are the same under every interpreter.
-- Our service provider beside identity providers that nobody here wrote: samlp and samlify.
local check = require "spec.support.check"
local keys = require "spec.support.saml_keys"
local peers = require "spec.peers.saml_peers"
local roles = require "spec.peers.saml_roles"

-- How each of them is told what to do, and what it writes.
local kinds = {
  samlp = {
    encrypted = { encryptionCert = true },
    signed = {
      assertion = { signAssertion = true },
      response = { signAssertion = false, signResponse = true },
      both = { signAssertion = true, signResponse = true },
    },
    session = "_samlp-session",
    mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
  },
  samlify = {
    -- it goes by our metadata
    signed = {
      assertion = { ours = { want = "assertion" } },
      response = {},
      both = { ours = { want = "both" }, configure = { signResponse = true } },
    },
    session = "_samlify-session",
    mail = "mail",
  },
}

-- What was accepted, for the second opinion.
local accepted = {}

local function describe_peer(name)
  local reason = peers.missing(name)
  local kind, peer, sp = kinds[name], nil, nil

  -- The peer anew with our metadata, and our service provider with its own.
  local function set_up(options, ours)
    local given = {
      issuer = roles.IDP,
      sp = roles.SP,
      acs = roles.ACS,
      slo = roles.SP_SLO,
      cert = keys.of("idp").certificate,
      key = keys.of("idp").pem,
      spCert = keys.of("sp").certificate,
      wantSigned = true,
    }
    local all = { sign_requests = true }
    for key, value in pairs(ours or {}) do
      all[key] = value
    end
    given.metadata = assert(roles.sp(roles.idp_metadata(), all):metadata())
    for key, value in pairs(options or {}) do
      given[key] = value
    end
    peer:must("configure", given)
    sp = roles.sp(peer:must "metadata", all)
  end

  -- Begins a login; gives the request, and what the peer answers.
  local function ask(login, more)
    local url, request = sp:login_url(login)
    assert(url, request)
    local given = {}
    for key, value in pairs(more or {}) do
      given[key] = value
    end
    if request.form then
      given.body = roles.form(request.form)
    else
      given.query = roles.query(url)
    end
    return request, peer:must("sso", given)
  end

  local function consume(request, answer)
    local context = { browser = request and request.browser }
    local identity, message, err = sp:consume(roles.body(answer.form), context)
    if identity then
      accepted[#accepted + 1] = {
        response = answer.form.SAMLResponse,
        request = request and request.id,
        certs = { keys.of("idp").base64 },
        cert = keys.of("idp").certificate,
        key = keys.of("sp").pem,
        own_cert = keys.of("sp").certificate,
        name_id = identity.name_id,
      }
    end
    return identity, message, err
  end

  local function sign_in(login, more)
    local request, answer = ask(login, more)
    return assert(consume(request, answer)), request, answer
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

  for _, sign in ipairs { "assertion", "response", "both" } do
    local more = kind.signed[sign]
    if more then
      test("a login, the " .. sign .. " signed", function()
        set_up(more.configure, more.ours)
        local identity, request, answer = sign_in({ relay = "/reports" }, more)
        assert.equal("ann@x.example", identity.name_id)
        assert.equal(roles.IDP, identity.issuer)
        assert.equal("/reports", identity.relay)
        assert.equal(kind.session, identity.session_index)
        assert.equal(request.id, identity.in_response_to)
        assert.equal(sign, identity.signed)
        assert.same({ "ann@x.example" }, identity.attributes[kind.mail])
        check.failure("refused", nil, consume(request, answer))
      end)
    end
  end

  test("a request that is posted", function()
    set_up()
    assert.equal("ann@x.example", sign_in({ binding = "post" }).name_id)
  end)

  test("a launch that nobody asked for", function()
    set_up()
    local answer = peer:must("launch", {})
    check.failure("refused", "unsolicited", consume(nil, answer))
    set_up(nil, { allow_unsolicited = true })
    answer = peer:must("launch", {})
    assert.equal("ann@x.example", assert(consume(nil, answer)).name_id)
    check.failure("refused", "replayed", consume(nil, answer))
  end)

  test("a response for another browser", function()
    set_up()
    local _, answer = ask()
    local other = select(2, sp:login_url())
    check.failure("refused", "other_browser", consume(other, answer))
  end)

  test("a response by a key that is not in the metadata", function()
    set_up { key = keys.of("other").pem }
    check.failure("refused", "signature_invalid", consume(ask()))
  end)

  test("a name with markup in it", function()
    set_up()
    local request, answer = ask(nil, { user = "ann<!-- x -->&\"'@x.example" })
    assert.equal("ann<!-- x -->&\"'@x.example", assert(consume(request, answer)).name_id)
  end)

  if name == "samlp" then
    test("a login, the assertion encrypted", function()
      for _, algorithm in ipairs { "aes128-gcm", "aes256-gcm" } do
        for _, sign in ipairs { "assertion", "both" } do
          set_up()
          local more = {
            encryptionCert = keys.of("sp").certificate,
            encryptionPublicKey = keys.of("sp").key:toPEM "public",
            encryptionAlgorithm = "http://www.w3.org/2009/xmlenc11#" .. algorithm,
          }
          for key, value in pairs(kind.signed[sign]) do
            more[key] = value
          end
          assert.equal("ann@x.example", sign_in(nil, more).name_id)
        end
      end
    end)

    test("an assertion encrypted by CBC", function()
      local more = {
        encryptionCert = keys.of("sp").certificate,
        encryptionPublicKey = keys.of("sp").key:toPEM "public",
        encryptionAlgorithm = "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        disallowEncryptionWithInsecureAlgorithm = false,
        warnOnInsecureEncryptionAlgorithm = false,
      }
      set_up()
      check.failure("refused", "encryption_refused", consume(ask(nil, more)))
      set_up(nil, { allow_cbc = true })
      assert.equal("ann@x.example", sign_in(nil, more).name_id)
    end)

    test("a signature with SHA-1", function()
      local more = { signatureAlgorithm = "rsa-sha1", digestAlgorithm = "sha1" }
      set_up()
      check.failure("refused", "sha1_refused", consume(ask(nil, more)))
      local events = {}
      set_up(nil, {
        allow_sha1 = true,
        on_event = function(event)
          events[#events + 1] = event.kind
        end,
      })
      assert.equal("ann@x.example", sign_in(nil, more).name_id)
      assert.same({ "sha1_accepted" }, events)
    end)

    test("a logout that we begin", function()
      set_up()
      local identity = sign_in()
      local url = assert(sp:logout(identity, { relay = "/bye" }))
      local answer = peer:must("logout", { query = roles.query(url) })
      local result = assert(sp:consume_logout { query = roles.query(answer.redirect) })
      assert.equal("response", result.kind)
      assert.falsy(result.partial)
      assert.equal("/bye", result.relay)
    end)

    test("a logout that it begins", function()
      for _, post in ipairs { false, true } do
        set_up()
        local identity = sign_in()
        local begun = peer:must("logout", { post = post })
        local source = begun.redirect and { query = roles.query(begun.redirect) }
          or { form = roles.body(begun.form) }
        local result = assert(sp:consume_logout(source))
        assert.equal("request", result.kind)
        assert.equal(identity.name_id, result.name_id)
        assert.same({ kind.session }, result.session_index)
        check.failure("refused", "logout_replayed", sp:consume_logout(source))
        local reply = result.form and { body = roles.form(result.form) }
          or { query = roles.query(result.reply_url) }
        assert.equal(200, peer:must("logout", reply).status)
      end
    end)
  else
    test("logouts, both ways, by both bindings", function()
      for _, binding in ipairs { "redirect", "post" } do
        set_up()
        local identity = sign_in()
        local sent = peer:must("logout_request", { binding = binding, relay = "r18" })
        local source = sent.query and { query = sent.query } or { form = roles.body(sent.form) }
        local result = assert(sp:consume_logout(source))
        assert.equal(identity.name_id, result.name_id)
        assert.same({ kind.session }, result.session_index)
        local answer = result.form and { body = roles.form(result.form) }
          or { query = roles.query(result.reply_url) }
        assert.truthy(peer:must("read_logout_response", answer).inResponseTo)

        local url = assert(sp:logout(identity, { relay = "/bye" }))
        local asked = peer:must("read_logout_request", {
          query = roles.query(url),
          answer = binding,
        })
        assert.equal(identity.name_id, asked.name_id)
        source = asked.query and { query = asked.query } or { form = roles.body(asked.form) }
        result = assert(sp:consume_logout(source))
        assert.equal("response", result.kind)
        assert.equal("/bye", result.relay)
      end
    end)

    test("a login, the assertion encrypted", function()
      for _, algorithm in ipairs { "aes128-gcm", "aes256-gcm" } do
        local how = {
          encrypt = true,
          encryption = "http://www.w3.org/2009/xmlenc11#" .. algorithm,
        }
        set_up(how, { want = "assertion" })
        assert.equal("ann@x.example", sign_in().name_id)
        set_up(how)
        assert.equal("ann@x.example", sign_in(nil, { encryptThenSign = true }).name_id)
        -- by itself it signs the response that it had before it encrypted
        check.failure("refused", "signature_invalid", consume(ask()))
      end
    end)

    test("its own template has no AuthnStatement", function()
      set_up()
      check.failure("refused", "authn_statement_missing", consume(ask(nil, { own = true })))
    end)
  end
end

for _, name in ipairs { "samlp", "samlify" } do
  describe("our service provider and " .. name, function()
    describe_peer(name)
  end)
end

describe("what was accepted of them", function()
  it("is accepted by two other verifiers", function()
    if not accepted[1] then
      return pending "samlp and samlify are not installed (npm)"
    end
    local given = {
      sp = roles.SP,
      acs = roles.ACS,
      issuer = roles.IDP,
      sso = roles.SSO,
      slo = roles.SLO,
      own_slo = roles.SP_SLO,
      cert = keys.of("idp").certificate,
      list = accepted,
    }
    local opinions = {}
    if not peers.onelogin_missing() then
      opinions.onelogin = peers.onelogin(given)
    end
    if not peers.missing "@node-saml/node-saml" then
      local judge = peers.start "@node-saml/node-saml"
      judge:must("configure", given)
      opinions["node-saml"] = judge:must("judge", { list = accepted })
      judge:stop()
    end
    for who, verdicts in pairs(opinions) do
      assert.equal(#accepted, #verdicts)
      for index, verdict in ipairs(verdicts) do
        local about = ("%s about response %d: %s"):format(who, index, verdict.error or "")
        assert.equal(accepted[index].name_id, verdict.name_id, about)
      end
    end
  end)
end)
