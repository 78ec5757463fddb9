--- LastPass Business administration from Lua. Its packages are loaded on first use.
-- @module lastpass
local signature = require "lastpass.signature"

local M = { _VERSION = require "lastpass.version", _NAME = "lastpass" }

-- What a name of this table stands for.
local packages = {
  enterprise = "lastpass.enterprise",
  scim = "lastpass.scim",
  business = "lastpass.business",
  saml = "lastpass.saml",
  mfa = "lastpass.mfa",
  secret = "lastpass.secret",
  sandbox = "lastpass.sandbox",
  source = "lastpass.source",
  parallel = "lastpass.parallel",
  strict = "lastpass.strict",
  text = "lastpass.text",
  time = "lastpass.time",
  json = "lastpass.json",
  directory = "lastpass.directory",
  report = "lastpass.report",
  tenants = "lastpass.tenants",
}

-- What packages above the wire add to clients: the modules that have these methods, of each kind of client.
local added = {
  enterprise = {
    ["lastpass.directory.client"] = "snapshot users user group groups folders events "
      .. "expired_passwords",
    ["lastpass.directory.endpoint"] = "scim rest mfa",
    ["lastpass.directory.accounts"] = "accounts",
    ["lastpass.plan.client"] = "add_users update_users change_groups disable_users enable_users "
      .. "plan load_plan apply resume undo run runs drift keep_snapshot kept_snapshot "
      .. "kept_snapshots",
    ["lastpass.export.client"] = "export cursors forget_cursor",
  },
  scim = { ["lastpass.directory.scim"] = "snapshot users user group groups" },
}

setmetatable(M, {
  __index = function(_, name)
    local module = packages[name]
    if not module then
      return nil
    end
    M[name] = require(module)
    for extension, methods in pairs(added[name] or {}) do
      for method in methods:gmatch "%S+" do
        M[name].extensions[method] = extension
      end
    end
    if name == "tenants" then
      M.tenants.connect = M.new
    end
    return M[name]
  end,
})

--- Makes a client of the Enterprise API. Nothing is sent.
---@param options table cid, provhash and others: `lastpass.enterprise.option_list`, README "Options"
---@return lastpass.Client client wrong options raise
---@usage
-- local acme = lastpass.new{ cid = 8771312, provhash = lastpass.secret.file "~/.config/lastpass/acme.hash" }
function M.new(options)
  return M.enterprise.new(options, 2)
end

--- Makes a client from a profile of the configuration.
---@param profile? string default: the configuration's default profile
---@param options? table further options, stronger than the profile's
---@return lastpass.Client|nil
---@return string? message
---@return lastpass.Error? err
function M.connect(profile, options)
  local settings, message, err = require("lastpass.config").profile(profile)
  if not settings then
    return nil, message, err
  end
  local description = settings.provhash
  settings.provhash, message, err = M.secret[description.kind](description.value)
  if not settings.provhash then
    return nil, message, err
  end
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return M.enterprise.new(settings, 2)
end

signature.declare("lastpass.", M, {
  new = "options: table",
  connect = "profile?: string, options?: table",
})

return M
