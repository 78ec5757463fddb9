-- Reads every module under lua/ and checks the architecture (docs/architecture.md): that packages require
-- lower layers only, that modules do not require each other in a circle, that every file is required by
-- another, and that no package uses the private fields ("_name") of another.
-- Usage: lua5.4 .ci/layers.lua [FOLDER]   (default lua; exit status 1 when something breaks a rule)
local root = arg[1] or "lua"

-- From the lowest layer to the highest. A package may require the packages of lower layers; of its own
-- layer only those named after it.
local layers = {
  {
    name = "C",
    packages = {
      "core",
      "curl",
      "csv",
      "ldap",
      "unicode",
      "lineedit",
      "httpd",
      "xmldsig",
      "qrcode",
    },
  },
  {
    name = "base",
    packages = {
      "version",
      "error",
      "signature",
      "json",
      "files",
      "zlib",
      "secret",
      "text",
      "html",
      "email",
      "digest",
      "limiter",
      "option_kinds",
      "strict",
      "time",
      "transport",
      "parallel",
      "config",
      "store",
      "state",
    },
    open = true, -- the base is one layer of small modules that build on each other; no circles
  },
  { name = "wire clients", packages = { "enterprise", "business", "scim", "saml", "mfa" } },
  {
    name = "model",
    packages = { "audit", "matching", "directory", "source" },
    beside = { directory = { "audit", "matching" } },
  },
  {
    name = "work",
    packages = { "plan", "report", "export", "unified", "inbound", "tenants" },
    beside = { inbound = { "plan" }, tenants = { "plan", "report", "export" } },
  },
  {
    name = "applications",
    packages = { "cli", "nginx", "sandbox", "" }, -- "" is the module `lastpass` itself
    beside = { cli = { "sandbox", "" }, nginx = { "" }, sandbox = { "" }, [""] = { "sandbox" } },
  },
}

-- Files that are not required but started: by the program, by nginx, as a thread or as a process.
local entry_points = {
  ["lastpass"] = "the module",
  ["lastpass.cli"] = "bin/lastpass",
  ["lastpass.nginx"] = "init_by_lua of a server",
  ["lastpass.inbound"] = "the SCIM endpoint of a server",
  ["lastpass.state"] = "whoever makes a service provider",
}

