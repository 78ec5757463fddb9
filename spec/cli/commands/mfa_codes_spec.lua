-- Runs once: what codes do under each interpreter is spec/mfa's matter.
-- lastpass mfa code new, mfa code uri, mfa code qr, mfa code verify.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local files = require "lastpass.files"
local mfa = require("lastpass").mfa

local unpack = table.unpack or unpack

describe("lastpass mfa code", function()
  local folder, journal

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(files.make_folder(folder) ~= nil)
  end)

  teardown(function()
    os.execute("rm -rf " .. folder)
  end)

  before_each(function()
    journal = ("%s/%d.db"):format(folder, math.random(1e9))
  end)

  local function run(words, options)
    table.insert(words, 1, "mfa")
    return cli.run(words, options)
  end

  local count = 0

  local function new(...)
    count = count + 1
    local path = ("%s/%d.totp"):format(folder, count)
    local code, _, err = run { "code", "new", path, "--issuer=Acme", "--account=ann@acme.com", ... }
    assert.equal(0, code, err)
    return path
  end

  local function code_of(path)
    local found = assert(mfa.uri.read((assert(files.read(path)):match "%S+")))
    return (
      assert(mfa.totp.code {
        secret = found.secret,
        digits = found.digits,
        period = found.period,
        algorithm = found.algorithm,
      })
    )
  end

  it("makes a secret that only its owner can read, and no second one there", function()
    local path = new("--digits=8", "--algorithm=SHA256")
    assert.equal("-rw-------", io.popen("ls -l " .. path):read "*l":sub(1, 10))
    local text = assert(files.read(path))
    assert.matches("^otpauth://totp/Acme:ann%%40acme%.com%?secret=%w", text)
    assert.matches("digits=8", text)
    local code, out, err = run { "code", "new", path, "--issuer=A", "--account=b" }
    assert.equal(64, code)
    assert.matches("exists already", err)
    assert.equal(text, files.read(path))
    assert.is_nil((out .. err):find("secret=", 1, true))
    local link = path .. ".link" -- as when another program makes the file meanwhile
    os.execute(("ln -s %s.other %s"):format(path, link))
    code, out, err = run { "code", "new", link, "--issuer=A", "--account=b" }
    os.remove(link)
    assert.same({ 64, "" }, { code, out })
    assert.matches("File exists", err)
    assert.is_nil(files.read(path .. ".other"))
    code, out, err = run { "code", "new", path .. "2" }
    assert.equal("", out)
    assert.equal(64, code)
    assert.matches("%-%-issuer is needed", err)
  end)

  it("takes the windows and digits that there are, and names them", function()
    local path = new()
    local function verify(...)
      return run({
        "code",
        "verify",
        "ann@acme.com",
        "--secret-file=" .. path,
        "--journal=" .. journal,
        ...,
      }, { answers = { code_of(path) } })
    end
    local code, _, err = verify "--window=3"
    assert.equal(64, code)
    assert.matches("0.*1.*2", err)
    code, _, err = verify "--digits=9"
    assert.equal(64, code)
    assert.matches("6.*7.*8", err)
    code, _, err = verify "--window=0"
    assert.is_true(code == 0 or code == 4, err) -- 4: the next code was shown just then
  end)

  it("accepts a code once, and locks after five wrong ones", function()
    local path = new()
    local words = {
      "code",
      "verify",
      "ann@acme.com",
      "--secret-file=" .. path,
      "--journal=" .. journal,
    }
    local function verify(typed)
      return run({ unpack(words) }, { answers = { typed } })
    end
    local typed = code_of(path)
    local code, out, err = verify(" " .. typed .. " ")
    assert.equal(0, code, err)
    assert.matches("approved", out)
    assert.is_nil((out .. err):find(typed, 1, true))
    code, out = verify(typed)
    assert.equal(4, code)
    assert.matches("denied +the code was used before", out)
    code, out, err = verify(nil) -- an empty standard input
    assert.same({ 64, "" }, { code, out })
    assert.matches("no code was typed", err)
    local wrong = typed:gsub("%d", function(digit)
      return (tonumber(digit) + 5) % 10
    end)
    code, out = verify(wrong)
    assert.equal(4, code)
    assert.matches("the code is wrong", out)
    for _ = 1, 4 do
      assert.equal(4, (verify(wrong)))
    end
    code, out, err = verify(code_of(path))
    assert.equal(4, code)
    assert.matches("locked", out)
    assert.matches("the next attempt is possible in %d+ seconds", err)
  end)

  it("reads Base32 as well, and from a descriptor", function()
    local path = folder .. "/base32"
    assert(core.write_file(path, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ\n"))
    local code, _, err = run { "code", "uri", "--secret-file=" .. path }
    assert.equal(64, code)
    assert.matches("%-%-issuer is needed", err)
    local out
    code, out, err = run {
      "code",
      "uri",
      "--secret-file=" .. path,
      "--issuer=Acme",
      "--account=ann",
    }
    assert.equal(0, code, err)
    assert.matches("^otpauth://totp/Acme:ann%?secret=GEZDGNBVGY3TQOJQ", out)
    assert.matches("the secret is in it", err)
    local shell, status = cli.shell(
      ("lastpass mfa code uri --secret-fd 7 --issuer=Acme --account=bob 7< %s"):format(path)
    )
    assert.equal(0, status, shell)
    assert.matches("Acme:bob", shell)
  end)

  it("takes no secret that others can read, and none from the command line", function()
    local path = new()
    os.execute("chmod 644 " .. path)
    for _, words in ipairs { { "uri" }, { "qr" }, { "verify", "ann" } } do
      table.insert(words, 1, "code")
      words[#words + 1] = "--secret-file=" .. path
      local code, _, err = run(words)
      assert.equal(64, code)
      assert.matches("chmod 600", err)
    end
    local code, _, err = run { "code", "uri", "--secret=GEZDGNBVGY3TQOJQ" }
    assert.equal(64, code)
    assert.is_nil(err:find("GEZDGNBV", 1, true))
    code, _, err = run { "code", "uri" }
    assert.equal(64, code)
    assert.matches("one of %-%-secret%-file", err)
  end)

  it("draws a QR code, or says what it needs", function()
    local path = new()
    local code, out, err = run { "code", "qr", "--secret-file=" .. path }
    if code ~= 0 then
      assert.matches("libqrencode", err)
      return
    end
    assert.is_true(cli.count_lines(out) > 15)
    local picture = folder .. "/code.svg"
    code, out, err = run { "code", "qr", "--secret-file=" .. path, "-o", picture }
    assert.equal(0, code, err)
    assert.equal("", out)
    assert.matches("^<svg", (assert(files.read(picture))))
    code, out, err = run { "code", "qr", "--secret-file=" .. path, "-o", "x.gif" }
    assert.equal("", out)
    assert.equal(64, code)
    assert.matches("%.svg or %.png", err)
  end)
end)
