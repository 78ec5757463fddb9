-- Files that are something else; what source.csv and source.json make of them is in their specs.
local file_kind = require "lastpass.source.file_kind"

describe("lastpass.source.file_kind", function()
  it("knows files by their first bytes", function()
    for head, expected in pairs {
      ["PK\3\4....xl/workbook.xml"] = "an Excel workbook (.xlsx)",
      ["PK\5\6"] = "a zip archive",
      ["Rar!\26\7"] = "a RAR archive",
      ["%PDF-1.4"] = "a PDF file",
      ["<HTML><body>"] = "an HTML page",
      ["<!-- x -->"] = "an HTML page",
      ["<?xml version='1.0'?><Workbook>"] = "XML",
      ["\255\254\0\0E\0\0\0"] = "UTF-32",
    } do
      local what, hint = file_kind.of_bytes(head, "CSV")
      assert.equal(expected, what)
      assert.is_string(hint)
    end
  end)

  it("says what to export it as, in the format that was asked for", function()
    for format, hint in pairs {
      CSV = "is it a page to sign in? Export the list as CSV",
      JSON = "is it a page to sign in? Export the list as JSON",
    } do
      assert.equal(hint, (select(2, file_kind.of_bytes("<html>", format))))
    end
    assert.equal("export the list as CSV", (select(2, file_kind.of_line "BEGIN:VCARD")))
    assert.matches("Export the list as CSV$", (select(2, file_kind.of_line "<html>")))
  end)

  it("takes a text for one", function()
    for _, head in ipairs { "E-mail,Name\n", "", "PKZ,x\n", "<5 years,x\n", '{"users":[]}' } do
      assert.is_nil((file_kind.of_bytes(head, "CSV")), head)
    end
    for _, line in ipairs { "E-mail,Name", "", "[E-mail],x", "{id},x", "dn,mail" } do
      assert.is_nil((file_kind.of_line(line)), line)
    end
    for _, line in ipairs { "{", "[ ", '{"a":1}', "[[1]]", '["a"]', "[]" } do
      assert.equal("JSON", (file_kind.of_line(line)), line)
    end
  end)
end)
