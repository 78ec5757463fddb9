--- reporting and expiredmasterpwlist (enterprise-api §4.11, §4.12).
-- @module lastpass.sandbox.enterprise.reports
local email = require "lastpass.email"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.enterprise.replies"
local time = require "lastpass.time"

local EVENTS_PER_CALL = 10000
local EXPIRED_PER_CALL = 500

-- ---- reporting ----

-- A time of the request: the account's own, also with the "T" and "Z" that one client sends.
-- Of an hour that passes twice in autumn, `to` means the later one, so that nothing is left out.
local function read_time(company, text, later)
  local date, clock = text:match("^(%d+%-%d+%-%d+)T(%d+:%d+:%d+)Z$")
  local civil = time.parse_civil(date and date .. " " .. clock or text)
  return civil and company.zone:to_utc(civil, later)
end

-- The query, or nil and a message that refuses it.
local function read_query(company, data)
  -- While the clock stands still, events get times that are a little ahead of it.
  local now = math.max(company.clock:microseconds(), company.events.last)
  local query = { to = now, admin = tonumber(data.admin) == 1 }
  if data.from then
    local from = read_time(company, data.from)
    if not from then
      return nil, "Invalid from date."
    end
    query.from = from * 1000000
  end
  if data.to then
    local to = read_time(company, data.to, true)
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
    local person = company:user(data.user)
    if not person then
      return nil, "Please select a valid user."
    end
    query.user, query.user_index = email.fold(data.user), person.index
  end
  return query
end

-- Up to 10,000 events, newest first, and the time of the last one when there are more: the next
-- call gives the events at or before it, that one included.
local function collect(company, query)
  local list, more = {}, false
  company.events:walk(query, function(event)
    if #list == EVENTS_PER_CALL then
      more = true
      return false
    end
    list[#list + 1] = event
    return true
  end)
  return list, more and list[#list].time or nil
end

local function next_text(company, moment)
  if not moment then
    return "null"
  end
  local digits = ("%.0f"):format(moment)
  return company.settings.next_type == "string" and '"' .. digits .. '"' or digits
end

-- The inside of an event's object (enterprise-api §4.11).
local function event_json(events, event)
  return ('"Time":"%s","Username":"%s","IP_Address":"%s","Action":"%s","Data":"%s"'):format(
    events:time_text(event.time),
    php.escape(event.username),
    php.escape(event.address),
    php.escape(events:label(event)),
    php.escape(event.data)
  )
end

local function siem_parts(company, list)
  local parts = {}
  for at, event in ipairs(list) do
    parts[at] = ('{%s,"ID":"%.0f"}'):format(event_json(company.events, event), event.time)
  end
  return '"events":[' .. table.concat(parts, ",") .. "]"
end

local no_events = { list = "[]", object = "{}", null = "null" }

local function event_parts(company, list)
  if #list == 0 then
    return '"data":' .. no_events[company.settings.no_events]
  end
  local parts = {}
  for at, event in ipairs(list) do
    parts[at] = '"Event' .. at .. '":{' .. event_json(company.events, event) .. "}"
  end
  return '"data":{' .. table.concat(parts, ",") .. "}"
end

local xml_escapes = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

-- An event as XML attributes.
local function event_attributes(events, event)
  local parts = {}
  for _, pair in ipairs {
    { "Time", events:time_text(event.time) },
    { "Username", event.username },
    { "IP_Address", event.address },
    { "Action", events:label(event) },
    { "Data", event.data },
  } do
    parts[#parts + 1] = (' %s="%s"'):format(pair[1], (pair[2]:gsub('[&<>"]', xml_escapes)))
  end
  return table.concat(parts)
end

-- A call with its fields in the query string is answered in XML (enterprise-api §1.1).
local function xml_reply(company, list)
  local parts = {}
  for at, event in ipairs(list) do
    parts[at] = ("<Event%d%s/>"):format(at, event_attributes(company.events, event))
  end
  return {
    class = "OK",
    body = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="OK">'
      .. table.concat(parts)
      .. "</lastpass>\n",
  }
end

local reporting = {
  form = "object",
  fields = {
    from = { "string" },
    to = { "string" },
    search = { "string" },
    user = { "string" },
    admin = { "digits" },
    next = { "digits" },
    format = { "string" },
  },
  optional = true,
  event = "reporting",
}

reporting.run = function(call, data)
  local company = call.company
  local query, complaint = read_query(company, data)
  if not query then
    return replies.fail(complaint)
  end
  local list, moment = collect(company, query)
  if call.in_xml then
    return xml_reply(company, list)
  end
  local is_siem = data.format == "siem"
  local parts = is_siem and siem_parts(company, list) or event_parts(company, list)
  if not is_siem or company.settings.siem_shape == "status" then
    parts = '"status":"OK","next":' .. next_text(company, moment) .. "," .. parts
  end
  return { class = "OK", body = "{" .. parts .. "}" }
end

-- ---- expiredmasterpwlist ----

-- Users whose master password may have expired, in their order: the numbers of seeded people, for whom the
-- day decides, and the changed ones, for whom the second does. A list of many thousands is asked for in
-- pages, so that it is cached until somebody changes.
local function candidates(company, today)
  local limit = company.settings.password_expiry_days
  return company:cache(("expired %.0f %s"):format(today, limit), function()
    local seeded, list = company.seeded, {}
    local aged = today - seeded.today
    company:walk({ disabled = false }, 0, math.huge, function(index, person)
      if person then
        list[#list + 1] = person
        return
      end
      local _, _, never = seeded:flags(index)
      if not never and seeded:password_age(index) + aged > limit then
        list[#list + 1] = index
      end
    end)
    return list
  end)
end

-- Whether a changed person's master password has expired: of one who is active and has one.
local function has_expired(person, now, limit)
  local civil = time.parse_civil(person.fields.last_pw_change)
  return not person.fields.neverloggedin and civil ~= nil and (now - civil) / 86400 > limit
end

local function expired_item(seeded, one)
  local id, mail, changed
  if type(one) == "table" then
    id, mail, changed = one.id, one.fields.username, one.fields.last_pw_change
  else
    id, mail = seeded:id(one), seeded:mail(one)
    changed = seeded:user_json(one):match '"last_pw_change":"([^"]*)"'
  end
  return php.object("user_id", id, "user_name", mail, "last_pw_change", changed)
end

local expiredmasterpwlist = {
  form = "object",
  fields = {
    limit = { "integer" },
    continuation_token = { "string" },
  },
  optional = true,
}

expiredmasterpwlist.run = function(call, data)
  local company = call.company
  local limit = data.limit or EXPIRED_PER_CALL
  if limit < 1 or limit > EXPIRED_PER_CALL then
    return replies.fail "Invalid limit."
  end
  local token, skip = data.continuation_token, 0
  if token then
    skip = tonumber(token:match "^after%-(%d+)$")
    if not skip then
      return replies.fail "Invalid continuation_token."
    end
  end
  local items, total = {}, 0
  local now = company.zone:to_local(company.clock:seconds())
  local days = company.settings.password_expiry_days
  for _, one in ipairs(candidates(company, math.floor(now / 86400))) do
    if type(one) == "number" or has_expired(one, now, days) then
      total = total + 1
      if total > skip and total <= skip + limit then
        items[total - skip] = expired_item(company.seeded, one)
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

return { reporting = reporting, expiredmasterpwlist = expiredmasterpwlist }
