-- Runs once: starts the program, which is the same under every interpreter.
-- The commands of docs/mfa.md that ask nobody, run against a sandbox: what they say is what stands there.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local planted = require "spec.support.planted"

local function sessions_of(path)
  local file = assert(io.open(path))
  local sessions, current = {}, nil
  for line in file:lines() do
    local command, output = line:match "^    %$ (.*)$", line:match "^    (.*)$"
    if command then
      current = { command = command, expected = {} }
      sessions[#sessions + 1] = current
    elseif output and current then
      table.insert(current.expected, output)
    else
      current = nil
    end
  end
  file:close()
  return sessions
end

-- Those that need no answer, no second server and no plan.
local cheap = { "^lastpass mfa [akcd]", "^echo 123456", "^lastpass report" }

local function is_cheap(command)
  for _, form in ipairs(cheap) do
    if command:find(form) then
      return true
    end
  end
  return false
end

describe("docs/mfa.md", function()
  local place, paths

  setup(function()
    paths = {}
    place = cli.start {
      users = 50,
      clock = "now",
      frozen = false,
      phones = { action = "approve" },
      assumptions = { mfa_enrolled = "everybody" },
    }
  end)

  teardown(function()
    planted.remove(paths)
    place:stop()
  end)

  it("shows what commands say", function()
    local key, pem = planted.path(paths), planted.path(paths)
    os.remove(pem)
    assert(core.write_file(key, place.box.mfa.key .. "\n"))
    assert(core.save_secret(place.box.mfa.private_key, pem))
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    local environment = table.concat({
      "XDG_DATA_HOME=" .. folder,
      "XDG_CONFIG_HOME=" .. folder,
      "LASTPASS_MFA_URL=" .. place.box.mfa.url,
      "LASTPASS_MFA_KEY_FILE=" .. key,
      "LASTPASS_MFA_PRIVATE_KEY_FILE=" .. pem,
      place:environment(),
    }, " ")
    local count = 0
    for _, session in ipairs(sessions_of "docs/mfa.md") do
      if is_cheap(session.command) and session.expected[1] then
        count = count + 1
        -- a report says on standard error what it was made of, and when
        local quiet = session.command:find " report " and " 2>/dev/null" or ""
        local command = session.command:gsub("ann%.totp", folder .. "/%0") .. quiet
        local output = cli.shell(command, environment):gsub(folder .. "/", "")
        assert.equal(table.concat(session.expected, "\n") .. "\n", output, session.command)
      end
    end
    os.execute("rm -rf " .. folder)
    assert.is_true(count >= 6)
  end)
end)
