--- QR codes of `otpauth` addresses: for a terminal, as SVG and as PNG. They are made here, by libqrencode, because the
-- address has the secret in it, which no other server may see.
-- @module lastpass.mfa.qr
local errors = require "lastpass.error"
local html = require "lastpass.html"
local signature = require "lastpass.signature"

local M = {}

-- Light modules around the code (ISO/IEC 18004 wants four); a terminal has light or dark around it anyway.
local MARGIN, TERMINAL_MARGIN = 4, 2

local MOST_SCALE = 32

---@class lastpass.mfa.QrMatrix
---@field width integer modules in a line
---@field modules string "1" for a dark module and "0" for a light one, line by line

--- The modules of a QR code: byte mode, error correction M.
---@param text string 1 to 2,331 bytes
---@return lastpass.mfa.QrMatrix|nil matrix
---@return string? message
---@return lastpass.Error? err code "unavailable" without libqrencode, "too_long"
function M.matrix(text)
  local ok, qrcode = pcall(require, "lastpass.qrcode")
  local width, modules, code
  if ok then
    width, modules, code = qrcode.encode(text)
  end
  if width then
    return { width = width, modules = modules }
  elseif ok and code ~= "unavailable" then
    return errors.fail("argument", code, modules)
  end
  return errors.fail(
    "argument",
    "unavailable",
    "QR codes need libqrencode: install libqrencode",
    { hint = "apt install libqrencode4; or type the key into the app" }
  )
end

-- Whether a module is dark; beyond the edges all are light.
local function is_dark(matrix, x, y)
  local width = matrix.width
  if x < 0 or y < 0 or x >= width or y >= width then
    return false
  end
  local at = y * width + x + 1
  return matrix.modules:sub(at, at) == "1"
end

-- Two modules of a column in one character. Light is what is drawn: terminals are mostly dark, and readers know both.
local HALVES =
  { [true] = { [true] = " ", [false] = "▄" }, [false] = { [true] = "▀", [false] = "█" } }
local BLACK_ON_WHITE, PLAIN = "\27[37;40m", "\27[0m"

--- For a terminal: two modules in a character, above each other.
---@param text string
---@param options? table ascii: "##" for a light module, in place of block characters; color: with the terminal's codes for
-- white on black, for terminals with other colors
---@return string|nil lines
---@return string? message
---@return lastpass.Error? err
function M.terminal(text, options)
  options =
    errors.check_options("mfa.qr.terminal", options, { ascii = "boolean", color = "boolean" })
  local matrix, message, err = M.matrix(text)
  if not matrix then
    return nil, message, err
  end
  local lines = {}
  local first, last = -TERMINAL_MARGIN, matrix.width + TERMINAL_MARGIN - 1
  for y = first, last, options.ascii and 1 or 2 do
    local line = {}
    for x = first, last do
      local upper = is_dark(matrix, x, y)
      local lower = y < last and is_dark(matrix, x, y + 1)
      line[#line + 1] = options.ascii and (upper and "  " or "##") or HALVES[upper][lower]
    end
    local drawn = table.concat(line)
    lines[#lines + 1] = options.color and BLACK_ON_WHITE .. drawn .. PLAIN or drawn
  end
  return table.concat(lines, "\n") .. "\n"
end

local scale_kind = {
  scale = function(value)
    return type(value) == "number" and value % 1 == 0 and value >= 1 and value <= MOST_SCALE,
      "a whole number from 1 to " .. MOST_SCALE
  end,
}

-- Runs of dark modules as a path: "M x y h length" and back.
local function path_of(matrix)
  local parts = {}
  for y = 0, matrix.width - 1 do
    local line = matrix.modules:sub(y * matrix.width + 1, (y + 1) * matrix.width)
    for x, run in line:gmatch "()(1+)" do
      parts[#parts + 1] = ("M%d %dh%dv1h-%dz"):format(x - 1 + MARGIN, y + MARGIN, #run, #run)
    end
  end
  return table.concat(parts)
end

--- As SVG, without styles and scripts: for a file, and for a page under a strict content security policy
-- (`html.raw(svg)`).
---@param text string
---@param options? table scale: pixels of a module; default 4
---@return string|nil svg
---@return string? message
---@return lastpass.Error? err
function M.svg(text, options)
  options = errors.check_options("mfa.qr.svg", options, scale_kind)
  local matrix, message, err = M.matrix(text)
  if not matrix then
    return nil, message, err
  end
  local side = matrix.width + 2 * MARGIN
  local pixels = side * (options.scale or 4)
  return tostring(
    html.svg(
      {
        xmlns = "http://www.w3.org/2000/svg",
        viewBox = ("0 0 %d %d"):format(side, side),
        width = ("%d"):format(pixels),
        height = ("%d"):format(pixels),
        role = "img",
        ["aria-label"] = "QR code",
        ["shape-rendering"] = "crispEdges",
      },
      html.path { d = ("M0 0h%dv%dH0z"):format(side, side), fill = "#fff" },
      html.path { d = path_of(matrix), fill = "#000" }
    )
  )
end

local function uint32(number)
  local bytes = {}
  for at = 4, 1, -1 do
    bytes[at] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return table.concat(bytes)
end

local function png_chunk(zlib, kind, data)
  return uint32(#data) .. kind .. data .. uint32(zlib.crc32()(kind .. data))
end

-- A line of the picture: its filter (none), and a bit for each pixel, 1 is white.
local function png_line(matrix, y, scale)
  local bytes, byte, count = { "\0" }, 0, 0
  for x = -MARGIN, matrix.width + MARGIN - 1 do
    local bit = is_dark(matrix, x, y) and 0 or 1
    for _ = 1, scale do
      byte, count = byte * 2 + bit, count + 1
      if count == 8 then
        bytes[#bytes + 1] = string.char(byte)
        byte, count = 0, 0
      end
    end
  end
  if count > 0 then
    bytes[#bytes + 1] = string.char(byte * 2 ^ (8 - count))
  end
  return table.concat(bytes)
end

--- As PNG, black and white.
---@param text string
---@param options? table scale: pixels of a module; default 4
---@return string|nil bytes
---@return string? message
---@return lastpass.Error? err code "unavailable" without libqrencode or lua-zlib
function M.png(text, options)
  options = errors.check_options("mfa.qr.png", options, scale_kind)
  local scale = options.scale or 4
  local matrix, message, err = M.matrix(text)
  if not matrix then
    return nil, message, err
  end
  local zlib = require("lastpass.zlib").load()
  if not zlib then
    message = "PNG needs lua-zlib: install lua-zlib, or use SVG"
    return errors.fail("argument", "unavailable", message, { hint = "apt install lua-zlib" })
  end
  local lines = {}
  for y = -MARGIN, matrix.width + MARGIN - 1 do
    lines[#lines + 1] = png_line(matrix, y, scale):rep(scale)
  end
  local side = uint32((matrix.width + 2 * MARGIN) * scale)
  -- one bit for each pixel, gray, no interlacing
  return "\137PNG\r\n\26\n"
    .. png_chunk(zlib, "IHDR", side .. side .. "\1\0\0\0\0")
    .. png_chunk(zlib, "IDAT", (zlib.deflate()(table.concat(lines), "finish")))
    .. png_chunk(zlib, "IEND", "")
end

return signature.declare("mfa.qr.", M, {
  matrix = "text: string",
  terminal = "text: string, options?: table",
  svg = "text: string, options?: table",
  png = "text: string, options?: table",
})
