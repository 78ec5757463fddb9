-- export.lua FORMAT FOLDER [frugal]: a hundred pages of events, made into text. Their bytes are in
-- memory before it begins; with `frugal` only those of one page at a time.
local setup = require "bench.work.setup"

local core = require "lastpass.core"
local formats = require "lastpass.export.formats"
local reader = require "lastpass.export.reader"
local time = require "lastpass.time"
local writer = require "lastpass.export.writer"

local PAGES = 100

local frugal = arg[3] == "frugal"

local function read_page(page)
  return setup.read_file(("%s/%d"):format(arg[2], page))
end

local pages = {}
for page = 1, PAGES do
  pages[page] = not frugal and read_page(page) or nil
end

local zone = time.zone "America/New_York"
local write = writer.new(formats.open(arg[1], 8771312))
setup.now()
setup.forget_peak()
local begin = setup.now()
local events, bytes = 0, 0
for page = 1, PAGES do
  local rows = core.events()
  assert(rows:feed(pages[page] or read_page(page)))
  assert(rows:finish())
  reader.clock(zone, rows)
  assert(write:write(rows, function(text, count)
    events, bytes = events + count, bytes + #text
    return true
  end))
  rows:close()
end
setup.tell("seconds", setup.now() - begin)
setup.tell("held", setup.peak())
setup.tell("events", events)
setup.tell("bytes", bytes)
