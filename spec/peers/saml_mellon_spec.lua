-- Runs once: the peer is the same under every interpreter.
-- Our identity provider beside Apache's mod_auth_mellon (lasso): logins, launches, encryption, logouts.
local check = require "spec.support.check"
local keys = require "spec.support.saml_keys"
local mellon = require "spec.peers.saml_mellon"
local roles = require "spec.peers.saml_roles"

local MELLON = "https://mellon.example/saml"
local SECRET = "/secret/page.html"

describe("our identity provider and mod_auth_mellon", function()
  local reason = mellon.missing()
  local server, idp

  local function new_idp(options)
    return roles.idp(server.metadata, options)
  end

  -- A page that is not open sends the browser to the identity provider: the query that arrives there.
  local function asked()
    local reply = server:request(SECRET)
    assert.equal(303, reply.status)
    reply = server:request(reply.location)
    assert.equal(303, reply.status)
    assert.equal(roles.SSO, reply.location:match "^[^?]*")
    return roles.query(reply.location)
  end

  local function post(answer)
    local fields, url = roles.form(answer.form)
    return server:request(url, roles.body(fields))
  end

  -- Signs in; gives the answer of our identity provider.
  local function sign_in(options, user)
    server:forget()
    idp = new_idp(options)
    local request = assert(idp:read_request { query = asked() })
    local answer = assert(idp:respond(request, user or roles.user))
    local reply = post(answer)
    assert.equal(303, reply.status)
    assert.equal(server.url .. SECRET, reply.location)
    return answer
  end

  local function is_signed_in()
    local reply = server:request(SECRET)
    return reply.status == 200, reply
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
      server = mellon.start {
        entity_id = MELLON,
        pair = keys.of "sp",
        idp = function(one)
          return assert(roles.idp(one.metadata):metadata())
        end,
      }
    end
  end)

  teardown(function()
    if server then
      server:stop()
    end
  end)

  for _, sign in ipairs { "assertion", "both" } do
    test("a login, the " .. sign .. " signed", function()
      sign_in { sign = sign }
      local ok, reply = is_signed_in()
      assert.is_true(ok)
      assert.equal("the secret page\n", reply.body)
      assert.equal("ann@x.example", reply.headers["x-name-id"])
      assert.equal("ann@x.example", reply.headers["x-mail"])
      -- values are shown to it as they are spelled in XML
      local spelled = roles.user.groups[2]:gsub("&", "&amp;")
      assert.equal("Staff;" .. spelled, reply.headers["x-groups"])
    end)
  end

  test("a login, the assertion encrypted", function()
    for _, algorithm in ipairs { "aes128-gcm", "aes256-gcm" } do
      sign_in { encrypt = true, encryption_algorithm = algorithm }
      assert.is_true(is_signed_in())
    end
  end)

  test("its requests are signed, to the octet", function()
    server:forget()
    idp = new_idp()
    local query = asked()
    local request = assert(idp:read_request { query = query })
    assert.is_true(request.signed)
    assert.equal(MELLON, request.issuer)
    assert.equal(server.url .. SECRET, request.relay)
    local other = query:gsub("RelayState=http", "RelayState=Http")
    check.failure("refused", "signature_invalid", idp:read_request { query = other })
    local unsigned = query:gsub("&SigAlg=.*", "")
    check.failure("refused", "request_unsigned", idp:read_request { query = unsigned })
  end)

  test("a response in another browser, and one that was used", function()
    local answer = sign_in()
    server:forget()
    post(answer)
    assert.is_false(is_signed_in())
  end)

  test("a changed response, one by another key, one for another", function()
    server:forget()
    local metadata = server.metadata
    local other = roles.idp(metadata, {
      key = require("lastpass").secret.value(keys.of("other").pem),
      cert = keys.of("other").certificate,
    })
    local request = assert(other:read_request { query = asked() })
    assert.is_true(post(assert(other:respond(request, roles.user))).status >= 400)
    assert.is_false(is_signed_in())
    idp = new_idp()
    local answer = assert(idp:respond(request, roles.user, { want_xml = true }))
    local xml = answer.xml:gsub("ann@x", "bob@x")
    local form = roles.body { SAMLResponse = keys.base64(xml) }
    assert.is_true(server:request("/mellon/postResponse", form).status >= 400)
    assert.is_false(is_signed_in())
  end)

  test("a launch that nobody asked for", function()
    server:forget()
    idp = new_idp()
    local target = server.url .. SECRET
    local reply = post(assert(idp:launch(MELLON, roles.user, { relay = target })))
    assert.equal(303, reply.status)
    assert.equal(target, reply.location)
    assert.is_true(is_signed_in())
  end)

  test("a logout that it begins", function()
    local answer = sign_in()
    local reply = server:request("/mellon/logout?ReturnTo=" .. server.url .. "/index.html")
    assert.equal(303, reply.status)
    assert.equal(roles.SLO, reply.location:match "^[^?]*")
    local result = assert(idp:consume_logout { query = roles.query(reply.location) })
    assert.equal("request", result.kind)
    assert.equal(MELLON, result.sp)
    assert.equal("ann@x.example", result.name_id.value)
    assert.same({ answer.session_index }, result.session_indexes)
    local sent = assert(idp:answer_logout(result, { answer.participant }))
    reply = server:request(sent.url)
    assert.equal(server.url .. "/index.html", reply.location)
    assert.is_false(is_signed_in())
  end)

  test("a logout that we begin", function()
    -- of several sessions of one user it takes the first, whatever the SessionIndex
    local answer = sign_in(nil, { email = "bob@x.example" })
    local sent = assert(idp:logout({ answer.participant }, { relay = "/done" }))
    local reply = server:request(sent.url)
    assert.equal(303, reply.status, server:log())
    local result = assert(idp:consume_logout { query = roles.query(reply.location) })
    assert.equal("response", result.kind)
    assert.is_true(result.done)
    assert.is_false(result.partial)
    assert.equal("/done", result.relay)
    assert.is_false(is_signed_in())
  end)
end)
