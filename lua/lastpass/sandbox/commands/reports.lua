--- reporting and expiredmasterpwlist (enterprise-api §4.11, §4.12).
-- @module lastpass.sandbox.commands.reports
local check = require "lastpass.sandbox.commands.check"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.commands.replies"
local time = require "lastpass.time"

local EVENTS_PER_CALL = 10000
local EXPIRED_PER_CALL = 500

-- ---- reporting ----

local reporting_fields = {
  from = { "string" },
  to = { "string" },
  search = { "string" },
  user = { "string" },
  admin = { "digits" },
  next = { "digits" },
  format = { "string" },
}

-- A time of the request: the account's own, also with the "T" and "Z" that one client sends.
-- Of an hour that passes twice in autumn, `to` means the later one, so that nothing is left out.
local function read_time(context, text, later)
  local date, clock = text:match("^(%d+%-%d+%-%d+)T(%d+:%d+:%d+)Z$")
  local civil = time.parse_civil(date and date .. " " .. clock or text)
  return civil and context.zone:to_utc(civil, later)
end

-- The query, or nil and a text that refuses it.
local function read_query(context, data)
  -- A clock that stands still gives events times that lie a little ahead of it.
  local now = math.max(context.clock:microseconds(), context.events.last)
  local query = { to = now, admin = tonumber(data.admin) == 1 }
  if data.from then
    local from = read_time(context, data.from)
    if not from then
      return nil, "Invalid from date."
    end
    query.from = from * 1000000
  end
  if data.to then
    local to = read_time(context, data.to, true)
    if not to then
      return nil, "Invalid to date."
    end
    query.to = to * 1000000 + 999999
  end
  if data.next then
    query.to = math.min(query.to, tonumber(data.next))
  end
  if data.search and data.search ~= "" then
    query.search = data.search:lower()
  end
  if data.format and data.format ~= "siem" then
    return nil, "Invalid format."
  end
  if data.user and data.user ~= "" and data.user ~= "allusers" then
    local person = context.state:user(data.user)
    if not person then
      return nil, "Please select a valid user."
    end
    query.user, query.user_index = data.user:lower(), person.index
  end
  return query
end

