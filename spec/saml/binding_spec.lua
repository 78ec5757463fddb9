local base64 = require "lastpass.text.base64"
local binding = require "lastpass.saml.binding"
local html = require "lastpass.html"
local percent = require "lastpass.text.percent"
local zlib = require "zlib"

local XML = "<samlp:AuthnRequest xmlns:samlp='urn:x'>é &amp; more</samlp:AuthnRequest>"

local function deflated(text)
  return (zlib.deflate(9, -15)(text, "finish"))
end

local function query_of(bytes, more)
  return "SAMLRequest=" .. percent.encode(base64.encode(bytes)) .. (more or "")
end

local function assert_refused(code, value, message, err)
  assert.is_nil(value)
  assert.is_string(message)
  assert.equal(code, err.code, message)
end

describe("lastpass.saml.binding", function()
  describe("Redirect", function()
    it("reads what it writes", function()
      for _, location in ipairs { "https://idp.example/sso", "https://idp.example/saml.php?x=1" } do
        for _, relay in ipairs { false, "", "_h4ndle", "https://a.example/?b=c&d=é+%20" } do
          local url = assert(binding.redirect {
            location = location,
            kind = "SAMLRequest",
            xml = XML,
            relay = relay or nil,
          })
          assert.equal(location, url:sub(1, #location))
          local received = assert(binding.read_query(url:match "%?(.*)$", "SAMLRequest"))
          assert.same({
            kind = "SAMLRequest",
            binding = "redirect",
            xml = XML,
            relay = relay or nil,
          }, received)
        end
      end
    end)

    it("keeps the octets that are signed as they came", function()
      local message = "SAMLRequest="
        .. percent.encode(base64.encode(deflated(XML))):gsub("%%%x%x", string.lower)
      local received = assert(
        binding.read_query("x=1&Signature=QUJD&SigAlg=urn%3aalg&RelayState=a+b%2f&" .. message)
      )
      assert.equal(XML, received.xml)
      assert.equal("a b/", received.relay)
      assert.same({
        octets = message .. "&RelayState=a+b%2f&SigAlg=urn%3aalg",
        signature = "ABC",
        algorithm = "urn:alg",
      }, received.signed)
      received = assert(binding.read_query(message .. "&SigAlg=a&Signature=QUJD"))
      assert.equal(message .. "&SigAlg=a", received.signed.octets)
    end)

    it("refuses half a signature", function()
      local query = query_of(deflated(XML))
      for _, more in ipairs { "&SigAlg=a", "&Signature=QUJD" } do
        assert_refused("logout_signature_order", binding.read_query(query .. more))
      end
      assert_refused("bad_base64", binding.read_query(query .. "&SigAlg=a&Signature=*"))
      assert_refused("bad_base64", binding.read_query(query .. "&SigAlg=a&Signature="))
    end)

    it("refuses parameters that come twice, together or in disguise", function()
      local query = query_of(deflated(XML))
      local cases = {
        { "duplicate_parameter", "&" .. query },
        { "duplicate_parameter", "&RelayState=a&RelayState=a" },
        { "duplicate_parameter", "&SigAlg=a&SigAlg=b&Signature=QUJD" },
        { "mixed_messages", "&SAMLResponse=x" },
        { "parameter_name", "&SAML%52equest=x" },
        { "parameter_name", "&samlrequest=x" },
        { "parameter_name", "&RELAYSTATE=x" },
        { "parameter_name", "&SAMLart=x" },
        { "parameter_name", "&SAMLEncoding=urn%3aother" },
        { "bad_form", "&x=%4" },
      }
      for _, case in ipairs(cases) do
        assert_refused(case[1], binding.read_query(query .. case[2]))
      end
      local deflate = "&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings"
        .. "%3AURL-Encoding%3ADEFLATE&other=parameter"
      assert.is_table(binding.read_query(query .. deflate))
      assert_refused("message_missing", binding.read_query "")
      assert_refused("message_missing", binding.read_query "a=b")
      assert_refused("message_missing", binding.read_query(query, "SAMLResponse"))
    end)

    it("refuses what is not one whole DEFLATE stream", function()
      local whole = deflated(XML)
      for _, bytes in ipairs {
        whole .. "x",
        whole:sub(1, -2),
        "\255\255\255",
        zlib.deflate(9)(XML, "finish"), -- with zlib's header
        XML,
        deflated(XML) .. deflated(XML),
        whole:sub(1, 32),
      } do
        assert_refused("bad_deflate", binding.read_query(query_of(bytes)))
      end
      assert_refused("bad_base64", binding.read_query "SAMLRequest=")
      assert_refused("bad_base64", binding.read_query "SAMLRequest=%20QUJD")
      assert_refused("bad_base64", binding.read_query "SAMLRequest=QUJD%3D")
    end)

    it("stops unpacking at the limit", function()
      local most = binding.limits.inflated
      assert.equal(most, #assert(binding.read_query(query_of(deflated(("a"):rep(most))))).xml)
      assert_refused(
        "inflated_too_large",
        binding.read_query(query_of(deflated(("a"):rep(most + 1))))
      )
      assert_refused(
        "inflated_too_large",
        binding.read_query(query_of(deflated(("a"):rep(5 * 1024 * 1024))))
      )
      local long = "SAMLRequest=" .. ("a"):rep(binding.limits.query)
      assert_refused("message_too_large", binding.read_query(long))
    end)
  end)

  describe("POST", function()
    -- The fields of the form, as a browser would send them.
    local function submit(page)
      local parts = {}
      for name, value in page:gmatch '<input name="([^"]*)" type="hidden" value="([^"]*)">' do
        value = value
          :gsub("&#(%d+);", function(code)
            return string.char(tonumber(code))
          end)
          :gsub("&lt;", "<")
          :gsub("&gt;", ">")
          :gsub("&quot;", '"')
          :gsub("&amp;", "&")
        parts[#parts + 1] = name .. "=" .. percent.encode(value):gsub("%%20", "+")
      end
      return table.concat(parts, "&")
    end

    it("reads what it writes, RelayState byte for byte", function()
      local hostile = "\"'><script>alert(1)</script>&amp; \226\128\174 \239\187\191é"
      for _, relay in ipairs { false, "", hostile } do
        local page = assert(binding.form {
          location = 'https://sp.example/acs?a="b"&c',
          kind = "SAMLResponse",
          xml = XML,
          relay = relay or nil,
        })
        assert.is_truthy(
          page:find('action="https://sp.example/acs?a=&quot;b&quot;&amp;c"', 1, true)
        )
        assert.is_nil(page:find("<script>alert", 1, true))
        assert.same({
          kind = "SAMLResponse",
          binding = "post",
          xml = XML,
          relay = relay or nil,
        }, (assert(binding.read_form(submit(page), "SAMLResponse"))))
      end
    end)

    it("has one script, which its policy names", function()
      local page = assert(binding.form { location = "https://a", kind = "SAMLResponse", xml = XML })
      local script = page:match "<script>(.-)</script>"
      local hash = base64.encode(require("lastpass.digest").sha256(script))
      assert.is_truthy(binding.policy():find("script-src 'sha256-" .. hash .. "';", 1, true))
      assert.is_truthy(page:find "<button")
      assert.is_nil(page:find " on%l+=")
    end)

    it("takes parameters by name as well, a list being one that came several times", function()
      local value = base64.encode(XML)
      local received =
        assert(binding.read_form { SAMLResponse = value, RelayState = "x", y = true })
      assert.equal(XML, received.xml)
      assert.equal("x", received.relay)
      assert_refused("duplicate_parameter", binding.read_form { SAMLResponse = { value, value } })
      assert_refused(
        "mixed_messages",
        binding.read_form { SAMLResponse = value, SAMLRequest = value }
      )
      assert_refused("message_missing", binding.read_form {})
      -- as frameworks give a parameter without "=", and what no parameter is
      received = assert(binding.read_form { SAMLResponse = value, RelayState = true })
      assert.equal("", received.relay)
      for _, bad in ipairs { { SAMLResponse = { {} } }, { SAMLResponse = 5 }, { "x" } } do
        assert_refused("bad_form", binding.read_form(bad))
      end
      assert_refused("parameter_name", binding.read_form { samlresponse = value })
    end)

    it("allows line breaks in Base64 and nothing else", function()
      local value = base64.encode(XML)
      local broken = value:gsub("(" .. ("."):rep(20) .. ")", "%1\r\n")
      assert.equal(XML, assert(binding.read_form { SAMLResponse = broken }).xml)
      for _, bad in ipairs { " " .. value, value .. "=", value:sub(1, -2), value .. "\0", "é" } do
        assert_refused("bad_base64", binding.read_form { SAMLResponse = bad })
      end
    end)

    it("bounds sizes", function()
      local most = binding.limits.encoded
      local fits = base64.encode(("a"):rep(most / 4 * 3))
      assert.equal(most, #fits)
      assert.is_table(binding.read_form { SAMLResponse = fits })
      assert_refused("message_too_large", binding.read_form { SAMLResponse = fits .. "AAAA" })
      assert_refused("message_too_large", binding.read_form("a=" .. ("b"):rep(3 * most)))
      assert_refused("bad_form", binding.read_form(("a&"):rep(101)))
    end)

    it("refuses a RelayState that a form cannot carry", function()
      local value = base64.encode(XML)
      for code, list in pairs {
        relay_bytes = { "\0", "a\nb", "\255" },
        relay_too_long = { ("a"):rep(binding.limits.relay + 1) },
      } do
        for _, relay in ipairs(list) do
          assert_refused(code, binding.read_form { SAMLResponse = value, RelayState = relay })
          for _, write in ipairs { binding.form, binding.redirect } do
            assert_refused(
              code,
              write { location = "https://a", kind = "SAMLRequest", xml = XML, relay = relay }
            )
          end
        end
      end
    end)
  end)

  it("answers broken queries and forms, whatever they are", function()
    local whole = query_of(deflated(XML), "&RelayState=a%20b&SigAlg=x&Signature=QUJD")
    local seed = 7
    local function random(count)
      seed = (seed * 1103515245 + 12345) % 2147483648
      return math.floor(seed / 65536) % count + 1
    end
    local pieces = { "%", "&", "=", "+", "\0", "SAMLRequest=", "&&", "%00", "é", "A" }
    local refused = 0
    for _ = 1, 1500 do
      local text = whole
      for _ = 1, random(3) do
        local at = random(#text)
        text = text:sub(1, at - 1) .. pieces[random(#pieces)] .. text:sub(at + random(3) - 1)
      end
      for _, read in ipairs { binding.read_query, binding.read_form } do
        local received, message, err = read(text)
        if not received then
          refused = refused + 1
          assert.is_string(message)
          assert.is_string(err.code)
        end
      end
    end
    assert.is_true(refused > 1500)
  end)

  it("names what is missing or unknown", function()
    assert.has_error(function()
      binding.form { location = "https://a", xml = XML }
    end, "saml.binding.form: 'kind' is missing")
    assert.has_error(function()
      binding.redirect { location = "https://a", xml = XML, kind = "SAMLRequest", relays = "x" }
    end)
    assert.equal("&lt;", html.escape "<")
  end)
end)
