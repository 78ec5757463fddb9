-- make_events.lua FOLDER: a hundred replies of reporting, 10,000 events each, as the service writes
-- them, newest first.
local time = require "lastpass.time"

local PAGES, PER_PAGE = 100, 10000
local zone = time.zone "America/New_York"
local start = 1772323200 -- 2026-03-01, so that the spring's change of clocks is among them

local kinds = {
  { "Log in", "LastPass via Chrome v4.134.0" },
  { "Log in", "example%d.com" },
  { "Log in", "VID: %d from Shared-Team %d" },
  { "Site added", "VID: %d" },
  { "Failed login attempt", "" },
  { "Add to shared folder", "'Shared-Team %d' 'user%d@acme.example'" },
  {
    "Update folder permissions",
    "'Shared-T\\u00e9am %d' 'user%d@acme.example' 'Read only:no Admin:no'",
  },
  { "Employee account created", "user%d@acme.example" },
  { "Edit policy", "Length of master password New value: %d" },
  { "Adding user to group", 'user%d@acme.example - Group \\"%d\\"' },
  { "Open secure note", "Secure Note (VID: %d) from Shared-Team %d" },
  { "SAML login", "Amazon Web Services" },
}

local function event(number, position)
  local kind = kinds[number * 7 % #kinds + 1]
  local utc = start + math.floor(number * 30 * 86400 / (PAGES * PER_PAGE))
  local data = kind[2]:gsub("%%d", function()
    return tostring(number * 31 % 5000)
  end)
  local template = '"Event%d":{"Time":"%s","Username":"user%d@acme.example",'
    .. '"IP_Address":"203.0.113.%d","Action":"%s","Data":"%s"}'
  return template:format(
    position,
    time.format_civil((zone:to_local(utc))),
    number * 48271 % 20000,
    number % 254 + 1,
    kind[1],
    data
  )
end

for page = 1, PAGES do
  local parts = {}
  for position = 1, PER_PAGE do
    parts[position] = event(page * PER_PAGE - position, position)
  end
  local file = assert(io.open(("%s/%d"):format(arg[1], page), "wb"))
  file:write('{"status":"OK","next":null,"data":{', table.concat(parts, ","), "}}")
  file:close()
end
