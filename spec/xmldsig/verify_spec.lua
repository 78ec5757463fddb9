-- Signatures: what verifies and what comes back, and each way to be refused (saml §3.9 to §3.16). What signs is
-- luaossl (spec/support/xmldsig.lua) where it matters.
local base64 = require "lastpass.text.base64"
local forge = require "spec.support.xmldsig"
local xmldsig = require "lastpass.xmldsig"

local PLAIN = forge.ELEMENT:format ""

local function verify(text, o)
  o = o or {}
  local document = assert(xmldsig.parse(text))
  return document:verify {
    element = o.element,
    certificates = o.certificates or { forge.pair("rsa").certificate },
    allow = o.allow,
  }
end

local function refused(code, text, o)
  local octets, message, got = verify(text, o)
  assert.is_nil(octets)
  assert.equal(code, got, message)
  return message
end

local function replaced(text, from, to)
  local first, last = text:find(from, 1, true)
  assert(first, from)
  return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

describe("document:verify", function()
  it("gives the octets that were signed, and whose key it was", function()
    local octets, info = verify(forge.signed())
    assert.equal(PLAIN, octets)
    assert.same({ certificate = 1, algorithm = "rsa-sha256", digest = "sha256" }, info)
  end)

  it("takes every algorithm that is allowed", function()
    for _, bits in ipairs { "256", "384", "512" } do
      local namespace = bits == "384" and forge.MORE or forge.ENC
      local octets, info = verify(forge.signed {
        method = forge.MORE .. "rsa-sha" .. bits,
        hash = "sha" .. bits,
        digest = namespace .. "sha" .. bits,
        digest_hash = "sha" .. bits,
      })
      assert.equal(PLAIN, octets)
      assert.equal("rsa-sha" .. bits, info.algorithm)
      assert.equal("sha" .. bits, info.digest)
    end
  end)

  it("verifies the only child of a name, and leaves the document as it was", function()
    local text = ("<r xmlns='urn:r'>%s<b/><c/><c/></r>"):format(forge.signed())
    local document = assert(xmldsig.parse(text))
    local before = document:tree()
    local o = { element = { "urn:a", "A" }, certificates = { forge.pair("rsa").certificate } }
    for _ = 1, 3 do
      assert.equal(PLAIN, (document:verify(o)))
    end
    assert.same(before, document:tree())
    refused("signature_missing", text)
    refused("signature_missing", text, { element = { "urn:r", "b" } })
    refused("element_missing", text, { element = { "urn:r", "c" } })
    refused("element_missing", text, { element = { "urn:r", "d" } })
  end)

  it("tries the certificates in turn", function()
    local rsa, other, ec = forge.pair "rsa", forge.pair "other", forge.pair "ec"
    local both = { ec.certificate, other.certificate, rsa.certificate }
    local octets, info = verify(forge.signed(), { certificates = both })
    assert.equal(PLAIN, octets)
    assert.equal(3, info.certificate)
    refused("signature_invalid", forge.signed(), { certificates = { other.certificate } })
    refused("signature_invalid", forge.signed(), { certificates = { ec.certificate } })
    refused("certificates_missing", forge.signed(), { certificates = {} })
  end)

  it("does not look at the KeyInfo, whatever stands there", function()
    local other = forge.pair "other"
    local key_info = (
      "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate>"
      .. "</ds:X509Data></ds:KeyInfo>"
    ):format(other.certificate:fields().base64)
    local forged = forge.signed { pair = "other", key_info = key_info }
    refused("signature_invalid", forged)
    assert.equal(PLAIN, (verify(forge.signed { key_info = key_info })))
    local far = '<ds:RetrievalMethod URI="http://127.0.0.1:1/key"></ds:RetrievalMethod>'
    far = "<ds:KeyInfo>" .. far .. "</ds:KeyInfo>"
    refused("signature_invalid", forge.signed { pair = "other", key_info = far })
  end)

  it("refuses what was changed", function()
    local text = forge.signed()
    assert.matches("digest", refused("signature_invalid", replaced(text, "user", "root")))
    assert.matches(
      "keys",
      refused(
        "signature_invalid",
        replaced(text, "<ds:SignatureValue>", "<ds:SignatureValue> AAAA")
      )
    )
    refused("signature_invalid", replaced(text, "</a:Name>", " </a:Name>"))
    refused("signature_invalid", replaced(text, "</a:Name>", "</a:Name><a:Name/>"))
    -- a comment is not part of what was signed, and text around it stays whole
    assert.equal(PLAIN, (verify(replaced(text, "user", "us<!-- x -->er"))))
  end)

  it("refuses algorithms by their names", function()
    for _, name in ipairs {
      forge.DSIG .. "dsa-sha1",
      forge.DSIG .. "hmac-sha1",
      forge.MORE .. "hmac-sha256",
      forge.MORE .. "hmac-sha512",
      forge.MORE .. "rsa-md5",
      forge.MORE .. "rsa-ripemd160",
      forge.MORE .. "ecdsa-sha1",
      "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
      "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
      "rsa-sha256x",
      "",
    } do
      refused("algorithm_refused", forge.signed { method = name })
    end
    local digests = { forge.MORE .. "md5", forge.ENC .. "ripemd160", forge.MORE .. "sha224" }
    for _, name in ipairs(digests) do
      refused("algorithm_refused", forge.signed { digest = name })
    end
  end)

  it("refuses an HMAC whose secret is the public certificate", function()
    local pair = forge.pair "rsa"
    local base64_of_it = pair.certificate:fields().base64
    for _, text in ipairs { pair.pem, pair.openssl:toPEM "public", base64_of_it } do
      local forged = forge.signed { method = forge.MORE .. "hmac-sha256", hmac = text }
      refused("algorithm_refused", forged)
      refused("algorithm_refused", forged, { allow = { sha1 = true } })
    end
  end)

  it("takes SHA-1 only where it is allowed", function()
    local method = { method = forge.DSIG .. "rsa-sha1", hash = "sha1" }
    local weak_digest = { digest = forge.DSIG .. "sha1", digest_hash = "sha1" }
    for _, o in ipairs { method, weak_digest } do
      refused("sha1_refused", forge.signed(o))
      assert.equal(PLAIN, (verify(forge.signed(o), { allow = { sha1 = true } })))
    end
  end)

  it("takes small keys only where they are allowed", function()
    local certificates = { forge.pair("small").certificate }
    local text = forge.signed { pair = "small" }
    refused("key_too_small", text, { certificates = certificates })
    local allow = { min_rsa_bits = 1024 }
    assert.equal(PLAIN, (verify(text, { certificates = certificates, allow = allow })))
    refused("key_too_small", forge.signed(), { allow = { min_rsa_bits = 4096 } })
  end)

  it("refuses other transforms and canonicalisations", function()
    local function transform(uri, content)
      return ('<ds:Transform Algorithm="%s">%s</ds:Transform>'):format(uri, content or "")
    end
    local enveloped, exclusive = transform(forge.ENVELOPED), transform(forge.EXC)
    local xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116"
    for _, transforms in ipairs {
      "",
      enveloped,
      exclusive,
      exclusive .. enveloped,
      enveloped .. enveloped .. exclusive,
      enveloped .. exclusive .. exclusive,
      enveloped .. transform "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
      enveloped .. transform "http://www.w3.org/2006/12/xml-c14n11",
      enveloped .. transform(forge.EXC .. "WithComments"),
      enveloped .. transform(forge.DSIG .. "base64"),
      enveloped .. transform("http://www.w3.org/TR/1999/REC-xslt-19991116", "<x></x>"),
      transform(xpath, "<ds:XPath>1</ds:XPath>") .. exclusive,
      transform "http://www.w3.org/2002/06/xmldsig-filter2" .. exclusive,
    } do
      local text = forge.signed { transforms = transforms }
      local octets, _, code = verify(text)
      assert.is_nil(octets)
      assert.is_true(code == "transform_refused" or code == "signature_shape", code)
    end
    for _, uri in ipairs {
      "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
      forge.EXC .. "WithComments",
      "",
    } do
      refused("transform_refused", forge.signed { canonicalisation = uri })
    end
  end)

  it("takes a list of prefixes, as many identity providers write one", function()
    local content = (
      '<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="%%s">' .. "</ec:InclusiveNamespaces>"
    ):format(forge.EXC)
    local function transforms(list, text)
      local two = '<ds:Transform Algorithm="%s"></ds:Transform>'
        .. '<ds:Transform Algorithm="%s">%s</ds:Transform>'
      return two:format(forge.ENVELOPED, forge.EXC, ((text or content):gsub("%%s", list)))
    end
    assert.equal(PLAIN, (verify(forge.signed { transforms = transforms "xs a" })))
    refused("signature_shape", forge.signed { transforms = transforms(("p "):rep(300)) })
    for _, wrong in ipairs {
      "<ec:InclusiveNamespaces xmlns:ec='urn:x' PrefixList='%s'></ec:InclusiveNamespaces>",
      content .. content,
      "text" .. content,
      (content:gsub("PrefixList", "Other")),
    } do
      refused("signature_shape", forge.signed { transforms = transforms("a", wrong) })
    end
  end)

  -- each prefix is looked for at each element before it is known who signed: 80 KB took 4 s
  it("refuses a list of prefixes that is long for so many elements", function()
    local content =
      '<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="%s"></ec:InclusiveNamespaces>'
    local two = '<ds:Transform Algorithm="%s"></ds:Transform>'
      .. '<ds:Transform Algorithm="%s">%s</ds:Transform>'
    local function with(list, elements)
      return forge.signed {
        element = '<a:A xmlns:a="urn:a" ID="_1">%s' .. ("<b></b>"):rep(elements) .. "</a:A>",
        transforms = two:format(forge.ENVELOPED, forge.EXC, content:format(forge.EXC, list)),
      }
    end
    for _, list in ipairs { ("x "):rep(255) .. "x", (" "):rep(511) } do
      assert.matches("prefixes", refused("signature_shape", with(list, 5000)), 1, true)
      assert.is_string((verify(with(list, 100))))
    end
    assert.is_string((verify(with("#default xs xsi", 5000))))
  end)

  it("refuses references to anything but its own parent", function()
    for _, uri in ipairs {
      "",
      "#",
      "_1",
      "#_2",
      "#xpointer(/)",
      "#xpointer(id('_1'))",
      "http://127.0.0.1:1/a#_1",
      "file:///etc/passwd",
    } do
      refused("reference_uri", forge.signed { uri = uri })
    end
    refused("reference_uri", (forge.signed():gsub(' ID="_1"', "")))
    refused("reference_uri", (forge.signed():gsub(' ID="_1"', ' Id="_1"')))
    -- the signature of another element, moved here (signature wrapping)
    local good = forge.signed()
    local signature = good:match "<ds:Signature .*</ds:Signature>"
    local evil = ('<a:A xmlns:a="urn:a" ID="_evil">%s<a:Name>root</a:Name><o>%s</o></a:A>'):format(
      signature,
      (good:gsub("<ds:Signature .*</ds:Signature>", ""))
    )
    refused("reference_uri", evil)
  end)

  it("refuses every other shape", function()
    local reference = forge.signed():match "<ds:Reference.*</ds:Reference>"
    local function with(from, to)
      return forge.signed {
        signature = function(text)
          return replaced(text, from, to)
        end,
      }
    end
    refused("signature_shape", with("</ds:SignedInfo>", reference .. "</ds:SignedInfo>"))
    refused("signature_shape", with("<ds:SignedInfo>", "<ds:SignedInfo>x"))
    refused(
      "signature_shape",
      with("<ds:SignedInfo>", "<ds:SignedInfo></ds:SignedInfo><ds:SignedInfo>")
    )
    refused("signature_shape", with("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"))
    refused("signature_shape", with("</ds:Signature>", "<ds:KeyInfo/><ds:KeyInfo/></ds:Signature>"))
    refused("signature_shape", with("</ds:Signature>", "<x/></ds:Signature>"))
    refused("signature_shape", with("<ds:SignatureValue>", "<ds:SignatureValue x='1'>"))
    refused("signature_shape", with("<ds:Reference ", "<ds:Reference Type='urn:x' "))
    refused("signature_shape", with("<ds:DigestValue>", "<ds:DigestValue x='1'>"))
    refused("signature_shape", with("<ds:Transforms>", "<ds:Transforms>x"))
    refused(
      "signature_shape",
      forge.signed { method_content = "<ds:HMACOutputLength>8</ds:HMACOutputLength>" }
    )
    refused(
      "signature_shape",
      forge.signed {
        signature = function(text)
          return text .. text
        end,
      }
    )
    assert.equal(PLAIN, (verify(with("<ds:SignatureValue>", "\n <ds:SignatureValue>\n "))))
  end)

  it("refuses values that are not Base64 of the right length", function()
    for _, value in ipairs {
      "",
      "AAAA",
      base64.encode(("x"):rep(31)),
      base64.encode(("x"):rep(33)),
      base64.encode(("x"):rep(32)):gsub("=", ""),
      base64.encode(("x"):rep(32)) .. "!",
      (base64.encode(("x"):rep(32)):gsub("^.", "<b/>")),
    } do
      refused("signature_values", forge.signed { digest_value = value })
    end
    refused("signature_values", forge.signed { signature_value = "" })
    refused("signature_values", forge.signed { signature_value = "AA-_" })
    refused("signature_values", forge.signed { signature_value = "QR==" })
  end)

  it("reads a digest with a comment in it as a whole (CVE-2025-29775)", function()
    local wrong = base64.encode(("x"):rep(32))
    local text = forge.signed()
    local right = text:match "<ds:DigestValue>(.-)<"
    refused("signature_values", replaced(text, right, right .. "<!-- -->" .. wrong))
    refused("signature_values", replaced(text, right, wrong .. "<!-- -->" .. right))
  end)

  it("refuses what has no canonical form, and prints nothing", function()
    -- a digest of nothing was accepted by libraries that took the error for an empty text (CVE-2025-66568)
    local element = '<a:A xmlns:a="urn:a" ID="_1">%s<b xmlns="relative"></b></a:A>'
    local text = forge.signed { element = element, octets = "" }
    refused("canonicalisation", text)
    refused("canonicalisation", forge.signed { element = element })
    local octets, _, code = xmldsig.canonical "<b xmlns='relative'/>"
    assert.is_nil(octets)
    assert.equal("canonicalisation", code)
  end)

  it("writes nothing to standard error", function()
    local path = os.tmpname()
    local program = [[
      local xmldsig = require "lastpass.xmldsig"
      local forge = require "spec.support.xmldsig"
      local element = '<a:A xmlns:a="urn:a" ID="_1">%%s<b xmlns="relative"></b></a:A>'
      for _, text in ipairs {
        forge.signed { element = element },
        forge.signed { pair = "other" },
        forge.signed { signature_value = "AAAA" },
        forge.signed { pair = "ec", method = forge.MORE .. "ecdsa-sha256" },
      } do
        local document = assert(xmldsig.parse(text))
        local certificates = { forge.pair("rsa").certificate, forge.pair("ec").certificate }
        assert(document:verify { certificates = certificates } == nil)
      end
      xmldsig.parse "<a><b></a>"
      xmldsig.certificate "MIIB"
    ]]
    local file = assert(io.open(path, "w"))
    file:write(program)
    file:close()
    local pipe = assert(
      io.popen(("%s '%s' 2>&1; echo $?"):format(require("spec.support.store").interpreter(), path))
    )
    local output = pipe:read "*a"
    pipe:close()
    os.remove(path)
    assert.equal("0\n", output)
  end)

  it("takes ECDSA, and its signatures as XML has them", function()
    for _, name in ipairs { "ec", "ec384" } do
      local pair = forge.pair(name)
      local signed =
        assert(xmldsig.sign(PLAIN, { key = pair.key, id = "_1", after = { "urn:a", "Issuer" } }))
      local octets, info = verify(signed, { certificates = { pair.certificate } })
      assert.equal(PLAIN, octets)
      assert.equal("ecdsa-sha256", info.algorithm)
      refused(
        "algorithm_refused",
        signed,
        { certificates = { pair.certificate }, allow = { ecdsa = false } }
      )
      refused(
        "signature_invalid",
        replaced(signed, "user", "root"),
        { certificates = { pair.certificate } }
      )
    end
  end)

  it("takes no options that it does not know", function()
    local document = assert(xmldsig.parse(forge.signed()))
    local certificates = { forge.pair("rsa").certificate }
    for _, o in ipairs {
      { certificate = certificates },
      { certificates = { "x" } },
      { certificates = certificates, allow = { md5 = true } },
      { certificates = certificates, allow = { min_rsa_bits = 1.5 } },
      { certificates = certificates, allow = { min_rsa_bits = 1 } },
      { certificates = certificates, element = { "A" } },
      {},
    } do
      assert.has_error(function()
        document:verify(o)
      end)
    end
  end)
end)