-- Up to 10,000 events, newest first, and the time of the last one when there are more: the next
-- call gives the events at or before it, that one included.
local function collect(context, query)
  local list, more = {}, false
  context.events:walk(query, function(event)
    if #list == EVENTS_PER_CALL then
      more = true
      return false
    end
    list[#list + 1] = event
    return true
  end)
  return list, more and list[#list].time or nil
end

local function next_text(context, moment)
  if not moment then
    return "null"
  end
  local digits = ("%.0f"):format(moment)
  return context.settings.next_type == "string" and '"' .. digits .. '"' or digits
end

local function siem_parts(context, list)
  local parts = {}
  for at, event in ipairs(list) do
    parts[at] = "{"
      .. context.events:event_json(event)
      .. ',"ID":"'
      .. ("%.0f"):format(event.time)
      .. '"}'
  end
  return '"events":[' .. table.concat(parts, ",") .. "]"
end

local no_events = { list = "[]", object = "{}", null = "null" }

local function event_parts(context, list)
  if #list == 0 then
    return '"data":' .. no_events[context.settings.no_events]
  end
  local parts = {}
  for at, event in ipairs(list) do
    parts[at] = '"Event' .. at .. '":{' .. context.events:event_json(event) .. "}"
  end
  return '"data":{' .. table.concat(parts, ",") .. "}"
end

-- A call with its fields in the query string is answered in XML (enterprise-api §1.1).
local function xml_reply(context, list)
  local parts = {}
  for at, event in ipairs(list) do
    parts[at] = ("<Event%d%s/>"):format(at, context.events:event_attributes(event))
  end
  return {
    class = "OK",
    body = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="OK">'
      .. table.concat(parts)
      .. "</lastpass>\n",
  }
end

local function reporting(context, data)
  data = data or {}
  local query, complaint = read_query(context, data)
  if not query then
    return replies.fail(complaint)
  end
  local list, moment = collect(context, query)
  if context.settings.audit_reads then
    context:audit("reporting", "Initiated by API")
  end
  if context.in_xml then
    return xml_reply(context, list)
  end
  local is_siem = data.format == "siem"
  local parts = is_siem and siem_parts(context, list) or event_parts(context, list)
  if not is_siem or context.settings.siem_shape == "status" then
    parts = '"status":"OK","next":' .. next_text(context, moment) .. "," .. parts
  end
  return { class = "OK", body = "{" .. parts .. "}" }
end

-- ---- expiredmasterpwlist ----

local expired_fields = {
  limit = { "integer" },
  continuation_token = { "string" },
}

-- Whose master password may have expired, in the order of the roll: the numbers of seeded people, for
-- whom the day decides, and the changed ones, for whom the second does. Kept until somebody changes,
-- since a list of many thousands is asked for in pages.
local function candidates(context, today)
  local state, company = context.state, context.state.company
  local limit, kept = context.settings.password_expiry_days, context.state.may_have_expired
  if kept and kept.version == state.version and kept.today == today and kept.limit == limit then
    return kept
  end
  kept = { version = state.version, today = today, limit = limit }
  local aged = today - company.today
  state:walk({ disabled = false }, 0, math.huge, function(index, person)
    if person then
      kept[#kept + 1] = person
      return
    end
    local _, _, never = company:flags(index)
    if not never and company:password_age(index) + aged > limit then
      kept[#kept + 1] = index
    end
  end)
  state.may_have_expired = kept
  return kept
end

-- Whether a changed person's master password has expired: of one who is active and has one.
local function has_expired(person, now, limit)
  local civil = time.parse_civil(person.fields.last_pw_change)
  return not person.fields.neverloggedin and civil ~= nil and (now - civil) / 86400 > limit
end

local function expired_item(company, one)
  if type(one) == "table" then
    local fields = one.fields
    return php.object(
      "user_id",
      one.id,
      "user_name",
      fields.username,
      "last_pw_change",
      fields.last_pw_change
    )
  end
  local changed = company:user_json(one):match '"last_pw_change":"([^"]*)"'
  local mail = company:mail(one)
  return php.object("user_id", company:id(one), "user_name", mail, "last_pw_change", changed)
end

local function expiredmasterpwlist(context, data)
  data = data or {}
  local limit = data.limit or EXPIRED_PER_CALL
  if limit < 1 or limit > EXPIRED_PER_CALL then
    return replies.fail("Invalid limit.")
  end
  local skip = 0
  if data.continuation_token then
    skip = tonumber(data.continuation_token:match("^after%-(%d+)$"))
    if not skip then
      return replies.fail("Invalid continuation_token.")
    end
  end
  local items, total = {}, 0
  local now = context.zone:to_local(context.clock:seconds())
  local days = context.settings.password_expiry_days
  for _, one in ipairs(candidates(context, math.floor(now / 86400))) do
    if type(one) == "number" or has_expired(one, now, days) then
      total = total + 1
      if total > skip and total <= skip + limit then
        items[total - skip] = expired_item(context.state.company, one)
      end
    end
  end
  local remaining = math.max(0, total - skip - #items)
  local continuation = php.object()
  if remaining > 0 then
    php.put(continuation, "token", ("after-%.0f"):format(skip + #items))
  end
  php.put(continuation, "remaining_item_count", remaining)
  return replies.of("Success", "status", "Success", "continuation", continuation, "items", items)
end

local function optional(fields)
  return function(data, strict)
    return data and check.object(fields, data, strict)
  end
end

return {
  reporting = { check = optional(reporting_fields), run = reporting },
  expiredmasterpwlist = { check = optional(expired_fields), run = expiredmasterpwlist },
}
