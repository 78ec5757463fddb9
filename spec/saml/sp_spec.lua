-- The service provider against our own identity provider: sign-ons, what binds an answer to its request, several identity
-- providers, logout both ways, metadata. What foreign ones send is in spec/peers, hostile messages in spec/saml/hostile.
local check = require "spec.support.check"
local pair = require "spec.support.saml_pair"
local saml = require "lastpass.saml"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"

describe("a service provider", function()
  local now, sp, idp

  local function clock()
    return now
  end

  local function make(options)
    return pair.sp(clock, options)
  end

  before_each(function()
    now = pair.NOW
    idp = pair.idp("idp", clock)
    sp = make()
  end)

  local function consume(answer, request, more)
    local options = { browser = request.browser, method = "POST" }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return sp:consume(pair.form(answer), options)
  end

  it("signs a user on", function()
    local url, request = assert(sp:login_url { relay = "/reports?a=b" })
    assert.matches("^https://idp.example/sso%?SAMLRequest=", url)
    assert.matches("^_%x+$", request.id)
    assert.equal("redirect", request.binding)
    assert.equal(now + 1800, request.expires)
    local answer = assert(pair.answer(idp, url))
    local identity = assert(consume(answer, request))
    assert.equal("ann@acme.example", identity.name_id)
    assert.equal("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", identity.format)
    assert.same(
      { mail = { "ann@acme.example" }, groups = { "Staff", "Admins" } },
      identity.attributes
    )
    assert.equal("https://idp.example", identity.issuer)
    assert.equal(request.id, identity.in_response_to)
    assert.equal("/reports?a=b", identity.relay)
    assert.equal("assertion", identity.signed)
    assert.is_false(identity.unsolicited)
    assert.is_nil(identity.xml)
    assert.is_string(identity.session_index)
    assert.equal(identity.session_index, identity.subject.session_index)
  end)

  it("takes each answer once", function()
    local url, request = assert(sp:login_url())
    local answer = assert(pair.answer(idp, url))
    assert(consume(answer, request))
    check.failure("refused", "request_unknown", consume(answer, request))
    local _, other = assert(sp:login_url())
    check.failure("refused", "request_unknown", consume(answer, other))
  end)

  it("gives the verified octets to whoever asks for them", function()
    local url, request = assert(sp:login_url())
    local identity = assert(consume(assert(pair.answer(idp, url)), request, { xml = true }))
    assert.matches("^<saml:Assertion .*</saml:Assertion>$", identity.xml)
    assert.is_nil(identity.xml:find("Signature", 1, true))
  end)

  it("binds the answer to the browser, for all of its tabs", function()
    local url, request = assert(sp:login_url())
    local other_url, other = assert(sp:login_url { browser = request.browser })
    assert.equal(request.browser, other.browser)
    assert.is_true(request.id ~= other.id)
    local _, third = assert(sp:login_url())
    local answer = assert(pair.answer(idp, url))
    for _, browser in ipairs { third.browser, "", request.browser .. "0" } do
      local err =
        check.failure("refused", "other_browser", consume(answer, request, { browser = browser }))
      assert.equal("/", err.relay)
    end
    check.failure("refused", "other_browser", sp:consume(pair.form(answer)))
    assert(consume(answer, { browser = { third.browser, request.browser } }))
    assert(consume(assert(pair.answer(idp, other_url)), other))
  end)

  it("refuses an answer that comes too late, with how long it took", function()
    local url, request = assert(sp:login_url())
    now = now + 1801
    local answer = assert(pair.answer(idp, url, { max_age = 86400 }))
    local err = check.failure("refused", "request_expired", consume(answer, request))
    assert.matches("it was begun 1801 s ago, and 1800 s are allowed", err.message, 1, true)
  end)

  it("asks by a form, signed, for a fresh sign-on in a certain way", function()
    sp = make { sign_requests = true, name_id_format = saml.names.format.email }
    local target, request = assert(sp:login_url {
      binding = "post",
      force_authn = true,
      authn_context = saml.names.context.multifactor,
    })
    assert.equal("https://idp.example/sso", target)
    assert.matches('name="SAMLRequest"', request.form, 1, true)
    local read = assert(idp:read_request { form = pair.posted(request.form) })
    assert.is_true(read.force_authn)
    assert.same({ saml.names.context.multifactor }, read.authn_contexts)
    local answer = assert(idp:respond(read, pair.ANN, {
      authn_context = saml.names.context.multifactor,
    }))
    assert(consume(answer, request))
  end)

  it("refuses what is weaker or older than what was asked for", function()
    local url, request = assert(sp:login_url { authn_context = "urn:strong" })
    local read = assert(idp:read_request { query = pair.query(url) })
    read.authn_contexts = {}
    local err = check.failure(
      "refused",
      "wrong_authn_context",
      consume(assert(idp:respond(read, pair.ANN)), request)
    )
    assert.matches("'urn:strong'", err.message, 1, true)
    url, request = assert(sp:login_url { force_authn = true })
    read = assert(idp:read_request { query = pair.query(url) })
    local answer = assert(idp:respond(read, pair.ANN, { authn_instant = now - 3600 }))
    err = check.failure("refused", "authn_too_old", consume(answer, request))
    assert.matches("3600 s apart, of which 60 s are allowed", err.message, 1, true)
  end)

  it("takes all ways of signing and encrypting", function()
    for _, sign in ipairs { "assertion", "response", "both" } do
      for _, encrypt in ipairs { false, true } do
        idp = pair.idp("idp", clock, { sign = sign, encrypt = encrypt })
        local url, request = assert(sp:login_url())
        local identity = assert(consume(assert(pair.answer(idp, url)), request))
        assert.equal(sign, identity.signed)
        assert.equal(encrypt, identity.encrypted)
        assert.equal("ann@acme.example", identity.name_id)
      end
    end
  end)

  it(
    "reports each use of SHA-1 where it is allowed, and refuses it with the click elsewhere",
    function()
      local events = {}
      for _, allowed in ipairs { false, true } do
        local place = saml.sp.new(pair.written_options {
          allow_sha1 = allowed,
          on_event = function(event)
            events[#events + 1] = event
          end,
        })
        local _, scenario = assert(place:login_url())
        local parts = writer.parts(scenario.id)
        parts.assertion_signature =
          { algorithm = writer.DSIG .. "rsa-sha1", digest = writer.DSIG .. "sha1" }
        local form = writer.form(writer.build(parts))
        local identity, message, err = place:consume(form, { browser = scenario.browser })
        if allowed then
          assert(identity, message)
        else
          check.failure("refused", "sha1_refused", identity, message, err)
          assert.matches("tick SHA256", err.hint, 1, true)
        end
      end
      assert.equal("sha1_accepted", events[1].kind)
      assert.matches(
        "SHA-1 signature of https://idp.example/saml was accepted",
        events[1].message,
        1,
        true
      )
      assert.is_nil(events[2])
    end
  )

  it("passes on why the identity provider refused", function()
    local url, request = assert(sp:login_url())
    local read = assert(idp:read_request { query = pair.query(url) })
    local answer = assert(idp:refuse(read, "no_passive", "not\nnow"))
    local err = check.failure("refused", "status", consume(answer, request))
    assert.equal("NoPassive", err.status)
    assert.matches("Responder, NoPassive", err.message, 1, true)
    assert.is_nil(err.message:find("\n", 1, true))
  end)

  it("takes responses that nobody asked for only when it is allowed", function()
    local answer = assert(idp:launch(pair.SP, pair.ANN, { relay = "/start" }))
    check.failure("refused", "unsolicited", sp:consume(pair.form(answer)))
    sp = make { allow_unsolicited = true }
    local identity = assert(sp:consume(pair.form(answer, "/start")))
    assert.equal("/start", identity.relay)
    assert.is_true(identity.unsolicited)
    check.failure("refused", "replayed", sp:consume(pair.form(answer)))
    answer = assert(idp:launch(pair.SP, pair.ANN))
    check.failure("refused", "relay_refused", sp:consume(pair.form(answer, "//evil.example")))
    assert.equal("/", assert(sp:consume(pair.form(answer))).relay)
  end)

  it("goes on to allowed addresses only", function()
    check.failure("refused", "relay_refused", sp:login_url { relay = "https://evil.example/" })
    sp = make { relay = { hosts = { "https://app.acme.example" }, default = "/home" } }
    assert(sp:login_url { relay = "https://app.acme.example/x" })
    local url, request = assert(sp:login_url())
    assert.equal("/home", assert(consume(assert(pair.answer(idp, url)), request)).relay)
  end)

  it("sends no target, and nothing else that says something, as RelayState", function()
    local url = assert(sp:login_url { relay = "/secret/path" })
    assert.matches("[?&]RelayState=%x+$", url)
    assert.is_nil(url:find("secret", 1, true))
  end)

  it("keeps its state, or refuses", function()
    sp = make { store = state.memory { max = 1, now = clock } }
    local url, request = assert(sp:login_url())
    local err = check.failure("refused", "state_failed", sp:login_url())
    assert.equal("state_full", err.cause.code)
    check.failure("refused", "replay_failed", consume(assert(pair.answer(idp, url)), request))
  end)

  it("shares its state with others", function()
    local store = state.memory { now = clock }
    sp = make { store = store }
    local other = make { store = store }
    local url, request = assert(other:login_url())
    assert(consume(assert(pair.answer(idp, url)), request))
  end)

  it("knows a used assertion for longer than a node with a slow clock accepts it", function()
    local store = state.memory {
      now = function()
        return math.floor(now)
      end,
    }
    local function late()
      return now - 240
    end
    sp = make { store = store, allow_unsolicited = true }
    local slow = pair.sp(late, { store = store, allow_unsolicited = true })
    local fresh = pair.sp(late, { allow_unsolicited = true })
    now = now + 0.9
    local answer = assert(idp:launch(pair.SP, pair.ANN))
    local identity = assert(sp:consume(pair.form(answer)))
    now = identity.not_on_or_after + 60 + 239
    check.failure("refused", "confirmation_expired", sp:consume(pair.form(answer)))
    check.failure("refused", "replayed", slow:consume(pair.form(answer)))
    assert(fresh:consume(pair.form(answer))) -- nothing but the store refuses it there
  end)

  it("refuses when the store has something else than it was given", function()
    local url, request = assert(sp:login_url())
    local answer = assert(pair.answer(idp, url))
    for _, text in ipairs { "", "{", "null", "7", "[" } do
      local store = state.memory { now = clock }
      assert(store:put(saml.response.request_key(request.id), text, 60))
      sp = make { store = store }
      local err = check.failure("refused", "state_failed", consume(answer, request))
      assert.is_string(err.browser)
    end
  end)

  describe("with several identity providers", function()
    local second

    before_each(function()
      second = pair.idp("second", clock)
      sp = make {
        idp = {
          {
            metadata = pair.entity "idp",
            domains = { "acme.example" },
            paths = { "/acme/", "/a" },
          },
          {
            metadata = function()
              return pair.entity "second"
            end,
            domains = { "Beta.example" },
            paths = { "/acme/beta/" },
          },
        },
      }
    end)

    it("chooses by entity, domain or path", function()
      local function goes_to(options, host)
        local url = assert(sp:login_url(options))
        assert.equal("https://" .. host .. "/sso", url:match "^[^?]*")
      end
      goes_to({ idp = "https://second.example" }, "second.example")
      goes_to({ domain = "ACME.example" }, "idp.example")
      goes_to({ domain = "beta.example" }, "second.example")
      goes_to({ path = "/acme/x" }, "idp.example")
      goes_to({ path = "/acme/beta/x" }, "second.example")
      goes_to({ path = "/a?x" }, "idp.example")
      for _, options in ipairs {
        {},
        { domain = "evil.example" },
        { path = "/ab" },
        { idp = "https://third.example" },
      } do
        check.failure("refused", "unknown_idp", sp:login_url(options))
      end
    end)

    it("refuses the answer of one to a request to the other", function()
      local url, request = assert(sp:login_url { domain = "acme.example" })
      local read = assert(idp:read_request { query = pair.query(url) })
      read.sp = assert(second:sp(pair.SP))
      check.failure(
        "refused",
        "signature_invalid",
        consume(assert(second:respond(read, pair.ANN)), request)
      )
      local twin = pair.idp("second", clock, { key = "idp" })
      read.sp = assert(twin:sp(pair.SP))
      check.failure(
        "refused",
        "wrong_issuer",
        consume(assert(twin:respond(read, pair.ANN)), request)
      )
      assert(consume(assert(pair.answer(idp, url)), request))
    end)

    it("asks a function", function()
      local hints = {}
      sp = make {
        idp = function(hint)
          hints[#hints + 1] = hint
          return (hint.domain == "acme.example" or hint.entity_id == "https://idp.example")
            and pair.entity "idp"
        end,
      }
      local url, request = assert(sp:login_url { domain = "acme.example" })
      assert(consume(assert(pair.answer(idp, url)), request))
      assert.same({ entity_id = "https://idp.example" }, hints[#hints])
      check.failure("refused", "unknown_idp", sp:login_url { path = "/" })
    end)
  end)

  describe("at logout", function()
    local identity, participant

    before_each(function()
      local url, request = assert(sp:login_url())
      local answer = assert(pair.answer(idp, url))
      participant = answer.participant
      identity = assert(consume(answer, request))
    end)

    it("asks the identity provider, and reads its answer once", function()
      local url, details = assert(sp:logout(identity.subject, { relay = "/bye" }))
      assert.equal("saml", details.kind)
      local asked = assert(idp:consume_logout { query = pair.query(url) })
      assert.equal("ann@acme.example", asked.name_id.value)
      assert.equal(identity.format, asked.name_id.format)
      assert.same({ identity.session_index }, asked.session_indexes)
      local answer = assert(idp:answer_logout(asked, {}))
      local result = assert(sp:consume_logout { query = pair.query(answer.url) })
      assert.same({ "response", "/bye", false }, { result.kind, result.relay, result.partial })
      check.failure(
        "refused",
        "logout_unknown",
        sp:consume_logout { query = pair.query(answer.url) }
      )
    end)

    it("is asked, and answers", function()
      local sent = assert(idp:logout({ participant }, { relay = "done" }))
      local query = pair.query(sent.url)
      local result = assert(sp:consume_logout { query = query })
      assert.equal("request", result.kind)
      assert.equal(identity.name_id, result.name_id)
      assert.same({ identity.session_index }, result.session_index)
      local ended = assert(idp:consume_logout { query = pair.query(result.reply_url) })
      assert.is_true(ended.done)
      assert.is_false(ended.partial)
      check.failure("refused", "logout_replayed", sp:consume_logout { query = query })
    end)

    it("acts on no message that is not signed, is changed, too old, or for others", function()
      local query = pair.query(assert(idp:logout { participant }).url)
      check.failure(
        "refused",
        "logout_unsigned",
        sp:consume_logout { query = (query:gsub("&SigAlg.*", "")) }
      )
      check.failure(
        "refused",
        "signature_invalid",
        sp:consume_logout { query = (query:gsub("&SigAlg", "&RelayState=x%0")) }
      )
      check.failure(
        "protocol",
        "duplicate_parameter",
        sp:consume_logout { query = query .. "&Signature=x" }
      )
      local other = make { slo_url = "https://app.example/other" }
      check.failure("refused", "wrong_destination", other:consume_logout { query = query })
      now = now + 361
      check.failure("refused", "logout_expired", sp:consume_logout { query = query })
    end)

    it("goes to a plain address where that is all there is", function()
      local entity = pair.entity "idp"
      entity.idp.logout_url = "https://idp.example/Login/Logout"
      entity.idp.slo = {}
      sp = make { idp = entity }
      local url, details = assert(sp:logout(identity))
      assert.same({ "https://idp.example/Login/Logout", "redirect" }, { url, details.kind })
      entity.idp.logout_url = nil
      url, details = assert(sp:logout(identity, { relay = "/bye" }))
      assert.same({ "/bye", "none" }, { url, details.kind })
      sp = make { idp = entity, slo = "redirect" }
      check.failure("refused", "logout_not_supported", sp:logout(identity))
      check.failure("refused", "relay_refused", sp:logout(identity, { relay = "//evil" }))
    end)
  end)

  it("writes metadata that can be read", function()
    local xml = assert(sp:metadata { valid_until = now + 86400 })
    local entity = assert(saml.metadata.read(xml, { role = "sp", now = now }))
    assert.equal(pair.SP, entity.entity_id)
    assert.equal(pair.ACS, entity.sp.acs[1].location)
    assert.equal(2, #entity.sp.slo)
    assert.equal(1, #entity.sp.certificates.signing)
    assert.equal(1, #entity.sp.certificates.encryption)
  end)

  it("decrypts with keys that it had before", function()
    local old = sp
    idp = pair.idp("idp", clock, { encrypt = true }, old)
    sp = make(pair.rolled_over())
    local url, request = assert(sp:login_url())
    assert(consume(assert(pair.answer(idp, url)), request))
  end)

  it("shows nothing of its keys", function()
    assert.equal("lastpass.saml.Sp (https://app.example)", tostring(sp))
  end)

  it("blames wrong options", function()
    for _, more in ipairs {
      { skew = 301 },
      { skew = "1" },
      { want = "none" },
      { acs_url = "http://app.example/acs" },
      { acs_url = "https://app.example/acs#x" },
      { entity_id = "" },
      { idp = {} },
      { idp = { entity_id = "x" } },
      { store = "memory" },
      { relay = { default = "//evil" } },
      { allow_unsolicitd = true },
      { slo = "saml", slo_url = false },
      { cert = false },
    } do
      check.blamed(function()
        local made = saml.sp.new(pair.sp_options(clock, more))
        return made
      end)
    end
    check.blamed(function()
      saml.sp.new { entity_id = pair.SP, acs_url = pair.ACS, idp = pair.entity "idp" }
    end)
  end)
end)
