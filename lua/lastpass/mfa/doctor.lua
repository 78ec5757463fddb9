--- Is the way to a second factor long enough for a person, and can nobody forge its answers? Time limits on the way, the RADIUS
-- server, and RADIUS clients of others, which are tried with a server that lies.
-- @module lastpass.mfa.doctor
local errors = require "lastpass.error"
local nginx_times = require "lastpass.mfa.doctor.nginx_times"
local signature = require "lastpass.signature"

local M = {}

--- Seconds that a person needs at most (mfa §5.1), and a little for the way.
M.NEEDED = 65

---@class lastpass.mfa.DoctorRow
---@field check string      what was looked at
---@field state "ok"|"unsafe"|"too_short"|"note"|"skipped"
---@field place string      where: a file and its line, a server, a command
---@field found? string
---@field expected? string
---@field problem? string   what is wrong, or why it was skipped
---@field fix? string       what to do about it

local function seconds_text(seconds)
  return ("%g s"):format(seconds)
end

local function time_row(place, name, seconds, needed, fix)
  local row = {
    check = "time limit",
    state = seconds >= needed and "ok" or "too_short",
    place = place,
    found = ("%s %s"):format(name, seconds_text(seconds)),
    expected = "at least " .. seconds_text(needed),
  }
  if row.state ~= "ok" then
    row.problem = "it ends before a person has answered"
    row.fix = fix or ("raise it to %s"):format(seconds_text(needed))
  end
  return row
end

local function check_nginx(rows, file, needed)
  local limits, message, err = nginx_times.read(file.text, file.name)
  if not limits then
    return nil, message, err
  end
  for _, one in ipairs(limits) do
    local name = one.is_default and one.directive .. ", by default," or one.directive
    local fix = ("%s %d; where the location waits for a second factor"):format(
      one.directive,
      math.ceil(needed)
    )
    local place = ("%s:%d"):format(file.name, one.line)
    rows[#rows + 1] = time_row(place, name, one.seconds, needed, fix)
  end
  return true
end

local PAM_RADIUS_DEFAULT, PAM_RADIUS_MOST = 3, 60 -- seconds

-- pam_radius: "server[:port] secret [timeout]". The secret is not looked at.
local function check_pam_radius(rows, file, needed)
  local number = 0
  for line in (file.text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local server, rest = line:match "^%s*([^#%s]%S*)%s+%S+(.*)$"
    if server then
      local given = tonumber(rest:match "^%s+(%d+)")
      local seconds = given or PAM_RADIUS_DEFAULT
      local place = ("%s:%d"):format(file.name, number)
      if seconds > PAM_RADIUS_MOST then -- pam_radius takes the default without a word
        seconds = PAM_RADIUS_DEFAULT
      end
      local row =
        time_row(place, "time limit of " .. server, seconds, math.min(needed, PAM_RADIUS_MOST))
      row.fix = row.state ~= "ok" and "give it 60, the most that pam_radius takes" or nil
      if given and given > PAM_RADIUS_MOST then
        row.problem = ("pam_radius takes %d seconds for %d"):format(PAM_RADIUS_DEFAULT, given)
      end
      rows[#rows + 1] = row
    end
  end
  return true
end

local function is_file(value)
  return type(value) == "table" and type(value.name) == "string" and type(value.text) == "string"
end

local function files_of(where, list)
  for index, file in ipairs(list or {}) do
    if not is_file(file) then
      errors.raise(3, "%s[%d]: must be { name =, text = }", where, index)
    end
  end
  return list or {}
end

--- Finds time limits that are shorter than a person needs.
---@param options table nginx: {name, text}[] (best what `nginx -T` prints: included files are in it), pam_radius: the same,
-- limits: {name, seconds, place?}[] (of clients, proxies, load balancers), needed (seconds, default 65)
---@return lastpass.mfa.DoctorRow[]|nil
---@return string? message
---@return lastpass.Error? err code "bad_configuration"
function M.times(options)
  errors.check_options("mfa.doctor.times", options, {
    nginx = "table",
    pam_radius = "table",
    limits = "table",
    needed = "number",
  })
  local rows, needed = {}, options.needed or M.NEEDED
  for _, file in ipairs(files_of("mfa.doctor.times: nginx", options.nginx)) do
    local ok, message, err = check_nginx(rows, file, needed)
    if not ok then
      return nil, message, err
    end
  end
  for _, file in ipairs(files_of("mfa.doctor.times: pam_radius", options.pam_radius)) do
    check_pam_radius(rows, file, needed)
  end
  for _, one in ipairs(options.limits or {}) do
    rows[#rows + 1] = time_row(one.place or one.name, one.name, one.seconds, needed)
  end
  return rows
end

--- Looks at a RADIUS server, with a user that nobody is: does it sign, does it want requests signed, is the secret long?
---@param options table servers (as of `mfa.radius.new`), seconds (to wait for each answer, default 5)
---@return lastpass.mfa.DoctorRow[]
function M.server(options)
  return require("lastpass.mfa.doctor.server").check(options)
end

--- Tries a RADIUS client of others: a command that logs in by it is run against a server that lies, here on loopback.
---@param options table command (a line for sh; {host} and {port} in it are replaced; exit status 0 means let in), secret
-- (the client's), port (default any), seconds (after which a late answer comes, default 61), patience (seconds that the
-- command may take longer, default 30), on_row (called with each row)
---@return lastpass.mfa.DoctorRow[]|nil
---@return string? message
---@return lastpass.Error? err
function M.client(options)
  return require("lastpass.mfa.doctor.client").check(options)
end

--- Whether any row is worth acting on.
---@param rows lastpass.mfa.DoctorRow[]
---@return boolean
function M.has_findings(rows)
  for _, row in ipairs(rows) do
    if row.state == "unsafe" or row.state == "too_short" then
      return true
    end
  end
  return false
end

return signature.declare("mfa.doctor.", M, {
  times = "options: table",
  server = "options: table",
  client = "options: table",
  has_findings = "rows: table",
})
