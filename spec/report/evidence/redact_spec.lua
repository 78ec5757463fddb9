local check = require "spec.support.check"
local json = require "lastpass.json"
local redact = require "lastpass.report.evidence.redact"

describe("lastpass.report.evidence.redact", function()
  it("leaves a reply without secrets as it is, to the byte", function()
    local body = '{ "Users":[],\n "a\\/b" : "\\u00e9", "attribs":{}, "n":1.50 }'
    local text, removed = redact.reply(body, {})
    assert.equal(body, text)
    assert.equal(0, removed)
  end)

  it("replaces the values of attributes, and leaves the rest to the byte", function()
    local body = '{"Users":{"1":{"username":"a@x","attribs": '
      .. '{"password":"p}\\"{","n":7,"l":{"x":["y"]}},"z":1.0}}}'
    local text, removed = redact.reply(body, {})
    assert.equal(
      '{"Users":{"1":{"username":"a@x","attribs": '
        .. '{"l":"(removed)","n":"(removed)","password":"(removed)"},"z":1.0}}}',
      text
    )
    assert.equal(3, removed)
  end)

  it("keeps the attributes that are named, unless they are objects", function()
    local body = '{"attribs":{"Department":"IT","pin":"1","o":{"a":"b"}}}'
    assert.equal(
      '{"attribs":{"Department":"IT","o":"(removed)","pin":"(removed)"}}',
      (redact.reply(body, { Department = true, o = true }))
    )
  end)

  it("is not misled by texts that look like keys", function()
    local body = '{"fullname":"\\"attribs\\":{","x":"attribs","attribs":{"a":"b"}}'
    assert.equal(
      '{"fullname":"\\"attribs\\":{","x":"attribs","attribs":{"a":"(removed)"}}',
      (redact.reply(body, {}))
    )
  end)

  it("refuses a reply in which a secret may be left", function()
    -- the same key, spelled with an escape
    local body = '{"\\u0061ttribs":{"a":"b"}}'
    check.failure("protocol", "secrets_left", redact.reply(body, {}))
    check.failure("protocol", "secrets_left", redact.reply("{", {}))
  end)

  local function of(data)
    return redact.data(data)
  end

  it("takes credentials, queries and passwords out of events", function()
    assert.equal("https://(removed)@host/p", of "https://ann:pw@host/p")
    assert.equal("https://host/p?(removed) x", of "https://host/p?token=abc&x=1 x")
    assert.equal("Password=(removed), next", of "Password=hunter2, next")
    assert.equal("password: (removed) secret=(removed)", of "password: a secret=b")
    assert.equal("api-key = (removed)", of "api-key = 123")
  end)

  it("leaves usual data alone", function()
    for _, data in ipairs {
      "",
      "ann@acme.example",
      "VID: 1234 from Shared-X",
      "LastPass via Chrome v4.134.0",
      "'Folder' 'ann@acme.example' 'Read only:no Admin:no Hide PW:no'",
      "https://host/path",
      "Length of master password New value: 12",
    } do
      assert.equal(data, of(data))
    end
    assert.equal(of "password=(removed)", "password=(removed)")
  end)

  it("does the same inside a reply, with its escapes", function()
    local body = '{"data":{"Event1":{"Data":"https:\\/\\/u:p@h\\/ \\"x\\""}}}'
    local text, removed = redact.reply(body, {})
    assert.equal(1, removed)
    assert.equal('https://(removed)@h/ "x"', json.decode(text).data.Event1.Data)
  end)
end)
