--- A RADIUS client of others, tried with a server that lies: a command that logs in by it is run once for each kind of reply, and
-- what it makes of the reply shows in its exit status.
-- @module lastpass.mfa.doctor.client
local errors = require "lastpass.error"
local files = require "lastpass.files"
local forger = require "lastpass.mfa.doctor.forger"
local scheduler = require "lastpass.transport.scheduler"

local M = {}

local CVE =
  "update it; until then make sure that only the server can answer (a VPN, IPsec, RADIUS over TLS)"

-- Each kind of reply: whether the client has to let in, and what it means when it does otherwise.
local trials = {
  {
    check = "a right reply is taken",
    how = {},
    lets_in = true,
    problem = "it does not let in with a right reply, so nothing can be said of it",
    fix = "the command must end with 0 when it is let in; do secret, host and port match?",
  },
  {
    check = "a reply without Message-Authenticator is dropped",
    how = { unsigned = true },
    problem = "it takes replies without Message-Authenticator, which can be forged (CVE-2024-3596)",
    fix = CVE,
  },
  {
    check = "a reply with a wrong Message-Authenticator is dropped",
    how = { wrong_signature = true },
    problem = "it does not check Message-Authenticator: replies can be forged (CVE-2024-3596)",
    fix = CVE,
  },
  {
    check = "a reply with a wrong authenticator is dropped",
    how = { wrong_authenticator = true },
    problem = "it does not check the reply's authenticator: anybody can answer",
    fix = "do not use it",
  },
  {
    check = "a reply to another request is dropped",
    how = { other_identifier = true },
    problem = "it takes an answer to another request for its own",
    fix = "do not use it",
  },
  {
    check = "a reply from another port is dropped",
    how = { other_port = true },
    problem = "it takes answers from anywhere",
    fix = "update it",
  },
  {
    check = "a challenge is no approval",
    how = { code = 11, state = true },
    problem = "it takes Access-Challenge for an approval",
    fix = "do not use it",
  },
  {
    check = "an unknown code is no approval",
    how = { code = 250 },
    problem = "it takes a code that RADIUS does not know for an approval",
    fix = "do not use it",
  },
}

local function read_status(path)
  return tonumber((files.read(path, 16) or ""):match "^(%d+)\n")
end

-- Starts the command; gives the number of its process and the file that will have its exit status. It is a session of its own,
-- so that all of it can be ended.
local function start_command(line, folder, number)
  local status = ("%s/%d"):format(folder, number)
  local script = ("%s\necho $? >%s.new\nmv %s.new %s\n"):format(line, status, status, status)
  local path = status .. ".sh"
  local ok, message, err = files.write(path, script)
  if not ok then
    return nil, message, err
  end
  local pipe =
    io.popen(("setsid sh %s </dev/null >/dev/null 2>&1 & echo $!"):format(files.shell_word(path)))
  local pid = pipe and tonumber(pipe:read "*l")
  if pipe then
    pipe:close()
  end
  return pid, status
end

local function end_command(pid)
  os.execute(("kill -s KILL -- -%d %d 2>/dev/null"):format(pid, pid))
end

-- Runs the command against one kind of reply.
local function run(self, how)
  self.number = self.number + 1
  local pid, status, err = start_command(self.line, self.folder, self.number)
  if not pid then
    return nil, status, err
  end
  local began = scheduler.now()
  local ends_at = began + (how.after or 0) + self.patience
  local code
  local seen = forger.serve(self.forger, how, function()
    code = read_status(status)
    return code ~= nil or scheduler.now() >= ends_at or scheduler.is_interrupted()
  end)
  if not code then
    end_command(pid)
  end
  seen.lets_in, seen.seconds, seen.ended = code == 0, scheduler.now() - began, code ~= nil
  return seen
end

local function check_trial(self, trial)
  local row = {
    check = trial.check,
    place = self.place,
    expected = trial.lets_in and "let in" or "not let in",
    state = "ok",
  }
  local seen, message, err = run(self, trial.how)
  if not seen then
    return nil, message, err
  end
  row.found = seen.lets_in and "let in" or "not let in"
  if seen.count == 0 then
    row.state, row.problem = "skipped", "no request came"
    row.fix = "does the command ask 127.0.0.1 at this port? {host} and {port} stand for them"
  elseif seen.lets_in ~= (trial.lets_in or false) then
    row.state, row.problem, row.fix = "unsafe", trial.problem, trial.fix
    if trial.lets_in then
      row.state = "skipped"
    end
  end
  return row, seen
