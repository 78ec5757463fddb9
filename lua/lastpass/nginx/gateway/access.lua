--- Who is let in, and to which company.
-- @module lastpass.nginx.gateway.access
local problems = require "lastpass.unified.problems"

local M = {}

local CHALLENGE = 'Bearer realm="lastpass"'

--- The failure of a request without a token that is known.
---@param reason string of `tokens.find`
---@return nil
---@return lastpass.unified.Problem
function M.unauthorized(reason)
  local is_missing = reason == "missing"
  return problems.fail(
    401,
    is_missing and "a token is needed: Authorization: Bearer …" or "this token is not known",
    {
      headers = {
        ["www-authenticate"] = is_missing and CHALLENGE or CHALLENGE .. ', error="invalid_token"',
      },
    }
  )
end

local ACCOUNT = "integrated_account_id"

-- The company that a request names, in its address or its parameters; most need no look at those.
local function named_tenant(request)
  local of_address = request.path:match "/integrated%-account/([^/]+)/capabilities$"
  if of_address then
    return of_address
  end
  local raw, name = request.raw_query, nil
  if raw and not raw:find("integrated", 1, true) and not raw:find("%", 1, true) then
    return nil
  end
  for _, pair in ipairs(request.query) do
    if pair[1] == ACCOUNT and pair[2] ~= "" then
      name = pair[2]
    end
  end
  return name
end

--- Which company a request is about. One that the token may not see is not there.
---@param tenants table<string, table>
---@param request lastpass.unified.Request
---@param token lastpass.nginx.gateway.Token
---@return table|nil tenant
---@return lastpass.unified.Problem? problem
function M.tenant(tenants, request, token)
  local name = named_tenant(request) or token.tenant
  if not name then
    local text = ACCOUNT .. " is required: this token is for several companies"
    return problems.fail(400, text, {
      insight = {
        missing_required_query_parameters = { description = text, value = { ACCOUNT } },
      },
    })
  elseif not tenants[name] or token.tenants and not token.tenants[name] then
    return problems.fail(404, "there is no such company, or this token may not see it")
  end
  return tenants[name]
end

--- The failure of a token that may not do this.
---@param name string the scope it would need
---@return nil
---@return lastpass.unified.Problem
function M.missing_scope(name)
  return problems.fail(403, ("this token has no scope '%s'"):format(name), {
    insight = {
      forbidden_error = {
        description = "the token needs another scope",
        value = { missing_scopes = { name } },
      },
    },
    headers = {
      ["www-authenticate"] = CHALLENGE .. (', error="insufficient_scope", scope="%s"'):format(name),
    },
  })
end

return M
