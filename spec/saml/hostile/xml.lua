--- What XML can be: comments, CDATA, processing instructions, limits, IDs (saml §3.3, §3.5 to §3.7).
local edit = require "spec.support.saml_edit"
local writer = require "spec.support.saml_writer"

local before, after, replacing = edit.before, edit.after, edit.replacing

-- A change of the finished text.
local function late(change)
  return function(parts)
    parts.edit = change
  end
end

-- A prolog.
local function prolog(text)
  return late(function(message)
    return text .. message
  end)
end

local function name_is(expected)
  return function(identity)
    return identity.name_id == expected
  end
end

local function nested(depth)
  return ("<e>"):rep(depth) .. ("</e>"):rep(depth)
end

local function extensions(inside)
  return ("<samlp:Extensions>%s</samlp:Extensions>"):format(inside)
end

local many_attributes = {}
for index = 1, 5000 do
  many_attributes[index] = ('a%d="%d"'):format(index, index)
end

local cases = {
  -- ---- well-formed ----
  {
    name = "a second root",
    code = "bad_xml",
    change = late(function(text)
      return text .. text
    end),
  },
  {
    name = "an element after the root",
    code = "bad_xml",
    change = late(function(text)
      return text .. "<a/>"
    end),
  },
  {
    name = "text after the root",
    code = "bad_xml",
    change = late(function(text)
      return text .. "x"
    end),
  },
  { name = "text before the root", code = "bad_xml", change = prolog "x" },
  {
    name = "cut in the middle",
    code = "bad_xml",
    change = late(function(text)
      return text:sub(1, 400)
    end),
  },
  {
    name = "without its last byte",
    code = "bad_xml",
    change = late(function(text)
      return text:sub(1, -2)
    end),
  },
  {
    name = "an attribute twice",
    code = "bad_xml",
    change = late(replacing(' Version="2.0"', ' Version="2.0" Version="2.0"')),
  },
  {
    name = "a prefix without a namespace",
    code = "bad_xml",
    change = late(before("<samlp:Status>", "<foo:Extensions></foo:Extensions>")),
  },
  {
    name = "a control character by number",
    code = "bad_xml",
    change = late(replacing("ann@", "ann&#1;@")),
  },
  {
    name = "a closing tag of another name",
    code = "bad_xml",
    change = late(replacing("</saml:NameID>", "</saml:NameId>")),
  },
  {
    name = "no XML at all",
    code = "bad_xml",
    change = late(function()
      return "ann@x.example"
    end),
  },
  { name = "only blanks", code = "bad_xml", change = late(function()
    return "   \n"
  end) },
  -- ---- comments, CDATA, processing instructions ----
  {
    name = "a comment in the NameID",
    code = "accepted",
    identity = name_is "admin@x.example.evil.example",
    change = function(parts)
      parts.assertion.name_id = "admin@x.example.evil.example"
      parts.edit = replacing("admin@x.example.evil", "admin@x.example<!-- -->.evil")
    end,
  },
  {
    name = "a comment first in the NameID",
    code = "accepted",
    identity = name_is "ann@x.example",
    change = late(replacing("ann@", "<!--admin@-->ann@")),
  },
  {
    name = "a comment in an attribute's value",
    code = "accepted",
    identity = function(identity)
      return identity.attributes.groups[2] == "Admins"
    end,
    change = late(replacing("Admins", "Adm<!---->ins")),
  },
  {
    name = "a comment in the audience",
    code = "accepted",
    change = late(replacing("app.example/saml</", "app.example/<!-- x -->saml</")),
  },
  {
    name = "comments around the root",
    code = "accepted",
    change = late(function(text)
      return "<!-- a -->" .. text .. "<!-- b -->"
    end),
  },
  {
    name = "CDATA in the NameID",
    code = "accepted",
    identity = name_is "ann@x.example",
    change = late(replacing("ann@x.example<", "ann<![CDATA[@x]]>.example<")),
  },
  {
    name = "CDATA with markup in it",
    code = "accepted",
    identity = name_is "<!-- -->&lt;",
    change = function(parts)
      parts.assertion.name_id = "&lt;!-- --&gt;&amp;lt;"
      parts.edit = replacing("&lt;!-- --&gt;&amp;lt;", "<![CDATA[<!-- -->&lt;]]>")
    end,
  },
  {
    name = "a processing instruction before the root",
    code = "processing_instruction",
    change = prolog '<?xml-stylesheet href="x.xsl"?>',
  },
  {
    name = "a processing instruction after the root",
    code = "processing_instruction",
    change = late(function(text)
      return text .. "<?a b?>"
    end),
  },
  {
    name = "a processing instruction in the NameID",
    code = "processing_instruction",
    change = late(replacing("ann@", "ann<?a b?>@")),
  },
  {
    name = "a processing instruction that was signed",
    code = "processing_instruction",
    change = function(parts)
      parts.assertion.name_id = "ann<?a b?>@x.example"
    end,
  },
  {
    name = "a processing instruction in the signature",
    code = "processing_instruction",
    change = late(before("</ds:DigestValue>", "<?a b?>")),
  },
  -- ---- one reading ----
  {
    name = "text between the parts of the assertion",
    code = "text_among_elements",
    change = function(parts)
      parts.assertion.advice = "text"
    end,
  },
  {
    name = "text between the parts of the response",
    code = "text_among_elements",
    change = late(before("<samlp:Status>", "text")),
  },
  {
    name = "an element inside the NameID",
    code = "text_among_elements",
    change = function(parts)
      parts.assertion.name_id = '<saml:NameID>ann@<x xmlns="urn:x"></x>x.example</saml:NameID>'
    end,
  },
  -- ---- limits ----
  {
    name = "elements 200 deep",
    code = "xml_too_deep",
    change = late(before("<samlp:Status>", extensions(nested(200)))),
  },
  {
    name = "elements 5,000 deep",
    code = "xml_too_deep",
    change = late(before("<samlp:Status>", extensions(nested(5000)))),
  },
  {
    name = "20,000 elements",
    code = "xml_too_many",
    change = late(before("<samlp:Status>", extensions(("<e/>"):rep(20000)))),
  },
  {
    name = "5,000 attributes of one element",
    code = "xml_too_many",
    change = late(
      before("<samlp:Status>", extensions("<e " .. table.concat(many_attributes, " ") .. "/>"))
    ),
  },
  -- ---- root, version, ID ----
  {
    name = "the root of another namespace",
    code = "wrong_root",
    change = function(parts)
      parts.response.namespace = "urn:oasis:names:tc:SAML:1.0:protocol"
    end,
  },
  {
    name = "the root without a namespace",
    code = "wrong_root",
    change = late(function()
      return '<Response ID="_r1" Version="2.0"></Response>'
    end),
  },
  {
    name = "an assertion as the root",
    code = "wrong_root",
    text = function(scenario)
      return writer.sign(writer.assertion_text(writer.assertion(scenario.request)))
    end,
  },
  {
    name = "a LogoutResponse as the root",
    code = "wrong_root",
    change = late(function(text)
      return (text:gsub("samlp:Response", "samlp:LogoutResponse"))
    end),
  },
  {
    name = "Version 1.1 of the response",
    code = "wrong_version",
    change = function(parts)
      parts.response.version = "1.1"
    end,
  },
  {
    name = "no Version of the response",
    code = "wrong_version",
    change = function(parts)
      parts.response.version = false
    end,
  },
  {
    name = "Version 2.1 of the assertion",
    code = "wrong_version",
    change = function(parts)
      parts.assertion.version = "2.1"
    end,
  },
  {
    name = "no Version of the assertion",
    code = "wrong_version",
    change = function(parts)
      parts.assertion.version = false
    end,
  },
  {
    name = "no ID of the response",
    code = "bad_id",
    change = function(parts)
      parts.response.id = false
    end,
  },
  {
    name = "no ID of the assertion",
    code = "reference_uri",
    change = function(parts)
      parts.assertion.id = false
    end,
  },
  {
    name = "an ID that begins with a digit",
    code = "bad_id",
    change = function(parts)
      parts.response.id = "1r"
    end,
  },
  {
    name = "an ID with a colon",
    code = "bad_id",
    change = function(parts)
      parts.response.id = "a:r"
    end,
  },
  {
    name = "an empty ID",
    code = "bad_id",
    change = function(parts)
      parts.assertion.id = ""
    end,
  },
  {
    name = "response and assertion with the same ID",
    code = "duplicate_id",
    change = function(parts)
      parts.response.id = parts.assertion.id
    end,
  },
  {
    name = "an xml:id that is the assertion's ID",
    code = "xml_id",
    change = late(replacing("<samlp:Status>", '<samlp:Status xml:id="_a1">')),
  },
  {
    name = "an xml:id of its own",
    code = "xml_id",
    change = late(replacing("<samlp:Status>", '<samlp:Status xml:id="_z">')),
  },
  {
    name = "a signed xml:id",
    code = "xml_id",
    change = function(parts)
      parts.assertion.advice = '<saml:Advice xml:id="_z"></saml:Advice>'
    end,
  },
}

