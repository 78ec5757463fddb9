--- Metadata for specs, written by hand: nothing here is made by what is tested.
local keys = require "spec.support.saml_keys"

local M = {}

M.IDP = "https://idp.acme.com/saml"
M.SP = "https://app.acme.com/saml"
M.NOW = os.time()

local SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"
local BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"

--- A KeyDescriptor.
---@param which string of `saml_keys.of`
---@param use? string
function M.key(which, use)
  local form = "<md:KeyDescriptor%s><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s"
  return form:format(use and (' use="%s"'):format(use) or "", keys.of(which).base64)
    .. "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
end

local function endpoint(element, binding, location, more)
  return ('<md:%s Binding="%s%s" Location="%s"%s/>'):format(
    element,
    BINDINGS,
    binding,
    location,
    more or ""
  )
end

M.endpoint = endpoint

--- The role of an identity provider.
---@param o? table keys, slo, formats, sso, attributes: XML in place of the usual
function M.idp_role(o)
  o = o or {}
  return table.concat {
    ('<md:IDPSSODescriptor protocolSupportEnumeration="%s"%s>'):format(
      o.protocols or SAML2,
      o.attributes or ""
    ),
    o.keys or M.key("idp", "signing"),
    o.slo or "",
    o.formats or "",
    o.sso or endpoint("SingleSignOnService", "Redirect", "https://idp.acme.com/sso"),
    "</md:IDPSSODescriptor>",
  }
end

--- The role of a service provider.
function M.sp_role(o)
  o = o or {}
  return ('<md:SPSSODescriptor protocolSupportEnumeration="%s"%s>'):format(
    SAML2,
    o.attributes or ""
  ) .. (o.keys or "") .. (o.slo or "") .. (o.formats or "") .. (o.acs or endpoint(
    "AssertionConsumerService",
    "POST",
    "https://app.acme.com/acs",
    ' index="0" isDefault="true"'
  )) .. "</md:SPSSODescriptor>"
end

local NAMESPACES = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
  .. 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'

--- An EntityDescriptor.
---@param o? table id, attributes, roles
function M.entity(o)
  o = o or {}
  return ('<md:EntityDescriptor %s entityID="%s"%s>%s</md:EntityDescriptor>'):format(
    NAMESPACES,
    o.id or M.IDP,
    o.attributes or "",
    o.roles or M.idp_role(o)
  )
end

--- An EntitiesDescriptor around texts.
function M.entities(texts, attributes)
  return ("<md:EntitiesDescriptor %s%s>%s</md:EntitiesDescriptor>"):format(
    NAMESPACES,
    attributes or "",
    table.concat(texts, "\n")
  )
end

return M
