--- DOCTYPE and entities (saml §3.4).
local edit = require "spec.support.saml_edit"

local before, replacing = edit.before, edit.replacing

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

local function with_entity(declaration, use)
  return late(function(message)
    return declaration .. edit.replace(message, "ann@x.example", use)
  end)
end

local LAUGHS = { '<!DOCTYPE r [<!ENTITY a0 "ha">' }
for level = 1, 20 do
  LAUGHS[level + 1] = ('<!ENTITY a%d "%s">'):format(level, ("&a%d;"):format(level - 1):rep(10))
end
LAUGHS[#LAUGHS + 1] = "]>"

local function name_is(expected)
  return function(identity)
    return identity.name_id == expected
  end
end

return {
  { name = "an empty DOCTYPE", code = "doctype", change = prolog "<!DOCTYPE Response>" },
  {
    name = "a DOCTYPE with an address",
    code = "doctype",
    change = prolog '<!DOCTYPE Response SYSTEM "http://127.0.0.1:9/x.dtd">',
  },
  {
    name = "a DOCTYPE with a public name",
    code = "doctype",
    change = prolog '<!DOCTYPE Response PUBLIC "-//X//Y" "http://127.0.0.1:9/x.dtd">',
  },
  {
    name = "an entity of its own",
    code = "doctype",
    change = with_entity('<!DOCTYPE r [<!ENTITY n "root@x.example">]>', "&n;"),
  },
  {
    name = "an entity that is a file (XXE)",
    code = "doctype",
    change = with_entity('<!DOCTYPE r [<!ENTITY n SYSTEM "file:///etc/passwd">]>', "&n;"),
  },
  {
    name = "an entity that is an address (XXE)",
    code = "doctype",
    change = with_entity('<!DOCTYPE r [<!ENTITY n SYSTEM "http://127.0.0.1:9/">]>', "&n;"),
  },
  {
    name = "a parameter entity",
    code = "doctype",
    change = prolog '<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
  },
  {
    name = "a billion laughs",
    code = "doctype",
    change = with_entity(table.concat(LAUGHS), "&a20;"),
  },
  {
    name = "an entity that names itself",
    code = "doctype",
    change = with_entity('<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
  },
  {
    name = "ATTLIST that makes another attribute an ID",
    code = "doctype",
    change = prolog "<!DOCTYPE r [<!ATTLIST saml:Issuer x ID #IMPLIED>]>",
  },
  {
    name = "ATTLIST with a default",
    code = "doctype",
    change = prolog '<!DOCTYPE r [<!ATTLIST saml:Assertion ID CDATA "_a1">]>',
  },
  {
    name = "a NOTATION",
    code = "doctype",
    change = prolog '<!DOCTYPE r [<!NOTATION n SYSTEM "n">]>',
  },
  {
    name = "an entity that is not declared",
    code = "bad_xml",
    change = late(replacing("ann@", "&ann;@")),
  },
  {
    name = "a DOCTYPE after the root began",
    code = "bad_xml",
    change = late(before("<samlp:Status>", "<!DOCTYPE r>")),
  },
  {
    name = "characters by number",
    code = "accepted",
    identity = name_is "ann@x.example",
    change = late(replacing("ann@", "&#97;&#x6e;n&#64;")),
  },
  {
    name = "the five entities of XML",
    code = "accepted",
    identity = name_is "<'\"&>",
    change = function(parts)
      parts.assertion.name_id = "&lt;'\"&amp;&gt;"
      parts.edit = replacing(">&lt;'\"&amp;&gt;<", ">&lt;&apos;&quot;&amp;&gt;<")
    end,
  },
}
