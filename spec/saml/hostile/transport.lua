--- How a message comes: method, form, sizes, Base64, encoding (saml §3.1 to §3.3).
local edit = require "spec.support.saml_edit"
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local function good(scenario)
  return writer.build(writer.parts(scenario.request))
end

local function base64(scenario)
  return keys.base64(good(scenario))
end

local function encoded(text)
  return (text:gsub("[^%w]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

local function raw(form)
  return function(scenario)
    return form(encoded(base64(scenario)))
  end
end

local function bytes(change)
  return function(scenario)
    return { SAMLResponse = change(base64(scenario)) }
  end
end

local function utf16(text)
  return "\255\254" .. text:gsub(".", "%0\0")
end

local function long(count)
  return function(parts)
    parts.assertion.attributes = { { "long", ("a"):rep(count) } }
  end
end

return {
  { name = "a good response", code = "accepted", change = function() end },
  { name = "signed as a whole", code = "accepted", sign = "response", change = function() end },
  { name = "signed twice", code = "accepted", sign = "both", change = function() end },
  {
    name = "a GET",
    code = "wrong_method",
    send = function(scenario)
      return { SAMLResponse = base64(scenario) }, { method = "GET" }
    end,
  },
  {
    name = "a body of JSON",
    code = "wrong_content_type",
    send = function(scenario)
      return { SAMLResponse = base64(scenario) }, { content_type = "application/json" }
    end,
  },
  {
    name = "a body that is XML",
    code = "wrong_content_type",
    send = function(scenario)
      return good(scenario), { content_type = "text/xml" }
    end,
  },
  {
    name = "no SAMLResponse",
    code = "message_missing",
    send = function()
      return { RelayState = "x" }
    end,
  },
  {
    name = "an empty SAMLResponse",
    code = "bad_base64",
    send = function()
      return { SAMLResponse = "" }
    end,
  },
  {
    name = "SAMLResponse twice",
    code = "duplicate_parameter",
    send = raw(function(message)
      return "SAMLResponse=" .. message .. "&SAMLResponse=" .. message
    end),
  },
  {
    name = "SAMLResponse twice, once with an escape in its name",
    code = "parameter_name",
    send = raw(function(message)
      return "SAMLResponse=" .. message .. "&SAML%52esponse=" .. message
    end),
  },
  {
    name = "a body with half an escape",
    code = "bad_form",
    send = raw(function(message)
      return "SAMLResponse=" .. message .. "%4"
    end),
  },
  {
    name = "RelayState twice",
    code = "duplicate_parameter",
    send = raw(function(message)
      return "SAMLResponse=" .. message .. "&RelayState=a&RelayState=b"
    end),
  },
  {
    name = "SAMLRequest beside it",
    code = "mixed_messages",
    send = raw(function(message)
      return "SAMLRequest=" .. message .. "&SAMLResponse=" .. message
    end),
  },
  { name = "300 KB of attributes", code = "message_too_large", change = long(300000) },
  {
    name = "Base64 in lines of 76, by CR and LF",
    code = "accepted",
    send = bytes(function(text)
      return (text:gsub(("."):rep(76), "%0\r\n"))
    end),
  },
  {
    name = "Base64 with a foreign character",
    code = "bad_base64",
    send = bytes(function(text)
      return text:sub(1, 100) .. "!" .. text:sub(101)
    end),
  },
  {
    name = "Base64 of URLs",
    code = "bad_base64",
    send = bytes(function(text)
      return "-_" .. text:sub(3)
    end),
  },
  {
    name = "Base64 that ends too early",
    code = "bad_base64",
    send = bytes(function(text)
      return (
        text:gsub("=*$", ""):sub(1, -2):gsub("^(.*)$", function(all)
          return all:sub(1, #all - (#all - 1) % 4)
        end)
      )
    end),
  },
  {
    name = "Base64 padded in the middle",
    code = "bad_base64",
    send = bytes(function(text)
      return text:sub(1, 98) .. "==" .. text:sub(101)
    end),
  },
  {
    name = "Base64 with bits after the last byte",
    code = "bad_base64",
    send = function(scenario)
      local text = keys.base64(good(scenario) .. (" "):rep(3)):gsub("=*$", "")
      text = text:sub(1, #text - #text % 4)
      return { SAMLResponse = text .. "IB==" }
    end,
  },
  {
    name = "a byte that is not UTF-8",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = edit.replacing("ann@", "ann\255@")
    end,
  },
  {
    name = "UTF-8 that is too long for its character",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = edit.replacing("ann@", "ann\192\128@")
    end,
  },
  {
    name = "half of a surrogate pair in UTF-8",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = edit.replacing("ann@", "ann\237\160\128@")
    end,
  },
  {
    name = "a NUL in a name",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = edit.replacing("ann@", "ann\0@")
    end,
  },
  {
    name = "a NUL after the end",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = function(text)
        return text .. "\0"
      end
    end,
  },
  {
    name = "UTF-16",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = utf16
    end,
  },
  {
    name = "ISO-8859-1, as the declaration says",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = function(text)
        return '<?xml version="1.0" encoding="ISO-8859-1"?>' .. text
      end
    end,
  },
  {
    name = "UTF-7, as the declaration says",
    code = "bad_encoding",
    change = function(parts)
      parts.edit = function(text)
        return '<?xml version="1.0" encoding="UTF-7"?>' .. text
      end
    end,
  },
  {
    name = "a declaration that says UTF-8",
    code = "accepted",
    change = function(parts)
      parts.edit = function(text)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' .. text
      end
    end,
  },
}
