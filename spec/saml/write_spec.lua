local write = require "lastpass.saml.write"

local e = write.element

describe("lastpass.saml.write", function()
  it("declares the prefixes it uses, and sorts attributes", function()
    local request = e(
      "samlp:AuthnRequest",
      { Version = "2.0", ID = "_1", ForceAuthn = false, IsPassive = true, Index = 3 },
      e("saml:Issuer", nil, "https://sp.example/?a=1&b=2"),
      nil,
      { e("samlp:NameIDPolicy", { AllowCreate = true }), false },
      e("saml:AttributeValue", { ["xsi:type"] = "xs:string" }, 12)
    )
    assert.equal(
      '<samlp:AuthnRequest xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        .. 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        .. 'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        .. 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        .. 'ID="_1" Index="3" IsPassive="true" Version="2.0">'
        .. "<saml:Issuer>https://sp.example/?a=1&amp;b=2</saml:Issuer>"
        .. '<samlp:NameIDPolicy AllowCreate="true"/>'
        .. '<saml:AttributeValue xsi:type="xs:string">12</saml:AttributeValue>'
        .. "</samlp:AuthnRequest>",
      write.document(request)
    )
  end)

  it("escapes what would be read otherwise", function()
    local text = write.document(e("saml:A", { B = "\"'<>&\t\n\r" }, "]]><x>&amp;\r\n\"'"))
    assert.equal(
      '<saml:A xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        .. 'B="&quot;\'&lt;>&amp;&#9;&#10;&#13;">'
        .. "]]&gt;&lt;x&gt;&amp;amp;&#13;\n\"'</saml:A>",
      text
    )
  end)

  it("puts in XML that was made before", function()
    local inner = assert(write.document(e("saml:Issuer", nil, "x")))
    local text = assert(write.document(e("samlp:Response", nil, write.raw(inner))))
    assert.is_truthy(text:find(inner, 1, true))
    assert.is_nil(text:match "^<samlp:Response[^>]*xmlns:saml=")
  end)

  it("refuses what XML cannot hold, by the element's name", function()
    local bad = { "\0", "\1", "\27", "\255", "\192\128", "\237\160\128", "\239\191\191" }
    for _, value in ipairs(bad) do
      local inner = e("saml:AttributeValue", nil, value)
      local text, message, err = write.document(e("saml:Attribute", nil, inner))
      assert.is_nil(text)
      assert.equal("not_xml", err.code)
      assert.is_truthy(message:find("saml:AttributeValue", 1, true))
      assert.is_nil((write.document(e("saml:Attribute", { Name = value }))))
    end
    for _, value in ipairs { "\127", "\194\128", "\239\191\189", "\240\159\152\128", "\9\10" } do
      assert.is_string((write.document(e("saml:A", { B = value }, value))))
    end
  end)

  it("takes only prefixes that it knows", function()
    assert.has_error(function()
      write.document(e("evil:A"))
    end)
    assert.has_error(function()
      write.document(e("saml:A", { ["on x"] = "1" }))
    end)
    assert.has_error(function()
      write.document "<a/>"
    end)
  end)
end)
