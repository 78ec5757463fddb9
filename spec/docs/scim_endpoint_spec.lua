-- docs/scim.md about the endpoint: its commands are commands, its site is one, its tables name what there is.
local connections = require "lastpass.inbound.connection"
local grammar = require "lastpass.cli.grammar"
local commands = require "lastpass.cli.commands"
local lastpass = require "lastpass"
local scim_options = require "lastpass.nginx.scim.options"

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local text = read_file "docs/scim.md"

-- The blocks of a language, in their order.
local function blocks(language)
  local list = {}
  for block in ("\n" .. text):gmatch("\n```" .. language .. "\n(.-)\n```") do
    list[#list + 1] = block
  end
  return list
end

-- The words of a command line as a shell has them.
local function words_of(line)
  local words = {}
  for quoted, plain in (line .. " "):gmatch "()(%S+)%s+" do
    words[#words + 1] = quoted and plain
  end
  local joined, open = {}, nil
  for _, word in ipairs(words) do
    if open then
      joined[#joined] = joined[#joined] .. " " .. word
      open = not word:find '"$'
    else
      joined[#joined + 1] = word
      open = word:find '^"' and not word:find '^".*"$'
    end
  end
  return joined
end

local function load_chunk(code, name, environment)
  if setfenv then
    return setfenv(assert(loadstring(code, name)), environment)
  end
  return assert(load(code, name, "t", environment))
end

describe("docs/scim.md about the endpoint", function()
  it("has command lines that the program takes", function()
    local count = 0
    local function check(line)
      if line:find "…" or line == "lastpass" then
        return
      end
      local words = words_of(line)
      assert.equals("lastpass", table.remove(words, 1))
      local route, message = grammar.route(words)
      assert.truthy(route, ("%s: %s"):format(line, tostring(message)))
      local options
      options, message = grammar.parse(commands.load(route.name), route.words)
      assert.truthy(options, ("%s: %s"):format(line, tostring(message)))
      count = count + 1
    end
    for line in text:gmatch "\n%$ (lastpass [^\n]+)" do
      check(line)
    end
    local names = {}
    for _, name in ipairs(commands.names()) do
      names[name] = true
    end
    for line in text:gmatch "`(lastpass [^`\n]+)`" do
      local two, three = line:match "^lastpass (%S+ %S+)", line:match "^lastpass (%S+ %S+ %S+)"
      if not line:find "…" then
        local is_whole = names[three] or names[two] or commands.is_group(two or "")
        is_whole = is_whole or names[line:match "^lastpass (%S+)"]
        assert.truthy(is_whole, line)
        count = count + 1
      end
    end
    assert.is_true(count > 15)
  end)

  it("has a site that setup takes", function()
    local code = assert(blocks("lua")[1])
    local secrets = setmetatable({
      secret = {
        file = function(path)
          return path
        end,
      },
    }, { __index = lastpass })
    local environment = setmetatable({
      require = function(name)
        return name == "lastpass" and secrets or require(name)
      end,
    }, { __index = _G })
    local site = load_chunk(code, "=site", environment)()
    local acme = { name = "acme", journal = site.tenants.acme.journal }
    function acme.in_journal()
      return "lastpass.com/enterpriseapi.php 8771312"
    end
    local tenants = { acme = acme }
    local settings = scim_options.read(site.scim, tenants, 1)
    assert.equals("entra", settings.connections[1].name)
    assert.equals(409, settings.connections[1].options.held_status)
  end)

  it("names every option of connections and of the endpoint, and no other", function()
    local function names_in(title)
      local from = text:find("| " .. title .. " |", 1, true)
      local rows = text:sub(from, (text:find("\n\n", from, true)))
      local names = {}
      for cell in rows:gmatch "\n| ([^|]+) |" do
        for name in cell:gmatch "`([%w_]+)`" do
          names[name] = true
        end
      end
      return names
    end
    local row = connections.row(connections.check("spec", { name = "x", tenant = "y" }))
    local expected = { tenant = true, rate = true, provider = true, mode = true }
    for name in pairs(row.settings) do
      expected[name] = true
    end
    assert.same(expected, names_in "option of a connection")
    expected = { connections = true, url = true }
    for name in pairs(scim_options.defaults) do
      expected[name] = true
    end
    assert.same(expected, names_in "option of `scim`")
  end)

  it("has links that lead somewhere", function()
    local anchors = {}
    local function add_anchors(path)
      for title in ("\n" .. read_file(path)):gmatch "\n#+ ([^\n]+)" do
        local anchor = title:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-")
        anchors[path .. "#" .. anchor] = true
      end
    end
    for _, name in ipairs { "scim", "playbooks", "sources", "safety", "nginx" } do
      add_anchors("docs/" .. name .. ".md")
    end
    for target in text:gmatch "%]%(([^)]+)%)" do
      if not target:find "^https?:" then
        local path, anchor = target:match "^([^#]*)#?(.*)$"
        path = "docs/" .. (path == "" and "scim.md" or path)
        assert.truthy(io.open(path), target)
        assert.truthy(anchor == "" or anchors[path .. "#" .. anchor], target)
      end
    end
  end)
end)
