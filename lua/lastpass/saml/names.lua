--- Names of SAML 2.0: namespaces, formats, bindings, status codes, contexts, algorithms.
-- @module lastpass.saml.names
local M = {}

M.ns = {
  assertion = "urn:oasis:names:tc:SAML:2.0:assertion",
  protocol = "urn:oasis:names:tc:SAML:2.0:protocol",
  metadata = "urn:oasis:names:tc:SAML:2.0:metadata",
  dsig = "http://www.w3.org/2000/09/xmldsig#",
  enc = "http://www.w3.org/2001/04/xmlenc#",
  xsi = "http://www.w3.org/2001/XMLSchema-instance",
  xs = "http://www.w3.org/2001/XMLSchema",
}

--- What a role of metadata supports.
M.PROTOCOL = M.ns.protocol

M.binding = {
  redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
  post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
}

M.format = {
  unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
  email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
  entity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
}

--- What LastPass's older samples write in place of `format.email` (saml §1.2).
M.LEGACY_EMAIL_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress"

M.name_format = {
  unspecified = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
  uri = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
  basic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
}

M.status = {
  success = "urn:oasis:names:tc:SAML:2.0:status:Success",
  requester = "urn:oasis:names:tc:SAML:2.0:status:Requester",
  responder = "urn:oasis:names:tc:SAML:2.0:status:Responder",
  version_mismatch = "urn:oasis:names:tc:SAML:2.0:status:VersionMismatch",
  authn_failed = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
  invalid_name_id_policy = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy",
  no_authn_context = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext",
  no_passive = "urn:oasis:names:tc:SAML:2.0:status:NoPassive",
  partial_logout = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout",
  request_denied = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied",
  request_unsupported = "urn:oasis:names:tc:SAML:2.0:status:RequestUnsupported",
  unknown_principal = "urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal",
}

M.confirmation = { bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer" }

M.context = {
  password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
  unspecified = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
  multifactor = "https://refeds.org/profile/mfa",
  time_sync_token = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken",
  two_factor_contract = "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
}

M.logout_reason = {
  user = "urn:oasis:names:tc:SAML:2.0:logout:user",
  admin = "urn:oasis:names:tc:SAML:2.0:logout:admin",
}

--- Algorithms by their short names.
M.algorithm = {
  ["rsa-sha1"] = "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
  ["rsa-sha256"] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  ["rsa-sha384"] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
  ["rsa-sha512"] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
  ["ecdsa-sha256"] = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
  ["ecdsa-sha384"] = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
  ["ecdsa-sha512"] = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
  ["exc-c14n"] = "http://www.w3.org/2001/10/xml-exc-c14n#",
  ["enveloped-signature"] = "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
  ["sha1"] = "http://www.w3.org/2000/09/xmldsig#sha1",
  ["sha256"] = "http://www.w3.org/2001/04/xmlenc#sha256",
  ["sha384"] = "http://www.w3.org/2001/04/xmldsig-more#sha384",
  ["sha512"] = "http://www.w3.org/2001/04/xmlenc#sha512",
  ["aes128-gcm"] = "http://www.w3.org/2009/xmlenc11#aes128-gcm",
  ["aes192-gcm"] = "http://www.w3.org/2009/xmlenc11#aes192-gcm",
  ["aes256-gcm"] = "http://www.w3.org/2009/xmlenc11#aes256-gcm",
  ["aes128-cbc"] = "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
  ["aes256-cbc"] = "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
  ["rsa-oaep"] = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
  ["rsa-oaep-sha256"] = "http://www.w3.org/2009/xmlenc11#rsa-oaep",
}

--- The last part of a URN or an address, for messages: "NoPassive".
---@param name any
---@return string|nil
function M.short(name)
  return type(name) == "string" and name:match "[^:/#]+$" or nil
end

return M