-- The module `lastpass` names packages that are loaded on first use; that is no dependency of the packages
-- below on it.
local function level_of()
  local levels, beside, open = {}, {}, {}
  for level, layer in ipairs(layers) do
    for _, package in ipairs(layer.packages) do
      levels[package], open[package] = level, layer.open
      beside[package] = {}
    end
    for package, others in pairs(layer.beside or {}) do
      for _, other in ipairs(others) do
        beside[package][other] = true
      end
    end
  end
  return levels, beside, open
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- The code without comments, and its string literals (which may hold code: they are left out of it).
local function scan(text)
  local code, strings, position = {}, {}, 1
  local function long_bracket(at)
    local equals = text:match("^%[(=*)%[", at)
    return equals and (select(2, text:find("]" .. equals .. "]", at, true)) or #text)
  end
  while position <= #text do
    local at = text:find("[%-\"'%[]", position)
    if not at then
      break
    end
    code[#code + 1] = text:sub(position, at - 1)
    local character = text:sub(at, at)
    local stop
    if text:sub(at, at + 1) == "--" then
      stop = long_bracket(at + 2) or (text:find("\n", at, true) or #text + 1) - 1
    elseif character == '"' or character == "'" then
      local from = at + 1
      while true do
        local found = text:find("[\\" .. character .. "]", from)
        if text:sub(found, found) ~= "\\" then
          stop = found
          break
        end
        from = found + 2
      end
      strings[#strings + 1] = {
        text = text:sub(at + 1, stop - 1),
        is_required = text:sub(math.max(1, at - 12), at - 1):find "require%s*%(?%s*$" ~= nil,
      }
      code[#code + 1] = '""'
    elseif character == "[" and long_bracket(at) then
      stop = long_bracket(at)
      code[#code + 1] = '""'
    else
      stop = at
      code[#code + 1] = character
    end
    position = stop + 1
  end
  code[#code + 1] = text:sub(position)
  return table.concat(code), strings
end

local function line_of(text, what)
  local at = text:find(what, 1, true) or 1
  return select(2, text:sub(1, at):gsub("\n", "\n")) + 1
end

local modules, order = {}, {}
for path in io.popen("find '" .. root .. "' -name '*.lua' | sort"):lines() do
  local name = path:sub(#root + 2):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
  local text = read_file(path)
  local code, strings = scan(text)
  modules[name] = {
    name = name,
    path = path,
    package = name:match "^lastpass%.([^.]+)" or "",
    text = text,
    code = code,
    strings = strings,
    required = {}, -- by require
    named = {}, -- in any string: tables of what is loaded on first use
  }
  order[#order + 1] = modules[name]
end

local problems = {}
local function complain(form, ...)
  problems[#problems + 1] = form:format(...)
end

local levels, beside, open = level_of()

-- The package a module name leads to: a folder, a file, or a module in C.
local function package_of(name)
  return name:match "^lastpass%.([^.]+)" or name == "lastpass" and "" or nil
end

for _, module in ipairs(order) do
  if not levels[module.package] then
    complain("%s: the package '%s' is in no layer of .ci/layers.lua", module.path, module.package)
  end
  for _, literal in ipairs(module.strings) do
    local text = literal.text
    local package = text:find "^lastpass[%w_.]*$" and package_of(text)
    local is_module = modules[text] or (package and levels[package] == 1)
    if is_module and text ~= module.name then
      module.named[#module.named + 1] = text
      if literal.is_required then
        module.required[#module.required + 1] = text
      end
      local from, to = module.package, package
      local allowed = from == to
        or not levels[from]
        or not levels[to]
        or levels[to] < levels[from]
        or (levels[to] == levels[from] and (beside[from][to] or open[from]))
      -- "lastpass" is the program's name as well
      if not allowed and (text ~= "lastpass" or literal.is_required) then
        complain(
          "%s:%d: '%s' (%s) requires '%s' (%s)",
          module.path,
          line_of(module.text, '"' .. text .. '"'),
          from,
          layers[levels[from]].name,
          text,
          layers[levels[to]].name
        )
      end
    end
  end
end

-- A file may build names of modules: require("lastpass.x." .. name).
local users = {}
for _, module in ipairs(order) do
  for _, name in ipairs(module.named) do
    users[name] = true
  end
  for _, literal in ipairs(module.strings) do
    local prefix = literal.is_required and literal.text:match "^(lastpass%.[%w_.]+%.)$"
    for _, other in ipairs(prefix and order or {}) do
      if other.name:sub(1, #prefix) == prefix then
        users[other.name] = true
      end
    end
  end
end
for _, module in ipairs(order) do
  if not users[module.name] and not entry_points[module.name] then
    complain("%s: no module requires it", module.path)
  end
end
for name in pairs(entry_points) do
  if not modules[name] then
    complain(".ci/layers.lua: there is no entry point '%s'", name)
  end
end

-- Circles: depth first; a module that is met while it is still open closes one.
local state = {}
local function visit(module, path)
  state[module.name] = "open"
  path[#path + 1] = module.name
  for _, name in ipairs(module.required) do
    local other = modules[name]
    -- the module `lastpass` is only asked for by applications, which it names but never loads by itself
    if other and name ~= "lastpass" then
      if state[name] == "open" then
        local first = 1
        while path[first] ~= name do
          first = first + 1
        end
        complain("circle: %s -> %s", table.concat(path, " -> ", first), name)
      elseif not state[name] then
        visit(other, path)
      end
    end
  end
  path[#path] = nil
  state[module.name] = "done"
end
for _, module in ipairs(order) do
  if not state[module.name] then
    visit(module, {})
  end
end

-- Which private fields a package makes: x._name = …, { _name = … }, function x._name, x:_name.
local made = {}
for _, module in ipairs(order) do
  local own = made[module.package] or {}
  made[module.package] = own
  for name in module.code:gmatch "[%w_%]]%._([%a][%w_]*)%s*=[^=]" do
    own[name] = true
  end
  for list in module.code:gmatch "[%w_]%._[%a][%w_%.,%s]*=[^=]" do
    for name in list:gmatch "%._([%a][%w_]*)" do
      own[name] = true
    end
  end
  for name in module.code:gmatch "[{,]%s*_([%a][%w_]*)%s*=[^=]" do
    own[name] = true
  end
  for name in module.code:gmatch "function%s+[%w_.]+[.:]_([%a][%w_]*)" do
    own[name] = true
  end
end
local public = { VERSION = true, NAME = true, G = true, M = true }
for _, module in ipairs(order) do
  local seen = {}
  for name in module.code:gmatch "[%w_%])][.:]_([%a][%w_]*)" do
    if not made[module.package][name] and not public[name] and not seen[name] then
      seen[name] = true
      complain(
        "%s:%d: '_%s' is a private field of another package",
        module.path,
        line_of(module.text, "_" .. name),
        name
      )
    end
  end
end

for _, problem in ipairs(problems) do
  print(problem)
end
print(("%d modules, %d problems"):format(#order, #problems))
os.exit(#order > 0 and #problems == 0 and 0 or 1)