for _, name in ipairs { "ID", "Id", "id", "AssertionID" } do
  cases[#cases + 1] = {
    name = ("another element with %s of the assertion"):format(name),
    code = "duplicate_id",
    change = late(before("<samlp:Status>", extensions(('<e %s="_a1"/>'):format(name)))),
  }
end

-- What SAML has once, in the signed assertion and in the response around it.
for _, one in ipairs {
  { "Issuer", "<saml:Issuer>x</saml:Issuer>" },
  { "Subject", "<saml:Subject><saml:NameID>root</saml:NameID></saml:Subject>" },
  { "Conditions", "<saml:Conditions></saml:Conditions>" },
} do
  cases[#cases + 1] = {
    name = "two of " .. one[1] .. " in the assertion",
    code = "repeated_element",
    change = function(parts)
      parts.assertion.advice = one[2]
    end,
  }
end
cases[#cases + 1] = {
  name = "two NameIDs",
  code = "repeated_element",
  change = function(parts)
    parts.assertion.name_id =
      "<saml:NameID>ann@x.example</saml:NameID><saml:NameID>root@x.example</saml:NameID>"
  end,
}
cases[#cases + 1] = {
  name = "two of Status",
  code = "repeated_element",
  change = late(after("</samlp:Status>", "<samlp:Status></samlp:Status>")),
}
cases[#cases + 1] = {
  name = "two Issuers of the response",
  code = "repeated_element",
  change = late(
    before("<samlp:Status>", ('<saml:Issuer xmlns:saml="%s">x</saml:Issuer>'):format(writer.SAML))
  ),
}

return cases
