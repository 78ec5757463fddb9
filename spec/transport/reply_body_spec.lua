-- Bodies of replies that arrive in pieces.
local check = require "spec.support.check"
local reply_body = require "lastpass.transport.reply_body"
local zlib = require "zlib"

local GZIP, ZLIB, RAW = 31, 15, -15 -- what zlib calls the bits of a window

describe("lastpass.transport.reply_body", function()
  local function pack(text, form)
    return (zlib.deflate(9, form or GZIP)(text, "finish"))
  end

  -- A text that does not pack well, the same each time.
  local function noise(length)
    local state, bytes = 1, {}
    for place = 1, length do
      state = state * 16807 % 2147483647
      bytes[place] = string.char(math.floor(state / 1024) % 256)
    end
    return table.concat(bytes)
  end

  -- Takes pieces, and remembers them.
  local function sink_of(accepts)
    local pieces = {}
    return {
      pieces = pieces,
      feed = function(_, text)
        pieces[#pieces + 1] = text
        return not accepts or accepts(#pieces)
      end,
    }
  end

  local function start(encoding, more)
    local options = { encoding = encoding }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(reply_body.new(options))
  end

  -- Feeds it in pieces of a size, and ends it.
  local function feed_all(body, bytes, size)
    for from = 1, #bytes, size or math.max(#bytes, 1) do
      local ok, message, err = body:feed(bytes:sub(from, from + (size or #bytes) - 1))
      if not ok then
        return nil, message, err
      end
      assert.is_true(ok)
    end
    return body:finish()
  end

  local function failed(kind, code, ...)
    local err = check.failure(kind, code, ...)
    -- the request has been sent by then
    assert.same({ true, true }, { err.sent, err.begun })
    return err
  end

  -- While `fn` runs, there is no zlib, or this one.
  local function with_zlib(room, fn)
    local loaded, preload = package.loaded.zlib, package.preload.zlib
    package.loaded.zlib = room
    package.preload.zlib = function()
      error "not here"
    end
    local ok, message = pcall(fn)
    package.loaded.zlib, package.preload.zlib = loaded, preload
    assert(ok, message)
  end

  describe("without packing", function()
    it("is what arrived", function()
      for _, encoding in ipairs { "", "identity", "Identity", "IDENTITY" } do
        assert.equal("one, two", feed_all(start(encoding), "one, two", 3))
      end
      assert.equal("one, two", feed_all(start(), "one, two", 1))
      assert.equal("", start():finish())
      local bytes = noise(9000)
      assert.equal(bytes, feed_all(start(), bytes, 4096))
      local packed = pack "not asked for"
      assert.equal(packed, feed_all(start(), packed, 5))
    end)

    it("keeps to its limit, to the byte", function()
      for size = 1, 11 do
        assert.equal("0123456789", feed_all(start(nil, { max_bytes = 10 }), "0123456789", size))
        local err = failed(
          "transport",
          "reply_too_large",
          feed_all(start(nil, { max_bytes = 9 }), "0123456789", size)
        )
        assert.equal("the reply has more than 9 bytes", err.message)
      end
      assert.equal("", feed_all(start(nil, { max_bytes = 0 }), ""))
      failed("transport", "reply_too_large", feed_all(start(nil, { max_bytes = 0 }), "x"))
    end)

    it("goes to a sink piece by piece", function()
      local sink = sink_of()
      assert.equal("", feed_all(start(nil, { sink = sink }), "one, two", 3))
      assert.same({ "one", ", t", "wo" }, sink.pieces)
    end)

    it("is over when the sink refuses it", function()
      local sink = sink_of(function(count)
        return count < 2
      end)
      local err =
        failed("protocol", "bad_reply", feed_all(start(nil, { sink = sink }), "abcdef", 2))
      assert.equal("the reply is not acceptable", err.message)
      assert.same({ "ab", "cd" }, sink.pieces)
    end)

    it("gives a sink nothing beyond the limit", function()
      local sink = sink_of()
      local body = start(nil, { sink = sink, max_bytes = 5 })
      failed("transport", "reply_too_large", feed_all(body, "abcdefgh", 2))
      assert.same({ "ab", "cd" }, sink.pieces)
    end)
  end)

  describe("that is packed", function()
    local TEXT = '{"Users":{"1":{"username":"a@x.example"}},"invited":[]}'

    it("is unpacked, whatever it is split into", function()
      for _, packed in ipairs { pack(TEXT), pack "", pack(noise(300)) } do
        local whole = feed_all(start "gzip", packed)
        for size = 1, #packed do
          assert.equal(whole, feed_all(start "gzip", packed, size))
        end
        for cut = 0, #packed do
          local body = start "gzip"
          assert.is_true(body:feed(packed:sub(1, cut)))
          assert.is_true(body:feed(packed:sub(cut + 1)))
          assert.equal(whole, body:finish())
        end
      end
      assert.equal(TEXT, feed_all(start "gzip", pack(TEXT)))
      assert.equal("", feed_all(start "gzip", pack ""))
      assert.equal(noise(300), feed_all(start "gzip", pack(noise(300))))
    end)

    it("is unpacked by each name of what zlib knows, in small or large letters", function()
      for _, encoding in ipairs { "gzip", "GZIP", "x-gzip", "X-GZip" } do
        assert.equal(TEXT, feed_all(start(encoding), pack(TEXT, GZIP), 7))
      end
      assert.equal(TEXT, feed_all(start "deflate", pack(TEXT, ZLIB), 7))
      assert.equal(TEXT, feed_all(start "Deflate", pack(TEXT, ZLIB), 7))
    end)

    it("is unpacked when it is far larger than what is unpacked at once", function()
      local long = noise(50000) -- packed it has as many bytes
      for _, size in ipairs { 1000, 4095, 4096, 4097, 8192, 60000 } do
        assert.equal(long, feed_all(start "gzip", pack(long), size))
      end
      local wide = ("0123456789"):rep(100000) -- packed it has 2,000
      assert.equal(wide, feed_all(start "gzip", pack(wide)))
    end)

    it("is counted as it is unpacked", function()
      local packed = pack(TEXT)
      assert.equal(TEXT, feed_all(start("gzip", { max_bytes = #TEXT }), packed, 3))
      for size = 1, #packed do
        failed(
          "transport",
          "reply_too_large",
          feed_all(start("gzip", { max_bytes = #TEXT - 1 }), packed, size)
        )
      end
      -- packing makes noise longer: only what comes out counts
      local bytes = noise(300)
      assert.is_true(#pack(bytes) > #bytes)
      assert.equal(bytes, feed_all(start("gzip", { max_bytes = 300 }), pack(bytes)))
    end)

    it("takes little memory when much is hidden in it", function()
      local bomb = pack(("\0"):rep(30 * 1024 * 1024))
      assert.is_true(#bomb > 5 * 4096 and #bomb < 10 * 4096, #bomb)
      local most = 0
      local sink = {
        feed = function(_, text)
          most = math.max(most, #text)
          return true
        end,
      }
      assert.equal("", feed_all(start("gzip", { sink = sink }), bomb))
      assert.is_true(most > 0 and most <= 4096 * 1032, most)
      -- and unpacking ends where the limit is
      local asked = 0
      with_zlib({
        inflate = function()
          local real = zlib.inflate()
          return function(piece)
            asked = asked + 1
            return real(piece)
          end
        end,
      }, function()
        failed("transport", "reply_too_large", feed_all(start("gzip", { max_bytes = 1000 }), bomb))
      end)
      assert.equal(1, asked)
    end)

    it("goes to a sink unpacked", function()
      for _, size in ipairs { 1, 10, 1000 } do
        local sink = sink_of()
        assert.equal("", feed_all(start("gzip", { sink = sink }), pack(TEXT), size))
        assert.equal(TEXT, table.concat(sink.pieces))
      end
      local sink = sink_of(function()
        return false
      end)
      failed("protocol", "bad_reply", feed_all(start("gzip", { sink = sink }), pack(TEXT)))
      assert.equal(1, #sink.pieces)
    end)

    it("is not complete without its last byte", function()
      for _, text in ipairs { TEXT, noise(300) } do
        local packed = pack(text)
        for length = 1, #packed - 1 do
          local err =
            failed("transport", "reply_cut", feed_all(start "gzip", packed:sub(1, length)))
          assert.equal("the packed reply breaks off", err.message)
        end
        local sink = sink_of()
        failed(
          "transport",
          "reply_cut",
          feed_all(start("gzip", { sink = sink }), packed:sub(1, -2), 9)
        )
      end
      failed("transport", "reply_cut", feed_all(start "deflate", pack(TEXT, ZLIB):sub(1, -2)))
    end)

    it("is not acceptable when it is broken", function()
      local packed = pack(TEXT)
      local broken = {
        "this is no gzip",
        TEXT,
        ("\0"):rep(100),
        pack(TEXT, RAW),
        packed:sub(2),
        "\31\139\9" .. packed:sub(4), -- packed in a way that is none
      }
      -- its sum, and its length
      for place = #packed - 7, #packed do
        local byte = (packed:byte(place) + 1) % 256
        broken[#broken + 1] = packed:sub(1, place - 1) .. string.char(byte) .. packed:sub(place + 1)
      end
      for number, bytes in ipairs(broken) do
        for _, size in ipairs { 1, 8, 1000 } do
          local text, message, err = feed_all(start "gzip", bytes, size)
          local ok, problem = pcall(failed, "protocol", "bad_reply", text, message, err)
          assert.is_true(ok, number .. ": " .. tostring(problem))
          assert.equal("the reply cannot be unpacked", message)
        end
      end
    end)

    it("never comes out as another text, whatever byte of it is broken", function()
      local packed = pack(TEXT)
      for place = 1, #packed do
        for _, by in ipairs { 1, 64, 128, 255 } do
          local byte = string.char((packed:byte(place) + by) % 256)
          local text, message, err =
            feed_all(start "gzip", packed:sub(1, place - 1) .. byte .. packed:sub(place + 1))
          if text then
            assert.equal(TEXT, text, place) -- bits of the head, and some that only fill a byte
          else
            check.failure(nil, nil, text, message, err)
            assert.is_true(err.code == "bad_reply" or err.code == "reply_cut", err.code)
          end
        end
      end
    end)

    it("says nothing of what it was", function()
      local _, message = feed_all(start "gzip", "canary-0123456789")
      assert.is_nil(message:find("canary", 1, true))
    end)
  end)

  it("is not begun when it is packed in another way", function()
    for _, encoding in ipairs { "br", "zstd", "compress", "gzip, gzip", "gzip2", "x" } do
      local err =
        failed("protocol", "bad_reply", reply_body.new { encoding = encoding, max_bytes = 9 })
      assert.equal("the reply is packed in a way that is not known here", err.message)
    end
  end)

  it("is asked for packed only where it can be unpacked", function()
    assert.equal("gzip", reply_body.accepted())
    with_zlib(nil, function()
      assert.is_nil(reply_body.accepted())
      for _, encoding in ipairs { "gzip", "x-gzip", "deflate" } do
        failed("protocol", "bad_reply", reply_body.new { encoding = encoding })
      end
      assert.equal("plain", feed_all(start "identity", "plain"))
    end)
    assert.equal("gzip", reply_body.accepted())
  end)
end)
