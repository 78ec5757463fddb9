--- What to do about metadata that is refused, by the code of the check, where the check's own advice is about a message
-- of a sign-in.
-- @module lastpass.saml.metadata.hints
local DAMAGED = "the file was cut or changed on its way: get the metadata again"
local OF_ANOTHER =
  "metadata of SAML has nothing like it: ask whoever publishes it for plain metadata"
local RESIGN = "ask whoever publishes it to sign it by RSA-SHA256, with a key of 2048 bits or more"
local PIN = "compare the certificate that is pinned with the one that its publisher names"

return {
  bad_xml = DAMAGED,
  bad_encoding = "save it as UTF-8",
  doctype = OF_ANOTHER,
  processing_instruction = OF_ANOTHER,
  xml_too_deep = OF_ANOTHER,
  xml_too_many = OF_ANOTHER,
  xml_id = OF_ANOTHER,
  bad_time = "ask whoever publishes it to write times as SAML has them",
  signature_missing = "ask whoever publishes it for the signed file, or leave the pin out",
  signature_invalid = PIN,
  signature_shape = PIN,
  sha1_refused = RESIGN,
  algorithm_refused = RESIGN,
  key_too_small = RESIGN,
}
