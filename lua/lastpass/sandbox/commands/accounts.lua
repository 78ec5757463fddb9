--- disableuser and enableuser (enterprise-api §4.5); reinviteuser, resetpassword,
-- requiremasterpasswordchange and disablemultifactor (§4.6).
-- @module lastpass.sandbox.commands.accounts
local check = require "lastpass.sandbox.commands.check"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.commands.replies"

-- Both commands: sets `disabled` of everybody named and says who changed.
local function set_disabled(context, mails, disabled, key, kind)
  local changed, unchanged = {}, {}
  for _, mail in ipairs(mails) do
    local person = context.state:user(mail)
    if person and person.fields.disabled ~= disabled then
      person.fields.disabled = disabled
      context.state:keep(person)
      context:audit(kind, person.fields.username)
      changed[#changed + 1] = mail
    elseif person then
      unchanged[#unchanged + 1] = mail
    end
  end
  if #changed == 0 and #unchanged == 0 then
    return replies.fail("No such user: " .. table.concat(mails, ", "))
  end
  local object = php.object("status", "success")
  php.put(object, key, #changed > 0 and changed or nil)
  php.put(object, "unchanged_users", #unchanged > 0 and unchanged or nil)
  return { class = "success", body = php.encode(object) }
end

local function disableuser(context, mails)
  return set_disabled(context, mails, true, "disabled_users", "deactivated")
end

local function enableuser(context, mails)
  return set_disabled(context, mails, false, "enabled_users", "reactivated")
end

local function not_found(mail)
  return replies.fail_list("user not found: " .. mail)
end

local function reinviteuser(context, data)
  local person = context.state:person(data.username)
  if not person then
    return not_found(data.username)
  elseif not person.invited and not person.fields.neverloggedin then
    return replies.fail_list("user is already active: " .. data.username)
  end
  context.state:count_mail(data.username, "invitation")
  context:audit("reinvited", person.fields.username)
  return replies.ok()
end

-- A command on one user: changes them, writes its event, answers OK.
local function on_user(kind, change, answer_unknown)
  return function(context, data)
    local person = context.state:user(data.username)
    if not person then
      return (answer_unknown or not_found)(data.username, context)
    end
    change(context, person)
    context:audit(kind, person.fields.username)
    return replies.ok()
  end
end

local resetpassword = on_user("password_reset", function(context, person)
  context.state:count_mail(person.fields.username, "password_reset")
end)

local requiremasterpasswordchange = on_user("require_change", function(context, person)
  person.fields.password_reset_required = true
  context.state:keep(person)
end)

local disablemultifactor = on_user("multifactor_off", function(context, person)
  person.fields.multifactor = nil
  context.state:keep(person)
end, function(mail, context)
  local form = context.settings.disablemultifactor_error == "list" and "fail_list" or "fail"
  return replies[form]("user not found: " .. mail)
end)

local function check_username(data, strict)
  return check.object({ username = { "string", required = true } }, data, strict)
end

local function of_user(run)
  return { check = check_username, run = run, needs_data = true }
end

return {
  disableuser = { check = check.strings, run = disableuser, needs_data = true },
  enableuser = { check = check.strings, run = enableuser, needs_data = true },
  reinviteuser = of_user(reinviteuser),
  resetpassword = of_user(resetpassword),
  requiremasterpasswordchange = of_user(requiremasterpasswordchange),
  disablemultifactor = of_user(disablemultifactor),
}
