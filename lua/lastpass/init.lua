--- LastPass Business administration from Lua. Its packages are loaded on first use.
-- @module lastpass
local signature = require "lastpass.signature"

local M = { _VERSION = require "lastpass.version", _NAME = "lastpass" }

-- What a name of this table stands for.
local packages = {
  enterprise = "lastpass.enterprise",
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
}

-- What packages above the wire add to clients.
local client_methods = {
  snapshot = "lastpass.directory.client",
  users = "lastpass.directory.client",
  user = "lastpass.directory.client",
  group = "lastpass.directory.client",
  groups = "lastpass.directory.client",
  folders = "lastpass.directory.client",
  events = "lastpass.directory.client",
  expired_passwords = "lastpass.directory.client",
  add_users = "lastpass.plan.client",
  update_users = "lastpass.plan.client",
  change_groups = "lastpass.plan.client",
  disable_users = "lastpass.plan.client",
  enable_users = "lastpass.plan.client",
  plan = "lastpass.plan.client",
  load_plan = "lastpass.plan.client",
  apply = "lastpass.plan.client",
  resume = "lastpass.plan.client",
  undo = "lastpass.plan.client",
  run = "lastpass.plan.client",
  runs = "lastpass.plan.client",
  drift = "lastpass.plan.client",
  keep_snapshot = "lastpass.plan.client",
  kept_snapshot = "lastpass.plan.client",
  kept_snapshots = "lastpass.plan.client",
  export = "lastpass.export.client",
  cursors = "lastpass.export.client",
  forget_cursor = "lastpass.export.client",
}

setmetatable(M, {
  __index = function(_, name)
    local module = packages[name]
    if not module then
      return nil
    end
    local value = require(module)
    if name == "enterprise" then
      value.extensions = client_methods
    end
    M[name] = value
    return value
  end,
})

--- Makes a client of the Enterprise API. Nothing is sent.
---@param options table cid, provhash and others: `lastpass.enterprise.options`, README "Options"
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
