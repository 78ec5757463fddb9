-- XML as it is read: what is refused and by which code (saml §3.3 to §3.7), and what Lua sees of the
-- rest.
local xmldsig = require "lastpass.xmldsig"

local function refused(code, text, limits)
  local document, message, got = xmldsig.parse(text, limits)
  assert.is_nil(document)
  assert.equal(code, got, text:sub(1, 60))
  assert.equal("string", type(message))
  assert.is_nil(message:find "%c", message)
end

local function tree(text)
  return assert(xmldsig.parse(text)):tree()
end

describe("xmldsig.parse", function()
  it("shows as many levels as are asked for", function()
    local document = assert(xmldsig.parse "<a x='1'>t<b><c/></b></a>")
    assert.equal(0, #document:tree(0).children)
    assert.equal("1", document:tree(0).attributes.x)
    assert.equal("t", document:tree(0).text)
    assert.equal(0, #document:tree(1).children[1].children)
    assert.same(document:tree(), document:tree(2))
    assert.error(function()
      document:tree(-1)
    end)
    document:close()
  end)

  it("reads elements, attributes, namespaces and text", function()
    local root = tree(
      '<?xml version="1.0" encoding="UTF-8"?>\n'
        .. '<p:a xmlns:p="urn:x" xmlns="urn:y" one="1 &lt; 2" p:two="&quot;ü&amp;" xml:lang="de">'
        .. "x<b/>y &amp; <c> z </c></p:a>\n"
    )
    assert.equal("urn:x", root.ns)
    assert.equal("a", root.name)
    assert.same({
      one = "1 < 2",
      ["{urn:x}two"] = '"ü&',
      ["{http://www.w3.org/XML/1998/namespace}lang"] = "de",
    }, root.attributes)
    assert.equal("xy & ", root.text)
    assert.equal(2, #root.children)
    assert.same(
      { ns = "urn:y", name = "b", attributes = {}, text = "", children = {} },
      root.children[1]
    )
    assert.equal(" z ", root.children[2].text)
  end)

  it("drops comments and merges CDATA, so that text is whole", function()
    assert.equal("user@a.example.evil", tree("<a>user@a.example<!-- x -->.evil</a>").text)
    assert.equal("a<b>&c", tree("<a>a<![CDATA[<b>]]>&amp;<![CDATA[c]]></a>").text)
  end)

  it("tells what is in it", function()
    local document = assert(xmldsig.parse [[
      <r xmlns="urn:r"><s><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></s><s/>
        <Signature/></r>
    ]])
    local ns, name = document:root()
    assert.equal("urn:r", ns)
    assert.equal("r", name)
    assert.equal(2, document:count("urn:r", "s"))
    assert.equal(0, document:count("", "s"))
    assert.same({ { depth = 1, parent_ns = "urn:r", parent_name = "s" } }, document:signatures())
    document:close()
    assert.has_error(function()
      document:root()
    end)
  end)

  it("refuses a DOCTYPE in every form", function()
    refused("doctype", "<!DOCTYPE a><a/>")
    refused("doctype", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    refused("doctype", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>')
    refused("doctype", '<?xml version="1.0"?>\n<!DOCTYPE a [<!ATTLIST a b ID #IMPLIED>]><a b="c"/>')
    refused("doctype", "<!DOCTYPE a [" .. '<!ENTITY b "bbbbbbbbb">' .. "<a/>")
    refused("bad_xml", "<a>&b;</a>")
    refused("bad_xml", "<a b='&c;'/>")
  end)

  it("refuses processing instructions anywhere", function()
    refused("processing_instruction", "<a><?b c?></a>")
    refused("processing_instruction", "<?b c?><a/>")
    refused("processing_instruction", "<a/><?b?>")
    refused("processing_instruction", "<?xml-stylesheet href='a'?><a/>")
  end)

  it("refuses other encodings and characters", function()
    refused("bad_encoding", "<a>\255</a>")
    refused("bad_encoding", "<a>\237\160\128</a>")
    refused("bad_encoding", "<a>\0</a>")
    refused("bad_encoding", "\254\255\0<\0a\0/\0>")
    refused("bad_encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><a>\195\188</a>')
    refused("bad_encoding", '<?xml version="1.0" encoding="UTF-7"?><a/>')
    refused("bad_xml", '<?xml version="1.1"?><a/>')
    refused("bad_xml", "<a>\1</a>")
    assert.equal("ü", tree('\239\187\191<?xml version="1.0" encoding="utf-8"?><a>ü</a>').text)
  end)

  it("refuses what is not one well-formed element", function()
    for _, text in ipairs {
      "",
      " ",
      "a",
      "<a",
      "<a>",
      "<a></b>",
      "<a/><b/>",
      "<a/>b",
      "<a b='1' b='2'/>",
      "<b:a/>",
      "<a b:c='1'/>",
      "<a xmlns:b='urn:x' xmlns:c='urn:x' b:d='1' c:d='2'/>",
      "<a b=c/>",
      "<a>&#0;</a>",
      "<a>]]></a>",
      "<!ENTITY a 'b'><a/>",
    } do
      refused("bad_xml", text)
    end
  end)

  it("refuses xml:id, IDs that are not names, and those that come twice in any spelling", function()
    refused("xml_id", "<a xml:id='b'/>")
    refused("xml_id", "<a ID='b'><c xml:id='b'/></a>")
    refused("bad_xml", "<a xmlns:y='http://www.w3.org/XML/1998/namespace' y:id='b'/>")
    refused("bad_id", "<a ID=''/>")
    refused("bad_id", "<a ID='1a'/>")
    refused("bad_id", "<a Id='a b'/>")
    refused("bad_id", "<a id='a:b'/>")
    refused("bad_id", '<a AssertionID="a\')"/>')
    for _, one in ipairs { "ID", "Id", "id", "AssertionID" } do
      for _, other in ipairs { "ID", "Id", "id", "AssertionID" } do
        local text = ("<a><b %s='c'/><b><d %s='c'/></b></a>"):format(one, other)
        refused("duplicate_id", text)
      end
    end
    assert(xmldsig.parse "<a ID='b'><b xmlns:p='urn:p' p:ID='b' iD='b'/></a>")
  end)

  it("has limits", function()
    refused("message_too_large", "<a/>", { bytes = 3 })
    refused("xml_too_deep", ("<a>"):rep(65) .. ("</a>"):rep(65))
    assert(xmldsig.parse(("<a>"):rep(64) .. ("</a>"):rep(64)))
    refused("xml_too_deep", ("<a>"):rep(100000))
    refused("xml_too_many", "<a><b/><b/></a>", { elements = 2 })
    refused("xml_too_many", "<a b='1' c='2'/>", { attributes = 1 })
    refused("xml_too_many", "<a xmlns:b='urn:b' xmlns:c='urn:c'/>", { attributes = 1 })
    refused("xml_too_many", "<a xmlns:b='urn:b'><a xmlns:b='urn:b'/></a>", { namespaces = 1 })
    assert(xmldsig.parse("<a><a xmlns:b='urn:b'/><a xmlns:b='urn:b'/></a>", { namespaces = 1 }))
    local many = {}
    for i = 1, 30000 do
      many[i] = ("a%d=''"):format(i)
    end
    refused("xml_too_many", "<a " .. table.concat(many, " ") .. "/>")
  end)

  it("takes no options that it does not know", function()
    local wrong = { { byte = 1 }, { depth = 0 }, { depth = 201 }, { bytes = "1" }, { 5 } }
    for _, limits in ipairs(wrong) do
      assert.has_error(function()
        xmldsig.parse("<a/>", limits)
      end)
    end
    assert.has_error(function()
      xmldsig.parse("<a/>", {}, 1)
    end)
    assert.has_error(function()
      xmldsig.parse()
    end)
  end)
end)
