--- updateuser, updateemail, deluser (enterprise-api §4.2 to §4.4).
-- @module lastpass.sandbox.commands.users
local check = require "lastpass.sandbox.commands.check"
local replies = require "lastpass.sandbox.commands.replies"

local function no_such_user(mail)
  return replies.fail("No such user: " .. mail)
end

local update_fields = {
  username = { "string", required = true },
  fullname = { "string" },
  duousername = { "string" },
  securidusername = { "string" },
}

local function updateuser(context, data)
  local person = context.state:user(data.username)
  if not person then
    return no_such_user(data.username)
  end
  for _, name in ipairs({ "fullname", "duousername", "securidusername" }) do
    if data[name] ~= nil then
      person.fields[name] = data[name]
    end
  end
  context.state:keep(person)
  return replies.ok()
end

local email_fields = {
  oldemail = { "string", required = true },
  newemail = { "string", required = true },
}

-- Ten a second from one address and ten for one oldemail: the only numbers the vendor prints.
local PER_SECOND = 10

-- Whether one more call of this key fits into the last second.
local function within_rate(context, key)
  local now = context.clock:microseconds()
  local recent = {}
  for _, moment in ipairs(context.rates[key] or {}) do
    if moment > now - 1000000 and moment <= now then
      recent[#recent + 1] = moment
    end
  end
  local fits = #recent < PER_SECOND
  if fits then
    recent[#recent + 1] = now
  end
  context.rates[key] = recent
  return fits
end

local function updateemail(context, data)
  local one = within_rate(context, "peer " .. context.peer)
  local two = within_rate(context, "oldemail " .. data.oldemail:lower())
  if not (one and two) then
    return replies.too_many("Too many email changes.")
  end
  local person = context.state:user(data.oldemail)
  if not person then
    return no_such_user(data.oldemail)
  elseif not check.is_mail(data.newemail) then
    return replies.fail("Invalid email address.")
  elseif person.fields.disabled or person.fields.neverloggedin then
    return replies.fail("User is not active: " .. data.oldemail)
  end
  local taken = context.state:person(data.newemail)
  if taken and taken.id ~= person.id then
    return replies.fail("Email address already in use: " .. data.newemail)
  end
  person.pending = data.newemail
  context.state:keep(person)
  context.state:count_mail(data.oldemail, "email_change")
  return replies.ok()
end

local delete_fields = {
  username = { "string", required = true },
  deleteaction = { "digits", required = true },
}

local deletions = {
  [0] = function(context, person, mail)
    if person.fields.disabled then
      return replies.already("User already disabled: " .. mail)
    end
    person.fields.disabled = true
    context.state:keep(person)
    context:audit("deactivated", person.fields.username)
    return replies.ok()
  end,
  function(context, person)
    context.state:remove(person)
    context:audit("removed", person.fields.username)
    return replies.ok()
  end,
  function(context, person)
    context.state:remove(person)
    context:audit("account_deleted", person.fields.username)
    return replies.ok()
  end,
  function(context, person)
    context.state:remove(person)
    context:audit("account_deleted", person.fields.username)
    return replies.ok()
  end,
}

local function deluser(context, data)
  local action = tonumber(data.deleteaction)
  local delete = deletions[action]
  if not delete then
    return replies.fail("Invalid deleteaction.")
  end
  local person = context.state:person(data.username)
  if not person or person.invited ~= (action == 3) then
    return no_such_user(data.username)
  end
  return delete(context, person, data.username)
end

local function object_check(fields)
  return function(data, strict)
    return check.object(fields, data, strict)
  end
end

return {
  updateuser = { check = object_check(update_fields), run = updateuser, needs_data = true },
  updateemail = { check = object_check(email_fields), run = updateemail, needs_data = true },
  deluser = { check = object_check(delete_fields), run = deluser, needs_data = true },
}
