local replies = require "lastpass.sandbox.enterprise.replies"

describe("lastpass.sandbox.enterprise.replies", function()
  it("has every shape that is known (enterprise-api §2)", function()
    assert.equal('{"status":"OK"}', replies.ok().body)
    assert.equal('{"status":"OK","error":"x"}', replies.already("x").body)
    assert.equal('{"status":"FAIL","error":"x"}', replies.fail("x").body)
    assert.equal('{"status":"FAIL","error":["x"]}', replies.fail_list("x").body)
    assert.equal('{"status":"FAIL","errors":["x","y"]}', replies.fail_errors({ "x", "y" }).body)
    assert.equal('{"status":"WARN","errors":["x"]}', replies.warn({ "x" }).body)
    assert.equal(429, replies.too_many("x").status)
  end)

  it("streams in pieces of some size", function()
    local reply = replies.stream(function(write)
      for _ = 1, 1000 do
        write(("z"):rep(1000))
      end
    end)
    local sizes, total = {}, 0
    for piece in reply.chunks do
      sizes[#sizes + 1] = #piece
      total = total + #piece
    end
    assert.equal(1000000, total)
    assert.is_true(#sizes > 10 and #sizes < 20)
    assert.is_nil(reply.body)
  end)

  it("raises in the reader what is raised in the middle", function()
    local reply = replies.stream(function(write)
      write(("z"):rep(70000))
      error("broken")
    end)
    assert.equal(70000, #reply.chunks())
    assert.error_matches(reply.chunks, "broken")
  end)

  it("puts the same together in one piece", function()
    local reply = replies.whole(function(write)
      write("a")
      write("b")
    end)
    assert.equal("ab", reply.body)
  end)
end)
