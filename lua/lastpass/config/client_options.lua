--- The keys of a profile as options of `lastpass.new`: several keys about one service are one option there.
-- @module lastpass.config.client_options
local M = {}

local MFA_KEYS = {
  "mfa_url",
  "mfa_mode",
  "mfa_key",
  "mfa_private_key",
  "mfa_app",
  "mfa_ip",
  "mfa_endpoints",
  "operator",
  "approvers",
  "approve_from",
}

-- The keys about SCIM as the one option that `lastpass.new` has for it.
local function fold_scim(values)
  local token = values.scim_token
  values.scim = token
    and {
      url = values.scim_url,
      token = { [token.kind] = token.value },
      dialect = values.scim_dialect,
    }
  values.scim_url, values.scim_token, values.scim_dialect = nil, nil, nil
  return values
end

local function secret_of(description)
  return description and { [description.kind] = description.value }
end

-- The keys about the REST API as the one option for it.
local function fold_rest(values)
  values.rest = (values.rest_key or values.rest_parent_key)
    and {
      url = values.rest_url,
      key = secret_of(values.rest_key),
      parent_key = secret_of(values.rest_parent_key),
    }
  values.rest_url, values.rest_key, values.rest_parent_key = nil, nil, nil
  return values
end

-- The secured API is the one with a key pair.
local function fold_mfa(values)
  local signing = values.mfa_private_key
  values.mfa = values.mfa_key
    and {
      base_url = values.mfa_url,
      mode = values.mfa_mode or signing and "secured" or "plain",
      api_key = { [values.mfa_key.kind] = values.mfa_key.value },
      private_key = signing and { [signing.kind] = signing.value },
      app_name = values.mfa_app,
      endpoints = values.mfa_endpoints,
    }
  local has_rule = values.operator or values.approvers or values.approve_from
  values.approval = has_rule
    and {
      operator = values.operator,
      by = values.approvers,
      from = values.approve_from,
      ip = values.mfa_ip,
    }
  for _, key in ipairs(MFA_KEYS) do
    values[key] = nil
  end
  return values
end

--- Brings a profile's values into the form of `lastpass.new`.
---@param values table a profile's, complete; is changed
---@return table values
function M.fold(values)
  values.groups, values.managed = nil, nil -- what they say is for who has many companies
  return fold_mfa(fold_rest(fold_scim(values)))
end

return M
