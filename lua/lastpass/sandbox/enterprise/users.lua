--- Commands about users who exist: updateuser, updateemail, deluser, disableuser and enableuser,
-- reinviteuser, resetpassword, requiremasterpasswordchange and disablemultifactor
-- (enterprise-api §4.2 to §4.6).
-- @module lastpass.sandbox.enterprise.users
local email = require "lastpass.email"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.enterprise.replies"
local schema = require "lastpass.sandbox.schema"

local M = {}

local function no_such_user(_, mail)
  return replies.fail("No such user: " .. mail)
end

local username = { username = { "string", required = true } }

-- ---- updateuser, updateemail ----

local updatable = { "fullname", "duousername", "securidusername" }

M.updateuser = {
  form = "object",
  fields = {
    username = { "string", required = true },
    fullname = { "string" },
    duousername = { "string" },
    securidusername = { "string" },
  },
  user = true,
  unknown = no_such_user,
  run = function(call, data, person)
    for _, name in ipairs(updatable) do
      if data[name] ~= nil then
        person.fields[name] = data[name]
      end
    end
    call.company:save(person)
  end,
}

-- Ten a second from one address and ten for one oldemail: the only numbers the vendor prints.
local PER_SECOND = 10

-- Whether one more call of this key fits into the last second.
local function is_within_rate(company, key)
  local now = company.clock:microseconds()
  local recent = {}
  for _, moment in ipairs(company.rates[key] or {}) do
    if moment > now - 1000000 and moment <= now then
      recent[#recent + 1] = moment
    end
  end
  local fits = #recent < PER_SECOND
  if fits then
    recent[#recent + 1] = now
  end
  company.rates[key] = recent
  return fits
end

M.updateemail = {
  form = "object",
  fields = {
    oldemail = { "string", required = true },
    newemail = { "string", required = true },
  },
  run = function(call, data)
    local company = call.company
    local one = is_within_rate(company, "peer " .. call.peer)
    local two = is_within_rate(company, "oldemail " .. email.fold(data.oldemail))
    if not (one and two) then
      return replies.too_many "Too many email changes."
    end
    local person = company:user(data.oldemail)
    if not person then
      return no_such_user(call, data.oldemail)
    elseif not schema.is_mail(data.newemail) then
      return replies.fail "Invalid email address."
    elseif person.fields.disabled or person.fields.neverloggedin then
      return replies.fail("User is not active: " .. data.oldemail)
    end
    local taken = company:person(data.newemail)
    if taken and taken.id ~= person.id then
      return replies.fail("Email address already in use: " .. data.newemail)
    end
    person.pending = data.newemail
    company:save(person)
    company:count_mail(data.oldemail, "email_change")
  end,
}

-- ---- deluser ----

local REMOVALS = { "removed", "account_deleted", "account_deleted" } -- event of each deleteaction

M.deluser = {
  form = "object",
  fields = {
    username = { "string", required = true },
    deleteaction = { "digits", required = true },
  },
  run = function(call, data)
    local company, action = call.company, tonumber(data.deleteaction)
    if action ~= 0 and not REMOVALS[action] then
      return replies.fail "Invalid deleteaction."
    end
    local person = company:person(data.username)
    if not person or person.invited ~= (action == 3) then
      return no_such_user(call, data.username)
    elseif action ~= 0 then
      company:remove(person)
      call:audit(REMOVALS[action], person.fields.username)
    elseif person.fields.disabled then
      return replies.already("User already disabled: " .. data.username)
    else
      person.fields.disabled = true
      company:save(person)
      call:audit("deactivated", person.fields.username)
    end
  end,
}

-- ---- disableuser, enableuser ----

-- Sets `disabled` of everybody named and reports who changed.
local function set_disabled(disabled, key, event)
  return function(call, mails)
    local changed, unchanged = {}, {}
    for _, mail in ipairs(mails) do
      local person = call.company:user(mail)
      if person and person.fields.disabled ~= disabled then
        person.fields.disabled = disabled
        call.company:save(person)
        call:audit(event, person.fields.username)
        changed[#changed + 1] = mail
      elseif person then
        unchanged[#unchanged + 1] = mail
      end
    end
    if #changed == 0 and #unchanged == 0 then
      return no_such_user(call, table.concat(mails, ", "))
    end
    local object = php.object("status", "success")
    php.put(object, key, #changed > 0 and changed or nil)
    php.put(object, "unchanged_users", #unchanged > 0 and unchanged or nil)
    return { class = "success", body = php.encode(object) }
  end
end

M.disableuser = { form = "strings", run = set_disabled(true, "disabled_users", "deactivated") }
M.enableuser = { form = "strings", run = set_disabled(false, "enabled_users", "reactivated") }

-- ---- passwords, factors, invitations ----

M.reinviteuser = {
  form = "object",
  fields = username,
  run = function(call, data)
    local company, mail = call.company, data.username
    local person = company:person(mail)
    if not person then
      return replies.fail_list("user not found: " .. mail)
    elseif not person.invited and not person.fields.neverloggedin then
      return replies.fail_list("user is already active: " .. mail)
    end
    company:count_mail(mail, "invitation")
    call:audit("reinvited", person.fields.username)
  end,
}

M.resetpassword = {
  form = "object",
  fields = username,
  user = true,
  event = "password_reset",
  run = function(call, _, person)
    call.company:count_mail(person.fields.username, "password_reset")
  end,
}

M.requiremasterpasswordchange = {
  form = "object",
  fields = username,
  user = true,
  event = "require_change",
  run = function(call, _, person)
    person.fields.password_reset_required = true
    call.company:save(person)
  end,
}

M.disablemultifactor = {
  form = "object",
  fields = username,
  user = true,
  event = "multifactor_off",
  unknown = function(call, mail)
    local is_list = call.company.settings.disablemultifactor_error == "list"
    return replies[is_list and "fail_list" or "fail"]("user not found: " .. mail)
  end,
  run = function(call, _, person)
    person.fields.multifactor = nil
    call.company:save(person)
  end,
}

return M
