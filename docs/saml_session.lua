-- Makes the output that docs/saml-metadata.md shows: the program with metadata, keys and a response of a made-up company.
-- Usage: lua5.4 docs/saml_session.lua [--check]      (make docs-saml)
-- With --check nothing is written: the shape of what is there (all but times, fingerprints and days) must be that of this run.
local files = require "lastpass.files"
local metadata = require "lastpass.saml.metadata"
local rollover = require "lastpass.saml.rollover"
local samples = require "spec.support.saml_metadata"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"

local check_only = arg[1] == "--check"

local PAGE = "docs/saml-metadata.md"
local DAY = 86400
local FORMAT = "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
  .. "</md:NameIDFormat>"

local ok, folder = files.run "mktemp -d /tmp/lastpass-docs.XXXXXX && pwd"
assert(ok, folder)
local tree
folder, tree = folder:match "^(%S+)\n(.-)\n"

local function put(name, text)
  assert(files.write(folder .. "/" .. name, text))
end

-- ------------------------------------------------------------------ the files

local SSO = "https://identity.lastpass.com/SAML/SSOService"

local function of_lastpass(keys, sso)
  return samples.entity {
    id = "https://identity.lastpass.com",
    roles = samples.idp_role {
      keys = keys,
      sso = samples.endpoint("SingleSignOnService", "Redirect", sso),
      formats = FORMAT,
    },
  }
end

local function make_files()
  local old, next_one = samples.key("idp", "signing"), samples.key("next", "signing")
  put("lastpass.xml", of_lastpass(old, SSO))
  put("new.xml", of_lastpass(old .. next_one, SSO .. "/7f3a"))
  put("lastpass-new.xml", of_lastpass(old .. next_one, SSO))
  put("idp.xml", samples.entity { id = writer.IDP })
  local parts = writer.parts "_q1"
  parts.assertion_signature = { algorithm = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }
  put("response.xml", writer.build(parts))
end

-- Responses of ten days ago were signed by the old key, those of today by the next one.
local function use_keys()
  local entity = assert(metadata.load(folder .. "/lastpass-new.xml"))
  local now = os.time() - 10 * DAY
  local watch = rollover.watch {
    store = state.database(folder .. "/journal.db"),
    clock = function()
      return now
    end,
  }
  for _, certificate in ipairs(entity.idp.certificates.signing) do
    assert(watch:saw(entity.entity_id, certificate:fields().sha256, "signing"))
    now = os.time()
  end
end

-- ------------------------------------------------------------------ the program

-- Runs a command line of the page in the folder of the files, and gives what comes of both streams.
local function run(line, expected)
  local words = line:gsub("^lastpass", "", 1):gsub("/var/lib/lastpass/", "")
  local command = ("cd %s && lua5.4 %s/bin/lastpass %s; echo code $?"):format(
    files.shell_word(folder),
    files.shell_word(tree),
    words
  )
  local done, output = files.run(command)
  assert(done, output)
  local text, code = output:match "^(.*)code (%d+)\n$"
  assert(tonumber(code) == expected, ("%s: ended with %s:\n%s"):format(line, code, text))
  return text
end

local shown = {}

local function show(name, line, expected)
  shown[name] = "$ " .. line .. "\n" .. run(line, expected)
end

-- Of a long table: its head, the first two checks, the one that failed with its neighbour, and what is said of it.
local function shorten(text)
  local lines, number = {}, 0
  for line in text:gmatch "[^\n]+" do
    local is_row = line:find "^saml §"
    number = is_row and number + 1 or number
    if not is_row or number <= 2 or line:find " failed " then
      if is_row and number > 2 then
        lines[#lines + 1] = "…"
      elseif line:find "^refused" then
        lines[#lines + 1] = "…"
      end
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function session()
  make_files()
  use_keys()
  show("inspect", "lastpass saml inspect lastpass.xml", 0)
  show("risky", "lastpass saml metadata refresh new.xml lastpass.xml --hold-risky", 4)
  show(
    "rollover",
    "lastpass saml rollover lastpass-new.xml --state /var/lib/lastpass/journal.db",
    7
  )
  show(
    "verify",
    "lastpass saml verify response.xml --metadata idp.xml --acs https://app.example/saml/acs "
      .. "--entity-id https://app.example/saml --at 2026-11-30T10:00:05Z",
    7
  )
  shown.verify = shorten(shown.verify)
end

-- ------------------------------------------------------------------ the page

-- What differs from run to run.
local function shape(text)
  text = text:gsub("%d%d%d%d%-%d%d%-%d%d[T%d:Z]*", "TIME"):gsub("%x%x%x%x%x%x%x%x+", "ID")
  return (text:gsub("%-%-%-+", "---"):gsub(" +", " "))
end

local complaints = 0

local function fill()
  local text, count = assert(files.read(PAGE)), 0
  local new = text:gsub(
    "(<!%-%- saml: (%w+) %-%->\n```\n)(.-)(```\n)",
    function(head, name, old, tail)
      count = count + 1
      local made = assert(shown[name], name)
      if check_only and shape(old) ~= shape(made) then
        complaints = complaints + 1
        print(("%s: '%s' is not what comes:\n%s"):format(PAGE, name, made))
      end
      return not check_only and head .. made .. tail or nil
    end
  )
  assert(count == 4, "marks are missing in " .. PAGE)
  if new ~= text then
    assert(files.write(PAGE, new, true))
    print("wrote " .. PAGE)
  end
end

local passed, message = xpcall(session, debug.traceback)
files.run("rm -r -- " .. files.shell_word(folder))
assert(passed, message)
fill()
os.exit(complaints == 0 and 0 or 1, true)
