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
assert(files.write(folder .. "/security-contact.lua", assert(files.read "examples/security-contact.lua")))

-- What is played here has no place among a company's runs.
local environment = ("cd %s && env -u LASTPASS_PROFILE LASTPASS_JOURNAL=%s/journal.db "):format(folder, folder)
local program = "lua5.4 " .. files.shell_word(io.popen("pwd"):read "*l" .. "/bin/lastpass")

local failed = false

-- Shows a command and the last lines of what it says; `expected` is its exit code.
local function run(arguments, expected, most)
  print("\n$ lastpass " .. arguments)
  local command = ("(%s%s %s) 2>&1; echo \"code $?\""):format(environment, program, arguments)
  local pipe = assert(io.popen(command))
  local output, code = pipe:read("*a"):match "^(.*)code (%d+)\n$"
  pipe:close()
  local lines = {}
  for line in output:gmatch "[^\n]*\n" do
    lines[#lines + 1] = line
  end
  local first = math.max(1, #lines - (most or #lines) + 1)
  io.write(first > 1 and "…\n" or "", table.concat(lines, "", first))
  if tonumber(code) ~= expected then
    failed = true
    print(("exit code %s, and %d was expected"):format(code, expected))
  end
end

local of_file = "--tenants-file companies.json "
local all = "--tenants all " .. of_file

print(("%d companies of a sandbox, in one process; %d never answer, %d answer wrong."):format(count, slow, broken))
run("tenants list 'group:eu and name:alder*' --tenants-file companies.json", 0, 8)

print "\nWho is an admin without a second factor, over all. Those that answer do not wait for those that do not:"
run("users " .. all .. "--where 'u.admin and not u.mfa' --fields company,email --time-limit 5s", 3)

print "\nOne playbook for each company makes one plan, which is reviewed and confirmed once:"
run("plan security-contact.lua " .. all .. "--time-limit 5s -o contacts.json", 3)

print "\nIt is applied in waves: one company, a twentieth, the rest. Too many failures would end it:"
run("apply contacts.json " .. of_file .. "--yes", 3, 16)

print "\nAll companies answer again, and the rest follows:"
for _, one in ipairs(assert(box:companies())) do
  if one.slow or one.broken then
    assert(box:change_company { company = one.name, slow = false, broken = false })
  end
end
run("plan security-contact.lua " .. all .. "-o rest.json", 0)
run("apply rest.json " .. of_file .. "--yes", 0, 10)

print "\nA report over all, as a page:"
run("report mfa " .. all .. "--html mfa.html", 0)
print(("mfa.html has %d bytes."):format(#assert(files.read(folder .. "/mfa.html"))))

-- each company has one contact more, and nobody was created twice
for _, one in ipairs(assert(box:companies())) do
  local writes = assert(box:effects(one.cid)).writes
  if #writes ~= 1 or writes[1].count ~= 1 then
    failed = true
    print(("%s: %d writes, and one was expected"):format(one.name, #writes))
  end
end

print(
  failed and "\nSomething is not as it should be."
    or "\nOne account was created in each company: all contacts are created, and nobody twice."
)
box:stop()
os.execute("rm -rf " .. files.shell_word(folder))
os.exit(not failed)
