// Shows second factors to the guard in Chromium, with script and without. Prints one JSON object.
// Usage: node browser.cjs FOLDER PROFILE BASE CONTROL   (CONTROL: of the sandbox)
const crypto = require("crypto");
const path = require("path");
const [folder, , base, control] = process.argv.slice(2);
const { chromium } = require(path.join(path.resolve(folder), "playwright-core"));

const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const PATIENCE = 120000;

const shown = async (page) => ({ url: page.url(), text: await page.locator("body").innerText() });
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

// What an app shows now (RFC 6238); the secret is what the spec's store has.
function codeOf(account) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const hash = crypto.createHmac("sha1", account.repeat(20).slice(0, 20)).update(step).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, "0");
}

// What a person does with the phone.
async function answer(email, action) {
  const sent = await fetch(`${control}/_sandbox/mfa_answer`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, action }),
  });
  if (!sent.ok) throw new Error(`the phone of ${email}: ${await sent.text()}`);
}

async function main() {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  const complaints = [];
  async function open(account, javaScriptEnabled) {
    const context = await browser.newContext({ javaScriptEnabled, extraHTTPHeaders: { "X-User": account } });
    context.setDefaultTimeout(PATIENCE);
    context.on("console", (message) => {
      if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
    });
    return context;
  }

  async function run(script) {
    const name = script ? "js" : "plain";
    const result = {};
    const all = script || process.env.LASTPASS_LONG;

    // approved, then the back button
    let account = `approve.${name}@acme.example`;
    let context = await open(account, script);
    let page = await context.newPage();
    await page.goto(`${base}/reports?x=1`);
    result.asked = await shown(page);
    await press(page, "Send a request to my phone");
    await page.waitForURL(/\/mfa\/wait/);
    result.waiting = await shown(page);
    await answer(account, "approve");
    await page.waitForURL(`${base}/reports?x=1`);
    result.approved = await shown(page);
    await page.goBack();
    await page.waitForURL(`${base}/reports?x=1`);
    result.back = await shown(page);
    await context.close();

    if (all) await moreOf(script, name, result);

    // the phone is off: a code at once
    account = `app.${name}@acme.example`;
    context = await open(account, script);
    page = await context.newPage();
    await page.goto(`${base}/reports`);
    await press(page, "Send a request to my phone");
    await page.waitForURL(/\/mfa\/wait/);
    if (!script) await page.getByRole("link", { name: "Use a code" }).click();
    await page.locator("#code").fill(codeOf(account));
    await press(page, "Use the code");
    await page.waitForURL(`${base}/reports`);
    result.code = await shown(page);
    await context.close();
    return result;
  }

  async function moreOf(script, name, result) {
    // denied: a page, and then nothing more happens
    let account = `deny.${name}@acme.example`;
    let context = await open(account, script);
    let page = await context.newPage();
    await page.goto(`${base}/reports`);
    await press(page, "Send a request to my phone");
    await page.waitForURL(/\/mfa\/wait/);
    await answer(account, "deny");
    await page.locator("#complaint").waitFor();
    result.denied = await shown(page);
    const visited = [];
    page.on("framenavigated", (frame) => visited.push(frame.url()));
    await page.waitForTimeout(2500);
    result.visited = visited;
    await context.close();

    // two tabs, one phone
    account = `tabs.${name}@acme.example`;
    context = await open(account, script);
    const tabs = [await context.newPage(), await context.newPage()];
    for (const [index, tab] of tabs.entries()) await tab.goto(`${base}/tab${index}`);
    for (const tab of tabs) {
      await press(tab, "Send a request to my phone");
      await tab.waitForURL(/\/mfa\/wait/);
    }
    await answer(account, "approve");
    result.tabs = [];
    for (const [index, tab] of tabs.entries()) {
      await tab.waitForURL(`${base}/tab${index}`);
      result.tabs.push(await shown(tab));
    }
    await context.close();

    // the browser has lost its cookies
    context = await open(`lost.${name}@acme.example`, script);
    page = await context.newPage();
    await page.goto(`${base}/reports`);
    await context.clearCookies();
    await press(page, "Send a request to my phone");
    result.lost = await shown(page);
    await context.close();
  }

  const [js, plain] = await Promise.all([run(true), run(false)]);
  await browser.close();
  process.stdout.write(JSON.stringify({ js, plain, complaints }));
}

main().catch((error) => {
  process.stdout.write(JSON.stringify({ error: String(error && error.stack) }));
  process.exit(1);
});