end

local signature_rows = {
  first = { "ok", "first in the packet" },
  later = { "note", "not the first attribute", "what stands before it helps a forger" },
  missing = { "unsafe", "missing", "its requests can be forged, and a strict server drops them" },
  wrong = { "unsafe", "wrong", "the secret here is not the client's" },
  malformed = { "unsafe", "malformed", "no server can read it" },
}

local function signature_row(self, seen)
  local known = signature_rows[seen.signature]
  return {
    check = "requests are signed",
    place = self.place,
    state = known[1],
    found = "Message-Authenticator " .. known[2],
    expected = "Message-Authenticator first in the packet",
    problem = known[3],
    fix = known[3] and "update it" or nil,
  }
end

-- A person answers after a minute: is the client still there, and did it ask the same all the time?
local function late_rows(self, seconds)
  local seen, message, err = run(self, { after = seconds })
  if not seen then
    return nil, message, err
  end
  local late = {
    check = "a person has the time to answer",
    place = self.place,
    state = seen.lets_in and "ok" or "too_short",
    found = seen.lets_in and "let in" or ("it gave up after %.0f s"):format(seen.seconds),
    expected = ("let in by an answer after %g s"):format(seconds),
  }
  if late.state ~= "ok" then
    late.problem = "it does not wait as long as a person needs"
    late.fix = ("raise its time limit to %g s"):format(seconds + 4)
  end
  local again = {
    check = "what is sent again is the same request",
    place = self.place,
    state = seen.distinct <= 1 and "ok" or "unsafe",
    found = ("%d requests, %d messages"):format(seen.distinct, seen.count),
    expected = "one request, however often it is sent",
  }
  if again.state ~= "ok" then
    again.problem = "each new request rings the phone again"
    again.fix = "let it send fewer requests, with longer pauses"
  end
  return { late, again }
end

local function check_all(self, options, add)
  for index, trial in ipairs(trials) do
    local row, seen, err = check_trial(self, trial)
    if not row then
      return nil, seen, err
    end
    add(row)
    if index == 1 then
      if seen.count > 0 then
        add(signature_row(self, seen))
      end
      if row.state ~= "ok" then
        return true -- nothing can be said of it
      end
    end
    if scheduler.is_interrupted() then
      return errors.fail("cancelled", "interrupted", "interrupted before all was tried")
    end
  end
  local rows, message, err = late_rows(self, options.seconds or 61)
  for _, row in ipairs(rows or {}) do
    add(row)
  end
  return rows and true, message, err
end

--- Runs the trials.
---@param options table as of `mfa.doctor.client`
---@return lastpass.mfa.DoctorRow[]|nil
---@return string? message
---@return lastpass.Error? err
function M.check(options)
  errors.check_options("mfa.doctor.client", options, {
    command = "string",
    secret = "userdata",
    port = "number",
    seconds = "number",
    patience = "number",
    on_row = "function",
  }, 3)
  if not options.command or not options.secret then
    errors.raise(3, "mfa.doctor.client: needs 'command' and 'secret'")
  elseif scheduler.is_serving() then
    errors.raise(3, "mfa.doctor.client: runs programs, which a worker of nginx cannot")
  end
  local server, message, err = forger.open(options.secret, options.port)
  if not server then
    return nil, message, err
  end
  local made, folder = files.run "mktemp -d"
  if not made then
    forger.close(server)
    return errors.fail("argument", "cannot_write", "no temporary folder: " .. folder)
  end
  folder = folder:gsub("%s+$", "")
  local line = options.command:gsub("{(%l+)}", { host = "127.0.0.1", port = tostring(server.port) })
  local self = {
    forger = server,
    folder = folder,
    line = line,
    place = ("the client that asks 127.0.0.1:%d"):format(server.port),
    number = 0,
    patience = options.patience or 30,
  }
  local rows = {}
  local ok
  ok, message, err = check_all(self, options, function(row)
    rows[#rows + 1] = row
    if options.on_row then
      options.on_row(row)
    end
  end)
  forger.close(server)
  os.execute("rm -rf " .. files.shell_word(folder))
  if not ok then
    return nil, message, err
  end
  return rows
end

return M
