--- What the codes of libldap and of LDAP servers (RFC 4511 Appendix A) mean as failures.
-- @module lastpass.source.ldap_errors
local errors = require "lastpass.error"

local M = {}

local LIMIT_HINT = "the server lets this account read only so much: lift its limit (OpenLDAP: "
  .. "limits … size=unlimited), or read by pages (option 'page_size')"

local TLS_HINT = "give the authority's certificate with the option 'ca_file'; the address must "
  .. "have the name that the server's own certificate is for"

local ADDRESS_HINT = "one of ldaps://host, ldap://host:port, ldapi://%2Fpath; nothing behind it"
local FILES_HINT = "can the files of 'ca_file' and 'certificate_file' be read?"
local STARTTLS_HINT = "the server wants TLS (option 'starttls', or ldaps://)"

-- code -> kind, name, hint
local meanings = {
  [-11] = { "transport", "tls_failed", TLS_HINT },
  [-9] = { "argument", "bad_address", ADDRESS_HINT },
  [-7] = { "argument", "bad_filter" },
  [-5] = { "transport", "timeout" },
  [-4] = { "protocol", "bad_answer" },
  [-2] = { "argument", "bad_certificates", FILES_HINT },
  [-1] = { "transport", "no_connection" },
  [1] = { "refused", "operations_error", "some servers want a bind first (option 'bind_dn')" },
  [2] = { "protocol", "protocol_error" },
  [3] = { "refused", "time_limit", LIMIT_HINT },
  [4] = { "refused", "size_limit", LIMIT_HINT },
  [7] = { "auth", "no_such_mechanism" },
  [8] = { "auth", "stronger_bind_needed", STARTTLS_HINT },
  [10] = { "refused", "referral" },
  [11] = { "refused", "admin_limit", LIMIT_HINT },
  [12] = { "refused", "no_paging", "see the option 'page_size'" },
  [13] = { "auth", "tls_needed", STARTTLS_HINT },
  [17] = { "argument", "no_such_attribute" },
  [18] = { "argument", "bad_filter" },
  [32] = { "argument", "no_such_base" },
  [34] = { "argument", "bad_name" },
  [48] = { "auth", "wrong_credentials" },
  [49] = { "auth", "wrong_credentials" },
  [50] = { "auth", "no_permission" },
  [51] = { "transport", "busy" },
  [52] = { "transport", "unavailable" },
  [53] = { "refused", "unwilling" },
}

--- A failure of the contract.
---@param place string what the message begins with
---@param message string
---@param code integer of libldap (below 0) or the server
---@param fields? table further fields of the error
---@return nil
---@return string message
---@return lastpass.Error err with `ldap_code`
function M.fail(place, message, code, fields)
  local meaning = meanings[code] or { "protocol", "ldap_" .. tostring(code) }
  local all = { hint = meaning[3], ldap_code = code }
  if meaning == meanings[-11] then
    message = (
      "TLS failed: its certificate is not trusted or of another name, or there is no TLS "
      .. "(%s)"
    ):format(message)
  end
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  return errors.fail(meaning[1], meaning[2], place .. ": " .. message, all)
end

return M
