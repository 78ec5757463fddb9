--- What a signature is over: its reference and transforms (saml §3.10, §3.11).
local cases = require "spec.support.saml_cases"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()
local signature = cases.signature

local DSIG, EXC = writer.DSIG, writer.EXC
local ENVELOPED = DSIG .. "enveloped-signature"

-- ---- reference ----

for _, one in ipairs {
  { "empty", "" },
  { "missing", false },
  { "of the response", "#_r1" },
  { "of nothing", "#_nothing" },
  { "without #", "_a1" },
  { "only #", "#" },
  { "xpointer to the root", "#xpointer(/)" },
  { "xpointer to the ID", "#xpointer(id('_a1'))" },
  { "an address", "http://127.0.0.1:9/a.xml" },
  { "an address with the ID", "http://127.0.0.1:9/a.xml#_a1" },
  { "a file", "file:///etc/passwd" },
  { "a relative file", "a.xml#_a1" },
  { "with an escape", "#%5fa1" },
  { "in capitals", "#_A1" },
  { "with a blank", "# _a1" },
  { "cid", "cid:_a1" },
} do
  add("a reference that is " .. one[1], "reference_uri", signature { uri = one[2] })
end
add("a reference to the response, whose digest is right", "reference_uri", function(parts, s)
  parts.assertion_signature = { uri = "#_r1" }
  local unsigned = writer.build(writer.parts(s.request, "none"))
  parts.assertion_signature.octets = unsigned
end)

-- ---- transforms and canonicalisation ----

local C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
local function transform(algorithm, inside)
  return ('<ds:Transform Algorithm="%s">%s</ds:Transform>'):format(algorithm, inside or "")
end

for _, one in ipairs {
  { "none", {} },
  { "only enveloped-signature", { ENVELOPED } },
  { "only canonicalisation", { EXC } },
  { "in the wrong order", { EXC, ENVELOPED } },
  { "enveloped-signature twice", { ENVELOPED, ENVELOPED, EXC } },
  { "canonicalisation twice", { ENVELOPED, EXC, EXC } },
  { "with comments", { ENVELOPED, EXC .. "WithComments" } },
  { "inclusive", { ENVELOPED, C14N } },
  { "inclusive with comments", { ENVELOPED, C14N .. "#WithComments" } },
  { "C14N 1.1", { ENVELOPED, "http://www.w3.org/2006/12/xml-c14n11" } },
  { "Base64", { ENVELOPED, DSIG .. "base64" } },
  {
    "XPath",
    {
      transform(
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "<ds:XPath>not(self::x)</ds:XPath>"
      ),
      EXC,
    },
  },
  {
    "XPath filter 2",
    {
      transform(
        "http://www.w3.org/2002/06/xmldsig-filter2",
        '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" '
          .. 'Filter="subtract">//x</f:XPath>'
      ),
      EXC,
    },
  },
  {
    "XSLT",
    {
      transform(
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
          .. 'version="1.0"></xsl:stylesheet>'
      ),
      EXC,
    },
  },
  {
    "STR-Transform",
    {
      ENVELOPED,
      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0"
        .. "#STR-Transform",
    },
  },
  { "unknown", { ENVELOPED, "urn:x" } },
  { "without a name", { ENVELOPED, "" } },
} do
  add(
    "transforms: " .. one[1],
    "transform_refused",
    signature { transforms = writer.transforms(one[2]) }
  )
end
add("no Transforms", "signature_shape", signature { transforms = "" })
add("transforms: with a PrefixList", "accepted", function(parts)
  parts.assertion_signature = {
    transforms = writer.transforms {
      ENVELOPED,
      transform(
        EXC,
        ('<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="xs"></ec:InclusiveNamespaces>'):format(
          EXC
        )
      ),
    },
  }
end)
for _, one in ipairs {
  { "inclusive", C14N },
  { "with comments", EXC .. "WithComments" },
  { "C14N 1.1", "http://www.w3.org/2006/12/xml-c14n11" },
  { "XSLT", "http://www.w3.org/TR/1999/REC-xslt-19991116" },
  { "unknown", "urn:x" },
  { "without a name", "" },
} do
  add("CanonicalizationMethod: " .. one[1], "transform_refused", signature { c14n = one[2] })
end

return list
