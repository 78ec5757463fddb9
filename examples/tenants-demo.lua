-- What `make tenants-demo` shows: many companies, a few of which never answer or answer wrong, and commands over all of
-- them. Usage: lua5.4 examples/tenants-demo.lua [COMPANIES]
local lastpass = require "lastpass"
local files = require "lastpass.files"

local count = tonumber(arg[1]) or 60
local slow, broken = 2, 4

local folder = os.tmpname()
os.remove(folder)
assert(files.make_folder(folder))
local box = assert(lastpass.sandbox.start { tenants = count, slow = slow, broken = broken, clock = "now" })
assert(box:write_companies(folder))

-- What is played here has no place among a company's runs.
local environment = ("cd %s && env -u LASTPASS_PROFILE LASTPASS_JOURNAL=%s/journal.db "):format(folder, folder)
local program = "lua5.4 " .. files.shell_word(io.popen("pwd"):read "*l" .. "/bin/lastpass")

local failed = false

-- Shows a command and what it says; `expected` is its exit code.
local function run(arguments, expected, lines)
  print("\n$ lastpass " .. arguments)
  local command = ("(%s%s %s) 2>&1; echo \"code $?\""):format(environment, program, arguments)
  local pipe = assert(io.popen(command))
  local output, code = pipe:read("*a"):match "^(.*)code (%d+)\n$"
  pipe:close()
  local shown = 0
  for line in output:gmatch "[^\n]*\n" do
    shown = shown + 1
    if not lines or shown <= lines then
      io.write(line)
    end
  end
  if lines and shown > lines then
    print(("… and %d lines more"):format(shown - lines))
  end
  if tonumber(code) ~= expected then
    failed = true
    print(("exit code %s, and %d was expected"):format(code, expected))
  end
end

local all = "--tenants all --tenants-file companies.json "

print(("%d companies of a sandbox, in one process; %d never answer, %d answer wrong."):format(count, slow, broken))
run("tenants list 'group:eu and name:alder*' --tenants-file companies.json", 0, 8)

print "\nWho is an admin without a second factor, over all. Those that answer do not wait for those that do not:"
run("users " .. all .. "--where 'u.admin and not u.mfa' --fields company,email --time-limit 5s", 3)

print "\nThe ill ones get well:"
for _, one in ipairs(assert(box:companies())) do
  if one.slow or one.broken then
    assert(box:change_company { company = one.name, slow = false, broken = false })
  end
end
run("users " .. all .. "--where 'u.admin and not u.mfa' --json >admins.json", 0)

box:stop()
os.execute("rm -rf " .. files.shell_word(folder))
os.exit(not failed)
