-- Writes what is made from the code's own lists: the README's tables, the types for editors, the
-- rockspec's modules. With --check it writes nothing and fails when something is not up to date, or
-- when something public is without documentation.
-- Usage: lua5.4 docs/generate.lua [--check]      (make docs, make docs-check)
local core = require "lastpass.core"
local options = require "lastpass.enterprise.option_list"

local check_only = arg[1] == "--check"
local complaints = {}

local function complain(format, ...)
  complaints[#complaints + 1] = format:format(...)
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local lines = {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  pipe:close()
  return lines
end

-- Puts a text in the place of a file, or only says that it would differ.
local function write_file(path, text)
  local file = io.open(path, "rb")
  local before = file and file:read "*a"
  if file then
    file:close()
  end
  if before == text then
    return
  elseif check_only then
    return complain("%s is not up to date: make docs", path)
  end
  file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  print("wrote " .. path)
end

-- The text between two marks of a document.
local function between(text, first, last, content)
  local _, from = text:find(first, 1, true)
  local to = from and text:find(last, from, true)
  assert(to, "the marks " .. first .. " … " .. last .. " are missing")
  return text:sub(1, from) .. "\n" .. content .. text:sub(to)
end

-- ------------------------------------------------------------------ tables

local function command_table()
  local lines = {
    "| command | data | what it does | fields |",
    "| --- | --- | --- | --- |",
  }
  for _, command in ipairs(core.commands) do
    local fields = {}
    for _, field in ipairs(command.fields) do
      fields[#fields + 1] = field.required and ("**%s**"):format(field.name) or field.name
    end
    lines[#lines + 1] = ("| [`%s`](%s) | %s%s | %s | %s |"):format(
      command.name,
      command.page,
      command.data,
      command.data_required and "" or ", optional",
      command.description,
      table.concat(fields, ", ")
    )
  end
  return table.concat(lines, "\n") .. "\n"
end

local function option_table(list)
  local lines = { "| option | type | default | what it is |", "| --- | --- | --- | --- |" }
  for _, option in ipairs(list) do
    lines[#lines + 1] = ("| `%s` | %s | %s | %s |"):format(
      option[1],
      option[2],
      option[3],
      option[4]
    )
  end
  return table.concat(lines, "\n") .. "\n"
end

local function word_table()
  local lines = { "| word | what it says |", "| --- | --- |" }
  for _, word in ipairs(require("lastpass.plan.environment").word_list) do
    lines[#lines + 1] = ("| `%s` | %s |"):format(word.form, word.doc)
  end
  return table.concat(lines, "\n") .. "\n"
end

local function limit_table()
  local lines = { "| guard | default | counts |", "| --- | --- | --- |" }
  for _, limit in ipairs(require("lastpass.plan.limits").list) do
    local least = limit.least > 1 and (", at least %d"):format(limit.least) or ""
    local of = limit.of ~= "people" and (", of all %s"):format(limit.of) or ""
    lines[#lines + 1] = ("| `%s` | %s%s | %s%s |"):format(
      limit.name,
      limit.default,
      least,
      limit.counts,
      of
    )
  end
  return table.concat(lines, "\n") .. "\n"
end

-- Reports that share a heading of docs/reports.md.
local anchors = {
  admins = "admins-inactive-invitations",
  inactive = "admins-inactive-invitations",
  invitations = "admins-inactive-invitations",
}

local function report_table()
  local reports = require "lastpass.report"
  local lines = { "| report | what it is | options |", "| --- | --- | --- |" }
  for _, name in ipairs(reports.names()) do
    local names = {}
    for position, option in ipairs(reports[name].options) do
      local form = option.is_required and "**`%s`**" or "`%s`"
      local default = option.default ~= nil and (" (%s)"):format(tostring(option.default)) or ""
      names[position] = form:format(option[1]) .. default
    end
    lines[#lines + 1] = ("| [`%s`](#%s) | %s | %s |"):format(
      name,
      anchors[name] or name,
      reports[name].summary,
      table.concat(names, ", ")
    )
  end
  return table.concat(lines, "\n") .. "\n"
end

local function operation_tables()
  local wire = { "| call | request | the vendor's name |", "| --- | --- | --- |" }
  local calls = { "| call | what | options |", "| --- | --- | --- |" }
  for _, operation in ipairs(require("lastpass.business.operations").list) do
    local required = {}
    for _, name in ipairs(operation.required or {}) do
      required[name] = true
    end
    local names, ids = {}, {}
    for name in pairs(operation.query or operation.body or {}) do
      names[#names + 1] = (required[name] and "**`%s`**" or "`%s`"):format(name)
    end
    table.sort(names)
    for name in operation.path:gmatch "{([^}]+)}" do
      ids[#ids + 1] = name:gsub("%-", "_")
    end
    local call = ("`%s(%s)`"):format(operation.name, table.concat(ids, ", "))
    calls[#calls + 1] = ("| %s | %s | %s |"):format(call, operation.does, table.concat(names, ", "))
    wire[#wire + 1] = ("| `%s` | %s `%s` | %s |"):format(
      operation.name,
      operation.method,
      operation.path,
      operation.operation
    )
  end
  return table.concat(calls, "\n") .. "\n", table.concat(wire, "\n") .. "\n"
end

-- Writes a table between marks of a document.
local function write_table(path, name, content)
  local first, last = ("<!-- %s -->"):format(name), ("<!-- /%s -->"):format(name)
  write_file(path, between(read_file(path), first, last, content))
end

-- ------------------------------------------------------------------ types for editors

local lua_types = {
  ["address"] = "string",
  ["string"] = "string",
  ["integer"] = "integer",
  ["boolean"] = "boolean",
  ["list of strings"] = "string[]",
  ["table of strings"] = "table<string, string>",
}

local data_types = {
  ["object"] = "%s",
  ["list of objects"] = "%s[]",
  ["list of strings"] = "string[]",
  ["text"] = "string",
  ["text or object"] = "string|%s",
}

local function type_file()
  local out = {
    "---@meta lastpass",
    "-- The types of the Enterprise API's commands for editors; made by docs/generate.lua.",
  }
  local function add(format, ...)
    out[#out + 1] = select("#", ...) > 0 and format:format(...) or format
  end
  for _, command in ipairs(core.commands) do
    if #command.fields > 0 then
      add ""
      add("---@class lastpass.data.%s", command.name)
      for _, field in ipairs(command.fields) do
        local values = field.values ~= "" and (" (%s)"):format(field.values) or ""
        local optional = field.required and "" or "?"
        add(
          "---@field %s%s %s %s%s",
          field.name,
          optional,
          lua_types[field.type],
          field.description,
          values
        )
      end
    end
  end
  add ""
  add "---@class lastpass.Client"
  add "local client = {}"
  for _, command in ipairs(core.commands) do
    add ""
    add("--- %s", command.description)
    add("-- %s", command.page)
    local data = data_types[command.data]:format("lastpass.data." .. command.name)
    add("---@param data%s %s", command.data_required and "" or "?", data)
    add "---@return table|nil reply"
    add "---@return string? message"
    add "---@return lastpass.Error? err"
    add("function client:%s(data) end", command.name)
  end
  add ""
  add "return client"
  return table.concat(out, "\n") .. "\n"
end

-- ------------------------------------------------------------------ rockspec

-- What several modules share and each is linked with, as in the Makefile (COMMON_core, COMMON_csv).
local common = { core = { "src/common/blocks.c" }, csv = { "src/common/blocks.c" } }

-- A C module is made of the files of its folder, and of what it shares with others.
local function c_modules()
  local modules = {}
  local find = "find src -name '*.c' -not -path 'src/common/*' | LC_ALL=C sort"
  for _, path in ipairs(lines_of(find)) do
    local name = path:match "^src/(%w+)/"
    modules[name] = modules[name] or {}
    table.insert(modules[name], ('"%s"'):format(path))
  end
  for name, paths in pairs(common) do
    for _, path in ipairs(paths) do
      table.insert(modules[name], ('"%s"'):format(path))
    end
  end
  return modules
end

local libraries = {
  core = { '"utf8proc"', '"pthread"', extra = "UTF8PROC" },
  curl = { '"curl"', '"pthread"', extra = "CURL" },
  httpd = { '"microhttpd"', '"pthread"', extra = "MICROHTTPD" },
  csv = { '"csv"', '"pthread"', extra = "CSV" },
  unicode = { '"utf8proc"', extra = "UTF8PROC" },
  ldap = { '"ldap"', '"lber"', '"pthread"', extra = "LDAP" },
  lineedit = { '"edit"', extra = "EDIT" },
  qrcode = { '"pthread"' },
  xmldsig = {
    '"xmlsec1-openssl"',
    '"xmlsec1"',
    '"xml2"',
    '"crypto"',
    '"pthread"',
    extra = "XMLSEC",
    folders = { "libxml2", "xmlsec1" },
    -- what pkg-config says of Debian's library: the size of its fields depends on the first
    defines = {
      '"XMLSEC_NO_SIZE_T"',
      '"XMLSEC_NO_CRYPTO_DYNAMIC_LOADING"',
      '"XMLSEC_CRYPTO_OPENSSL"',
    },
  },
}

local function rockspec_modules()
  local lines = {}
  local c = c_modules()
  local names = {}
  for name in pairs(c) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local extra, subfolders = libraries[name].extra, libraries[name].folders
    local defines = { '"_GNU_SOURCE"', (table.unpack or unpack)(libraries[name].defines or {}) }
    lines[#lines + 1] = ('    ["lastpass.%s"] = {'):format(name)
    lines[#lines + 1] = "      sources = { " .. table.concat(c[name], ", ") .. " },"
    lines[#lines + 1] = "      defines = { " .. table.concat(defines, ", ") .. " },"
    lines[#lines + 1] = "      libraries = { " .. table.concat(libraries[name], ", ") .. " },"
    local folders = { '"src/common"', extra and ('"$(%s_INCDIR)"'):format(extra) }
    for _, folder in ipairs(subfolders or {}) do
      folders[#folders + 1] = ('"$(%s_INCDIR)/%s"'):format(extra, folder)
    end
    lines[#lines + 1] = "      incdirs = { " .. table.concat(folders, ", ") .. " },"
    if extra then
      lines[#lines + 1] = ('      libdirs = { "$(%s_LIBDIR)" },'):format(extra)
    end
    lines[#lines + 1] = "    },"
  end
  for _, path in ipairs(lines_of "find lua/lastpass -name '*.lua' | LC_ALL=C sort") do
    local module = path:match("^lua/(.*)%.lua$"):gsub("/init$", ""):gsub("/", ".")
    lines[#lines + 1] = ('    ["%s"] = "%s",'):format(module, path)
  end
  return table.concat(lines, "\n") .. "\n"
end

-- ------------------------------------------------------------------ coverage

-- A function that others can call has a comment right above it.
local function check_comments(path)
  local previous = ""
  local number = 0
  for line in (read_file(path) .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local name = line:match "^function ([%w_]+[.:][%w_.:]+)"
    local is_private = name and name:match "[.:]_"
    local is_public = name and not is_private and name:match "^[M%a]%w*[.:]"
    if is_public and not name:match "_mt%.__" and not previous:match "^%s*%-%-" then
      complain("%s:%d: %s has no comment", path, number, name)
    end
    previous = line
  end
end

local function check_coverage()
  for _, command in ipairs(core.commands) do
    if command.description == "" or not command.page:match "^https://" then
      complain("command %s has no description or page", command.name)
    end
    for _, field in ipairs(command.fields) do
      if field.description == "" then
        complain("command %s: field %s has no description", command.name, field.name)
      end
    end
    if #lines_of("grep -rlF '" .. command.name .. "' spec --include='*_spec.lua'") == 0 then
      complain("command %s is in no spec", command.name)
    end
  end
  for _, option in ipairs(options) do
    if #lines_of("grep -rlwF '" .. option[1] .. "' spec --include='*_spec.lua'") == 0 then
      complain("option %s is in no spec", option[1])
    end
  end
  local commands = require "lastpass.cli.commands"
  for _, name in ipairs(commands.names()) do
    local found = lines_of(("grep -rlF '%s' spec/cli --include='*_spec.lua'"):format(name))
    if #found == 0 then
      complain("the program's command '%s' is in no spec", name)
    end
  end
  for _, path in ipairs(lines_of "find lua -name '*.lua' | LC_ALL=C sort") do
    check_comments(path)
    if not read_file(path):match "^%-%-%- " and not path:match "version%.lua$" then
      complain("%s does not begin with a sentence that says what it is", path)
    end
  end
end

-- ------------------------------------------------------------------ the demo, as it prints now

-- Rows of a long table that nobody would read are left out, and it is said how many.
local FIRST_ROWS, LAST_ROWS = 8, 4

local function shortened(lines)
  local kept, at = {}, 1
  while at <= #lines do
    local last = at
    while lines[last] and lines[last]:find("  examples/data/hr.csv:", 1, true) do
      last = last + 1
    end
    local count = last - at
    for place = at, math.max(last - 1, at) do
      local row = place - at + 1
      if count <= FIRST_ROWS + LAST_ROWS or row <= FIRST_ROWS or row > count - LAST_ROWS then
        kept[#kept + 1] = lines[place]
      elseif row == FIRST_ROWS + 1 then
        kept[#kept + 1] = ("… %d more"):format(count - FIRST_ROWS - LAST_ROWS)
      end
    end
    at = math.max(last, at + 1)
  end
  return kept
end

local function demo_output()
  local lines = shortened(lines_of "lua5.4 examples/demo.lua 2>&1")
  local text = table.concat(lines, "\n")
  -- the port is another at every run
  return "```\n" .. text:gsub("127%.0%.0%.1:%d+", "127.0.0.1:40123") .. "\n```\n"
end

local readme = read_file "README.md"
readme = between(readme, "<!-- commands -->", "<!-- /commands -->", command_table())
readme = between(readme, "<!-- options -->", "<!-- /options -->", option_table(options))
readme = between(readme, "<!-- demo -->", "<!-- /demo -->", demo_output())
write_file("README.md", readme)
write_table("docs/playbooks.md", "words", word_table())
write_table("docs/safety.md", "limits", limit_table())
write_table("docs/reports.md", "reports", report_table())
write_table("docs/scim.md", "client options", option_table(require("lastpass.scim.options").list))
local calls, wire = operation_tables()
write_table("docs/rest.md", "calls", calls)
write_table("docs/rest.md", "options", option_table(require("lastpass.business.options").list))
write_table("docs/rest-protocol.md", "operations", wire)
write_file("docs/lastpass.d.lua", type_file())
write_file("docs/lastpass.1", dofile("docs/manual.lua").text())
write_file(
  "docs/cli.md",
  between(
    read_file "docs/cli.md",
    "<!-- reference -->",
    "<!-- /reference -->",
    dofile("docs/commands.lua").text()
  )
)
write_file("docs/saml-conformance.md", dofile("docs/conformance.lua").text())
local events_page = read_file "docs/events.md"
for name, make_table in pairs(dofile "docs/events.lua") do
  events_page =
    between(events_page, "<!-- " .. name .. " -->", "<!-- /" .. name .. " -->", make_table())
end
write_file("docs/events.md", events_page)
local rockspec = read_file "lastpass-scm-1.rockspec"
write_file(
  "lastpass-scm-1.rockspec",
  between(
    rockspec,
    "    -- made by docs/generate.lua",
    "    -- end of what is made",
    rockspec_modules()
  )
)
check_coverage()

for _, complaint in ipairs(complaints) do
  io.stderr:write(complaint, "\n")
end
os.exit(#complaints == 0 and 0 or 1)
