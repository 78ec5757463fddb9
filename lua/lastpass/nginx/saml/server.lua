--- Whether nginx's configuration contradicts the guard's: browsers would be sent to addresses that nobody answers, or that
-- another server answers. It is looked at when nginx starts, so that `nginx -t` says so.
-- @module lastpass.nginx.saml.server
local conf = require "lastpass.nginx.saml.conf"

local M = {}

local function each(list, name, fn)
  for _, directive in ipairs(list) do
    if directive[1] == name then
      fn(directive)
    end
  end
end

local phases = { access_by_lua_block = true, content_by_lua_block = true, access_by_lua = true }

-- Whether a guard is called by these directives themselves.
local function calls_guard(list, name)
  for _, directive in ipairs(list) do
    local text = phases[directive[1]] and (directive.lua or directive[2])
    if text and text:find("lastpass.nginx.saml", 1, true) then
      return name == "default" or text:find('"' .. name .. '"', 1, true) ~= nil
    end
  end
  return false
end

local function has_guard(list, name)
  if calls_guard(list, name) then
    return true
  end
  for _, directive in ipairs(list) do
    if directive.block and has_guard(directive.block, name) then
      return true
    end
  end
  return false
end

local function fits_name(name, host)
  if name:sub(1, 1) == "~" then
    return true -- a regular expression, which nginx alone can read
  elseif name:sub(1, 2) == "*." then
    return host:sub(-#name + 1) == name:sub(2)
  elseif name:sub(1, 1) == "." then
    return host == name:sub(2) or host:sub(-#name) == name
  elseif name:sub(-2) == ".*" then
    return host:sub(1, #name - 1) == name:sub(1, -2)
  end
  return name:lower() == host
end

local function check_name(server, settings)
  local names, fits = {}, false
  each(server, "server_name", function(directive)
    for position = 2, #directive do
      names[#names + 1] = directive[position]
      fits = fits or fits_name(directive[position], settings.host:lower())
    end
  end)
  if names[1] and names[1] ~= "_" and names[1] ~= "" and not fits then
    local text = "server_name is '%s', and 'url' is %s: browsers would be sent to another server"
    return text:format(table.concat(names, " "), settings.url)
  end
end

-- "443 ssl", "127.0.0.1:8080", "[::]:443": the port, and whether it is TLS.
local function listen_of(directive)
  local port = directive[2]:match ":(%d+)$" or directive[2]:match "^(%d+)$" or "80"
  local is_tls = false
  for position = 3, #directive do
    is_tls = is_tls or directive[position] == "ssl" or directive[position] == "quic"
  end
  return port, is_tls
end

local BEHIND_PROXY = "; where TLS ends at a proxy before it, set behind_proxy = true"

local function check_scheme(server, settings)
  local schemes, ports = {}, {}
  each(server, "listen", function(directive)
    if not (directive[2] or ""):find "^unix:" then
      local port, is_tls = listen_of(directive)
      schemes[is_tls and "https" or "http"] = true
      ports[#ports + 1] = port
    end
  end)
  if settings.behind_proxy or not ports[1] then
    return nil
  end
  local port = settings.authority:match ":(%d+)$" or (settings.scheme == "https" and "443" or "80")
  if not schemes[settings.scheme] then
    local text = "'url' is %s, and this server listens for %s alone"
    return text:format(settings.url, next(schemes)) .. BEHIND_PROXY
  end
  for _, one in ipairs(ports) do
    if one == port then
      return nil
    end
  end
  local text = "'url' is %s, and this server listens on port %s"
  return text:format(settings.url, table.concat(ports, ", ")) .. BEHIND_PROXY
end

-- The location that nginx takes for a path; nil where a regular expression may decide.
local function location_of(server, path)
  local best, length, has_pattern
  each(server, "location", function(directive)
    local modifier, prefix = directive[2], directive[3]
    if not prefix then
      modifier, prefix = "", directive[2]
    end
    if modifier == "~" or modifier == "~*" then
      has_pattern = true
    elseif modifier == "=" then
      if prefix == path then
        best, length = directive, math.huge
      end
    elseif path:sub(1, #prefix) == prefix and #prefix > (length or -1) then
      best, length = directive, #prefix
    end
  end)
  local is_final = best and (length == math.huge or best[2] == "^~")
  if has_pattern and not is_final then
    return nil, true
  end
  return best, false
end

local function check_path(server, settings, path)
  local location, is_unknown = location_of(server, path)
  if is_unknown or calls_guard(server, settings.name) and not location then
    return nil
  elseif not location then
    return (
      "no location of this server takes %s: add location %s/ { content_by_lua_block { "
      .. 'require("lastpass.nginx.saml").serve() } }'
    ):format(path, settings.prefix)
  elseif
    has_guard(location.block or {}, settings.name)
    or calls_guard(server, settings.name) and not calls_guard(location.block or {}, settings.name)
  then
    return nil
  end
  return (
    "location %s takes %s, and has no guard: add location %s/ { content_by_lua_block { "
    .. 'require("lastpass.nginx.saml").serve() } }'
  ):format(table.concat(location, " ", 2), path, settings.prefix)
end

local function servers_of(list, found)
  for _, directive in ipairs(list) do
    if directive[1] == "server" and directive.block then
      found[#found + 1] = directive.block
    elseif directive.block then
      servers_of(directive.block, found)
    end
  end
  return found
end

--- What contradicts the settings.
---@param directives lastpass.nginx.saml.Directive[]
---@param settings table of `lastpass.nginx.saml.options`
---@return string|nil problem of the first server that has this guard; nil when all is well, or none has it
function M.problem(directives, settings)
  for _, server in ipairs(servers_of(directives, {})) do
    if has_guard(server, settings.name) then
      local problem = check_name(server, settings)
        or check_scheme(server, settings)
        or check_path(server, settings, settings.routes.acs)
        or check_path(server, settings, settings.routes.login)
      if problem then
        return problem
      end
    end
  end
end

--- The same for the configuration with which this nginx starts.
---@param settings table
---@return string|nil problem
function M.check(settings)
  local path = conf.path(ngx.config.prefix())
  local directives = path and conf.read(path)
  return directives and M.problem(directives, settings)
end

return M
