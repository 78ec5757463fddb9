-- One entity out of a file of metadata: what is found, with what was in scope around it, and what is refused.
local xmldsig = require "lastpass.xmldsig"

local MD = "urn:oasis:names:tc:SAML:2.0:metadata"

describe("xmldsig.entity", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  local function entity(text, id, limits)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    return xmldsig.entity(path, id or "urn:e", limits)
  end

  local function refused(code, text, limits)
    local found, message, got = entity(text, nil, limits)
    assert.is_nil(found)
    assert.equal(code, got, message)
  end

  local function group(content, more)
    local form = "<EntitiesDescriptor xmlns='%s' %s>%s</EntitiesDescriptor>"
    return form:format(MD, more or "", content)
  end

  it("gives the entity alone, as it was", function()
    local text, outer = entity(
      '<?xml version="1.0"?>\n<!-- x -->'
        .. group(
          "<EntityDescriptor entityID='urn:f'><x>no</x></EntityDescriptor>\n"
            .. group(
              "<EntityDescriptor entityID='urn:e' p:a='&lt;&amp;'><p:x>a<!-- b -->c"
                .. "<![CDATA[<]]></p:x>"
                .. "<y xmlns=''/></EntityDescriptor>",
              "xmlns:p='urn:inner' validUntil='2030-02-01T00:00:00Z'"
            ),
          "xmlns:p='urn:outer' xmlns:q='urn:q' validUntil='2030-01-01T00:00:00Z'"
        )
    )
    assert(text, outer)
    assert.same({ valid_until = { "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z" } }, outer)
    local tree = assert(xmldsig.parse(text)):tree()
    assert.equal(MD, tree.ns)
    assert.equal("<&", tree.attributes["{urn:inner}a"])
    assert.equal("urn:inner", tree.children[1].ns)
    assert.equal("ac<", tree.children[1].text)
    assert.equal("", tree.children[2].ns)
    assert.is_nil(text:find("urn:outer", 1, true))
  end)

  it("takes an entity that is the root, and names with an ampersand", function()
    local one = "<EntityDescriptor xmlns='%s' entityID='https://x?a=1&amp;b=2'/>"
    local text, outer = entity(one:format(MD), "https://x?a=1&b=2")
    assert.is_truthy(text)
    assert.same({ valid_until = {} }, outer)
    assert.is_truthy((entity(one:format(MD):gsub("&amp;", "&#x26;"), "https://x?a=1&b=2")))
    assert.is_nil((entity(one:format(MD), "https://x?a=1&#38;b=2")))
    assert.is_nil((entity(one:format(MD), "https://x?a=1&b=")))
    assert.is_nil((entity(one:format(MD), "https://x?a=1&b=22")))
  end)

  it("refuses an entity that is missing, or twice, or elsewhere", function()
    local one = "<EntityDescriptor entityID='urn:e'/>"
    refused("metadata_entity", group "<EntityDescriptor entityID='urn:E'/>")
    refused("metadata_entity", group "")
    refused("metadata_entity", group("<Extensions>" .. one .. "</Extensions>"))
    refused("metadata_entity", group("<EntityDescriptor xmlns='urn:x' entityID='urn:e'/>"))
    refused("metadata_duplicate", group(one .. one))
    refused("metadata_duplicate", group(one .. group(one)))
    refused("metadata_kind", "<a/>")
    refused("metadata_kind", "<EntitiesDescriptor>" .. one .. "</EntitiesDescriptor>")
  end)

  it("reads by the rules of all XML", function()
    local one = "<EntityDescriptor entityID='urn:e'>%s</EntityDescriptor>"
    refused("doctype", "<!DOCTYPE a [<!ENTITY b 'c'>]>" .. group(one))
    refused("processing_instruction", group(one .. "<?a b?>"))
    refused("bad_xml", group(one) .. "<a/>")
    refused("bad_xml", group(one):sub(1, -5))
    refused("bad_xml", group(one .. "<a:b/>"))
    refused("bad_xml", group(one .. "&c;"))
    refused("bad_xml", "")
    refused("bad_xml", group(one .. "\255"))
    refused("bad_encoding", group(one) .. "\0")
    refused("bad_encoding", "\255\254<\0a\0/\0>\0")
    refused("bad_encoding", '<?xml version="1.0" encoding="ISO-8859-1"?>' .. group(one))
    refused("message_too_large", group(one), { bytes = 50 })
    refused("xml_too_deep", group(one:format(("<a>"):rep(70) .. ("</a>"):rep(70))))
    refused("xml_too_deep", group(("<a>"):rep(70) .. ("</a>"):rep(70)))
    refused("xml_too_many", group(one:format(("<a/>"):rep(31))), { elements = 30 })
    assert.is_truthy((entity(group(("<a/>"):rep(50) .. one), nil, { elements = 30 })))
    local many = {}
    for i = 1, 30000 do
      many[i] = ("a%d=''"):format(i)
    end
    refused("xml_too_many", group(one .. "<a " .. table.concat(many, " ") .. "/>"))
    refused("xml_too_many", group(one, table.concat(many, " ")))
  end)

  it("says what cannot be read", function()
    for _, wrong in ipairs { path .. "/x", "/tmp", "/dev/null" } do
      local found, _, code = xmldsig.entity(wrong, "urn:e")
      assert.is_nil(found)
      assert.equal("unreadable", code)
    end
  end)

  it("needs little memory for a large file", function()
    local filling = ("text "):rep(2000)
    local some = "<EntityDescriptor entityID='urn:%d'><a>" .. filling .. "</a></EntityDescriptor>"
    local parts = {}
    for i = 1, 2000 do
      parts[i] = some:format(i)
    end
    local file = assert(io.open(path, "wb"))
    file:write(group(table.concat(parts)))
    file:close()
    local program = ([[
      local found = assert(require("lastpass.xmldsig").entity(%q, "urn:1500"))
      assert(#found > 10000 and #found < 11000)
      for line in io.lines "/proc/self/status" do
        local peak = line:match "^VmHWM:%%s*(%%d+)"
        if peak then print(peak) end
      end
    ]]):format(path)
    local script = os.tmpname()
    file = assert(io.open(script, "w"))
    file:write(program)
    file:close()
    local interpreter = require("spec.support.store").interpreter()
    local pipe = assert(io.popen(("%s '%s' 2>&1"):format(interpreter, script)))
    local output = pipe:read "*a"
    pipe:close()
    os.remove(script)
    local peak = tonumber(output)
    if not os.getenv "LASTPASS_SLOW" then
      assert.is_true(peak ~= nil and peak < 20000, output) -- kilobytes, of a file of 20 MB
    end
  end)
end)
